"""What an administrator decides about a machine wins over what it reports, until he decides otherwise."""

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid, NotFound
from kbgap.inventory.report import Machine as Reported
from kbgap.operations.audit_log import latest_entries
from kbgap.operations.change_machines import change_exclusion, change_tag
from kbgap.operations.check_database import check
from kbgap.operations.manage_machines import delete_machine
from kbgap.operations.read_machines import get_machine
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import tenants
from kbgap.store.database import Database
from tests.builders import BY, NOW, OTHER_TENANT, TENANT, a_report, later

ONE = Reported(computer_dns_name="ws-1", machine_tags=("reported",), rbac_group_name="ours")


@pytest.fixture
def machine(fleet: Database, catalogue: CatalogueFile) -> Database:
    """One machine with a tag that it reports."""
    report_inventory(fleet, catalogue, TENANT, [a_report(machine=ONE)], NOW)
    return fleet


def epoch(database: Database) -> int:
    """The number under which answers are published."""
    with database.reading() as connection:
        return tenants.pointer(connection, TENANT).epoch


def test_a_tag_is_added_and_removed(machine: Database) -> None:
    """Beside those that are there; each is there once."""
    assert change_tag(machine, TENANT, "WS-1", " set ", "Add", BY).machine_tags == ("reported", "set")
    assert change_tag(machine, TENANT, "ws-1", "set", "Add", BY).machine_tags == ("reported", "set")
    assert change_tag(machine, TENANT, "ws-1", "reported", "Remove", BY).machine_tags == ("set",)
    assert change_tag(machine, TENANT, "ws-1", "never there", "Remove", BY).machine_tags == ("set",)


def test_a_set_tag_outlives_reports(machine: Database, catalogue: CatalogueFile) -> None:
    """Also when the last one was removed."""
    change_tag(machine, TENANT, "ws-1", "reported", "Remove", BY)
    report_inventory(machine, catalogue, TENANT, [a_report(ubr=719, machine=ONE)], later(hours=1))

    assert get_machine(machine, TENANT, "ws-1").machine_tags == ()


def test_only_a_change_is_published(machine: Database) -> None:
    """Answers kept in memory stay good otherwise."""
    before = epoch(machine)
    change_tag(machine, TENANT, "ws-1", "reported", "Add", BY)
    assert epoch(machine) == before

    change_tag(machine, TENANT, "ws-1", "new", "Add", BY)

    assert epoch(machine) == before + 1


@pytest.mark.parametrize("tag", ["", " ", "x" * 201, "a\x00b", "a\nb"])
def test_a_bad_tag_is_refused(machine: Database, tag: str) -> None:
    """By name."""
    with pytest.raises(Invalid, match="Value"):
        change_tag(machine, TENANT, "ws-1", tag, "Add", BY)


def test_a_machine_that_counts_no_more(machine: Database) -> None:
    """For a reason of the contract; the counts follow."""
    excluded = change_exclusion(machine, TENANT, "ws-1", "DuplicateDevice", BY)
    included = change_exclusion(machine, TENANT, "ws-1", None, BY)

    assert (excluded.is_excluded, excluded.exclusion_reason) == (True, "DuplicateDevice")
    assert (included.is_excluded, included.exclusion_reason) == (False, None)
    assert check(machine) == []
    with pytest.raises(Invalid):
        change_exclusion(machine, TENANT, "ws-1", "because", BY)


def test_groups_and_tenants_bound_what_is_changed(machine: Database) -> None:
    """A machine that a caller does not see he does not change."""
    assert change_tag(machine, TENANT, "ws-1", "mine", "Add", BY, (1,)).machine_tags == ("reported", "mine")
    for tenant, scopes in ((TENANT, (2,)), (OTHER_TENANT, (0,))):
        with pytest.raises(NotFound):
            change_tag(machine, tenant, "ws-1", "mine", "Add", BY, scopes)
        with pytest.raises(NotFound):
            change_exclusion(machine, tenant, "ws-1", "Other", BY, scopes)


def test_the_audit_log_keeps_who_changed_what(machine: Database) -> None:
    """In the transaction of the change; what changes nothing, or is refused, leaves no entry."""
    changed = change_tag(machine, TENANT, "ws-1", "set", "Add", BY)
    change_tag(machine, TENANT, "ws-1", "set", "Add", BY)
    change_exclusion(machine, TENANT, "ws-1", "Other", BY)
    with pytest.raises(Invalid):
        change_tag(machine, TENANT, "ws-1", "", "Add", BY)
    delete_machine(machine, TENANT, "ws-1", BY)

    entries = latest_entries(machine, TENANT, 10)

    assert {(entry.actor, entry.action, entry.subject) for entry in entries} == {
        ("somebody", action, changed.id) for action in ("machine.tag.add", "machine.exclude", "machine.delete")
    }
    assert len(entries) == 3
