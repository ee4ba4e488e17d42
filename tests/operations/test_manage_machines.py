"""Machines leave the counts and come back, and what only they needed goes with them."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid, NotFound
from kbgap.operations.check_database import check
from kbgap.operations.manage_machines import delete_machine, exclude_machine, include_machine, sweep_machines
from kbgap.operations.read_missing import missing_for_machine, missing_for_software
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import schema, tenants
from kbgap.store.database import Database
from tests.builders import BY, NOW, TENANT, a_report, later

MONTH, HALF_YEAR = timedelta(days=30), timedelta(days=180)


def missed(database: Database) -> list[int]:
    """On how many machines the KBs of Windows 10 are missing."""
    return [row.machine_missed_on for row in missing_for_software(database, TENANT, "microsoft-_-windows_10")]


def rows(database: Database) -> dict[str, int]:
    """How many rows the tables hold that machines lead to."""
    tables = (schema.machine, schema.machine_seen, schema.evidence, schema.profile, schema.software_state)
    with database.snapshot() as connection:
        return {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def test_an_excluded_machine_leaves_the_counts_and_keeps_its_answer(fleet: Database, catalogue: CatalogueFile) -> None:
    """Excluding twice, or including what is not excluded, changes nothing more."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1"), a_report("ws-2")], NOW)

    for _ in range(2):
        exclude_machine(fleet, TENANT, "ws-1", "DeviceOutOfScope", BY)
    assert missed(fleet) == [1]
    assert len(missing_for_machine(fleet, TENANT, "ws-1")) == 1

    for _ in range(2):
        include_machine(fleet, TENANT, "ws-1", BY)
    assert missed(fleet) == [2]
    assert check(fleet) == []


def test_a_reason_that_the_api_does_not_know_is_refused(fleet: Database) -> None:
    """The reasons are the service's own."""
    with pytest.raises(Invalid, match="'because' is no reason to exclude a machine; say Other, InactiveDevice"):
        exclude_machine(fleet, TENANT, "ws-1", "because", BY)


def test_a_deleted_machine_is_forgotten_until_it_reports(fleet: Database, catalogue: CatalogueFile) -> None:
    """Its next report is that of a new machine."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)

    delete_machine(fleet, TENANT, "ws-1", BY)
    with pytest.raises(NotFound, match="Machine ws-1 was not found"):
        delete_machine(fleet, TENANT, "ws-1", BY)
    assert missed(fleet) == []

    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)
    assert missed(fleet) == [1]
    assert check(fleet) == []


def test_machines_gone_silent_leave_the_counts(fleet: Database, catalogue: CatalogueFile) -> None:
    """After thirty days they leave the counts, after half a year they are deleted, with all that only they needed."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-2", ubr=418)], later(days=20))

    first = sweep_machines(fleet, TENANT, later(days=31), MONTH, HALF_YEAR)
    assert (first.silent, first.deleted) == (1, 0)
    assert missed(fleet) == [1, 1]
    assert len(missing_for_machine(fleet, TENANT, "ws-1")) == 1

    second = sweep_machines(fleet, TENANT, later(days=181), MONTH, HALF_YEAR)
    assert (second.silent, second.deleted) == (1, 1)
    assert check(fleet) == []

    third = sweep_machines(fleet, TENANT, later(days=331), MONTH, HALF_YEAR)
    assert (third.silent, third.deleted) == (0, 1)
    assert set(rows(fleet).values()) == {0}
    assert check(fleet) == []


def test_a_sweep_that_finds_nothing_publishes_nothing(fleet: Database, catalogue: CatalogueFile) -> None:
    """Cached answers stay good."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)
    with fleet.reading() as connection:
        before = tenants.pointer(connection, TENANT)

    swept = sweep_machines(fleet, TENANT, later(days=1), MONTH, HALF_YEAR)

    assert (swept.silent, swept.deleted) == (0, 0)
    with fleet.reading() as connection:
        assert tenants.pointer(connection, TENANT) == before
