"""How the fleet stood at a moment of the past, by the verdicts that were given then."""

from datetime import datetime, timedelta

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid
from kbgap.inventory.report import Machine as Reported
from kbgap.inventory.report import Report
from kbgap.odata.options import Query
from kbgap.operations.read_fleet_kbs import fleet_kbs
from kbgap.operations.read_fleet_then import FleetThen, read_fleet_then
from kbgap.operations.read_vulnerabilities import list_vulnerabilities
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from tests.builders import NOW, OTHER_TENANT, TENANT, a_report, later

KEPT = timedelta(days=180)


def first(number: int, ubr: int, group: str | None = None) -> Report:
    """One machine's report."""
    return a_report(ubr=ubr, machine=Reported(id=f"{number:040x}", rbac_group_name=group))


@pytest.fixture
def machines(fleet: Database, catalogue: CatalogueFile) -> Database:
    """Two machines on the first day, a third on the second, and one that is patched on the third."""
    for day, reports in enumerate(
        ([first(1, 657, "ours"), first(2, 500)], [first(3, 657)], [first(2, 719)]),
    ):
        report_inventory(fleet, catalogue, TENANT, reports, later(days=day))
    return fleet


def kbs(database: Database, moment: datetime, *scopes: int) -> dict[str, int]:
    """On how many machines each KB was missing."""
    then = read_fleet_then(database, TENANT, moment, later(days=9), KEPT, scopes or (0,))
    return {row.id: row.machine_missed_on for row in then.missing_kbs}


def test_each_day_is_as_it_was(machines: Database) -> None:
    """Before the first report nobody is there; a machine counts from its first report on."""
    assert [kbs(machines, later(days=day, hours=1)) for day in (0, 1, 2)] == [
        {"4532693": 1, "4540673": 2},
        {"4532693": 1, "4540673": 3},
        {"4540673": 2},
    ]
    assert kbs(machines, later(days=-1)) == {}
    assert kbs(machines, later(days=1, hours=1), 1) == {"4540673": 1}


def test_now_is_what_the_lists_say(machines: Database) -> None:
    """The same machines, KBs and CVEs as the counts have."""
    now = later(days=9)
    then = read_fleet_then(machines, TENANT, now, now, KEPT)

    listed = {row.id: row.machine_missed_on for row in fleet_kbs(machines, TENANT, now, Query()).rows}
    exposed = {row.id: row.exposed_machines for row in list_vulnerabilities(machines, TENANT, now, Query()).rows}
    assert {row.id: row.machine_missed_on for row in then.missing_kbs} == listed
    assert {row.id: row.exposed_machines for row in then.cves} == {cve: n for cve, n in exposed.items() if n}
    assert then.machines == 3


def test_another_tenant_has_no_past(machines: Database) -> None:
    """Its own only."""
    then = read_fleet_then(machines, OTHER_TENANT, NOW, NOW, KEPT)

    assert then == FleetThen(as_of=NOW, machines=0, missing_kbs=[], cves=[])


@pytest.mark.parametrize("days", [10, -172])
def test_what_is_not_known_is_refused(machines: Database, days: int) -> None:
    """The future, and what is older than the history that is kept."""
    with pytest.raises(Invalid, match="asOf"):
        read_fleet_then(machines, TENANT, later(days=days), later(days=9), KEPT)
