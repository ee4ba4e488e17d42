"""What to install, and what would stay open: worked out on the fleet as it is, without touching it."""

from pathlib import Path

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid, NotFound, Unavailable
from kbgap.inventory.report import Machine as Reported
from kbgap.odata.options import Query
from kbgap.operations.read_vulnerabilities import list_vulnerabilities
from kbgap.operations.report_inventory import report_inventory
from kbgap.operations.what_if import install_set_of_machine, install_sets, what_if
from kbgap.store.database import Database
from tests.builders import APRIL, FEBRUARY, MARCH, NOW, OTHER_TENANT, TENANT, a_catalogue, a_report


@pytest.fixture
def machines(fleet: Database, catalogue: CatalogueFile) -> Database:
    """Two that lack March, one that lacks two months and is in a group, one patched, and a server."""
    reports = [
        a_report("a"),
        a_report("b"),
        a_report(ubr=500, machine=Reported(computer_dns_name="old", rbac_group_name="ours")),
        a_report("patched", ubr=719),
        a_report("server", number=9600),
    ]
    report_inventory(fleet, catalogue, TENANT, reports, NOW)
    return fleet


def open_now(database: Database) -> dict[str, int]:
    """On how many machines each CVE is open."""
    rows = list_vulnerabilities(database, TENANT, NOW, Query()).rows
    return {row.id: row.exposed_machines for row in rows if row.exposed_machines}


def test_one_update_closes_what_it_contains(machines: Database, catalogue: CatalogueFile) -> None:
    """March contains February; the server has an update of its own."""
    found = what_if(machines, catalogue, TENANT, ["KB4540673"], NOW)

    assert {cve.id: cve.exposed_machines for cve in found.cves} == open_now(machines)
    assert {cve.id: cve.exposed_machines_after for cve in found.cves if cve.exposed_machines_after} == {
        "CVE-2020-0701": 1
    }
    assert (found.kbs, found.machines, found.machines_changed, found.cves_closed) == (("4540673",), 5, 3, 6)


def test_an_older_update_leaves_the_rest_open(machines: Database, catalogue: CatalogueFile) -> None:
    """February closes nothing on machines that have it."""
    found = what_if(machines, catalogue, TENANT, ["4532693"], NOW)

    after = {cve.id[-4:]: cve.exposed_machines_after for cve in found.cves}
    assert after == {"0601": 0, "0602": 0, "0603": 0, "0701": 4, "0702": 3, "0703": 3, "0704": 3}
    assert found.machines_changed == 1


def test_everything_installed_leaves_nothing_open(machines: Database, catalogue: CatalogueFile) -> None:
    """The install sets of all machines, together."""
    needed = install_sets(machines, catalogue, TENANT, NOW)

    found = what_if(machines, catalogue, TENANT, [kb.id for kb in needed], NOW)

    assert [(kb.id, kb.machines) for kb in needed] == [("4540673", 3), ("4541509", 1)]
    assert all(cve.exposed_machines_after == 0 for cve in found.cves)


def test_nothing_is_changed_by_asking(machines: Database, catalogue: CatalogueFile) -> None:
    """It is a question."""
    before = open_now(machines)

    what_if(machines, catalogue, TENANT, ["4540673", "4541509"], NOW)

    assert open_now(machines) == before


def test_groups_and_tenants_bound_the_question(machines: Database, catalogue: CatalogueFile) -> None:
    """A caller who sees one group asks of its machines."""
    found = what_if(machines, catalogue, TENANT, ["4540673"], NOW, (1,))

    assert (found.machines, found.machines_changed) == (1, 1)
    assert [(kb.id, kb.machines) for kb in install_sets(machines, catalogue, TENANT, NOW, (1,))] == [("4540673", 1)]
    assert what_if(machines, catalogue, OTHER_TENANT, ["4540673"], NOW).cves == ()


def test_one_machine_needs_the_newest_of_each_chain(machines: Database, catalogue: CatalogueFile) -> None:
    """By its id or its name; nothing when it is patched."""
    (kb,) = install_set_of_machine(machines, catalogue, TENANT, "old", NOW)

    assert (kb.id, kb.name, kb.machines) == ("4540673", "March 2020 Security Updates", 1)
    assert install_set_of_machine(machines, catalogue, TENANT, "patched", NOW) == []
    with pytest.raises(NotFound):
        install_set_of_machine(machines, catalogue, TENANT, "a", NOW, (1,))


@pytest.mark.parametrize("kbs", [[], ["CVE-2020-0601"], ["4540673", ""], ["4540673"] * 51])
def test_what_is_no_list_of_kbs_is_refused(machines: Database, catalogue: CatalogueFile, kbs: list[str]) -> None:
    """By name."""
    with pytest.raises(Invalid, match="kbs"):
        what_if(machines, catalogue, TENANT, kbs, NOW)


def test_an_unknown_kb_changes_nothing(machines: Database, catalogue: CatalogueFile) -> None:
    """It is for no product here."""
    assert what_if(machines, catalogue, TENANT, ["9999999"], NOW).machines_changed == 0


def test_the_question_is_asked_of_the_catalogue_in_use(machines: Database, tmp_path: Path) -> None:
    """With another one the answers would not agree with the lists."""
    with a_catalogue(tmp_path / "april", FEBRUARY, MARCH, APRIL) as other, pytest.raises(Unavailable):
        what_if(machines, other, TENANT, ["4540673"], NOW)
