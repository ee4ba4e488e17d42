"""The gap of the whole fleet by KB: on which machines, which CVEs, what came and went."""

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid, NotFound
from kbgap.inventory.report import Machine as Reported
from kbgap.odata.model import defender_model
from kbgap.odata.options import Query
from kbgap.operations.read_fleet_kbs import fleet_kbs, gap_changes, get_fleet_kb, kb_machines
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from kbgap.store.fleet_kbs import FleetKb
from kbgap.store.gap_changes import GapChange
from tests.builders import NOW, OTHER_TENANT, TENANT, a_report, later
from tests.operations.given import asking, check_nulls, declared_names, public_names


@pytest.fixture
def machines(fleet: Database, catalogue: CatalogueFile) -> Database:
    """Two machines of one build, one of them in a group, and a server of another."""
    reports = [
        a_report(machine=Reported(id=f"{1:040x}", computer_dns_name="a", rbac_group_name="ours")),
        a_report(ubr=500, machine=Reported(id=f"{2:040x}")),
        a_report(number=9600, machine=Reported(id=f"{3:040x}")),
    ]
    report_inventory(fleet, catalogue, TENANT, reports, NOW)
    return fleet


@pytest.mark.parametrize(("of", "declared"), [(FleetKb, "FleetMissingKb"), (GapChange, "GapChange")])
def test_the_members_are_those_that_are_declared(of: type, declared: str) -> None:
    """So that metadata and rows agree."""
    assert public_names(of) == declared_names(declared)


def test_a_kb_counts_each_machine_once(machines: Database) -> None:
    """4540673 is missing for Windows and for Edge: one row, with the distinct CVEs of both."""
    rows = fleet_kbs(machines, TENANT, NOW, Query()).rows

    assert [(row.id, row.machine_missed_on, row.cve_addressed) for row in rows] == [
        ("4541509", 1, 1),
        ("4540673", 2, 4),
        ("4532693", 1, 3),
    ]
    march = rows[1]
    assert march.products_names == ("windows_10", "edge")
    assert march.cves == ("CVE-2020-0701", "CVE-2020-0702", "CVE-2020-0703", "CVE-2020-0704")
    assert (march.os_build, march.status, march.name) == (18363, "Active", "March 2020 Security Updates")
    for row in rows:
        check_nulls(row, defender_model().type("FleetMissingKb"))


def test_rows_are_filtered_by_their_cves(machines: Database) -> None:
    """The question behind many a question: which KB closes this CVE here."""
    query = asking("FleetMissingKb", "cves/any(c: c eq 'CVE-2020-0704') and machineMissedOn gt 1")

    assert [row.id for row in fleet_kbs(machines, TENANT, NOW, query).rows] == ["4540673"]


def test_machines_of_a_kb(machines: Database) -> None:
    """The device list that only counts hint at elsewhere."""
    rows = kb_machines(machines, TENANT, "KB4540673", NOW, Query(is_counted=True))

    assert [row.id for row in rows.rows] == [f"{1:040x}", f"{2:040x}"]
    assert rows.count == get_fleet_kb(machines, TENANT, "4540673", NOW).machine_missed_on == 2


def test_groups_and_tenants_bound_the_gap(machines: Database) -> None:
    """A caller who sees one group sees its gap."""
    assert [row.id for row in fleet_kbs(machines, TENANT, NOW, Query(), (1,)).rows] == ["4540673"]
    assert [row.id for row in kb_machines(machines, TENANT, "4540673", NOW, Query(), (1,)).rows] == [f"{1:040x}"]
    assert fleet_kbs(machines, OTHER_TENANT, NOW, Query()).rows == []
    with pytest.raises(NotFound):
        get_fleet_kb(machines, TENANT, "4532693", NOW, (1,))


@pytest.mark.parametrize("unknown", ["", "KB1", "9999999", "CVE-2020-0601"])
def test_unknown_kbs_are_not_found(machines: Database, unknown: str) -> None:
    """What is none, and what the catalogue does not have."""
    with pytest.raises(NotFound):
        get_fleet_kb(machines, TENANT, unknown, NOW)
    with pytest.raises(NotFound):
        kb_machines(machines, TENANT, unknown, NOW, Query())


def test_what_came_and_went(machines: Database, catalogue: CatalogueFile) -> None:
    """Since when a KB was missing, and when it was closed; null while it is open."""
    report_inventory(machines, catalogue, TENANT, [a_report(ubr=719, machine=Reported(id=f"{2:040x}"))], later(days=2))

    rows = gap_changes(machines, TENANT, later(days=1), later(days=3), Query()).rows
    every = gap_changes(machines, TENANT, later(days=-1), later(days=3), Query()).rows

    assert [(row.kb_id, row.product_name, row.first_seen, row.closed_on) for row in rows] == [
        ("4532693", "edge", NOW, later(days=2)),
        ("4540673", "edge", NOW, later(days=2)),
        ("4532693", "windows_10", NOW, later(days=2)),
        ("4540673", "windows_10", NOW, later(days=2)),
    ]
    assert len(every) == 2 + 4 + 1
    assert sum(row.closed_on is None for row in every) == 3
    for row in every:
        check_nulls(row, defender_model().type("GapChange"))
    with pytest.raises(Invalid, match="sinceTime"):
        gap_changes(machines, TENANT, later(days=4), later(days=3), Query())
