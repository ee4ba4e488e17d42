"""CVEs are listed with Microsoft's facts and the machines on which each is open, never counting one machine twice."""

import json
from pathlib import Path

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import NotFound
from kbgap.inventory.report import Machine as Reported
from kbgap.odata.model import defender_model
from kbgap.odata.options import Query
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.load_threats import load_threats
from kbgap.operations.manage_machines import delete_machine, exclude_machine
from kbgap.operations.read_vulnerabilities import (
    get_vulnerability,
    list_vulnerabilities,
    vulnerability_machines,
)
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from kbgap.store.vulnerabilities import Vulnerability
from tests.builders import APRIL, BY, FEBRUARY, MARCH, NOW, OTHER_TENANT, TENANT, a_catalogue, a_report, later
from tests.operations.given import asking, check_nulls, declared_names, public_names

NORTH = Reported(computer_dns_name="north", rbac_group_name="workstations")


@pytest.fixture
def machines(fleet: Database, catalogue: CatalogueFile) -> Database:
    """One machine in a group and one outside at the level of February, one patched."""
    reports = [a_report(machine=NORTH), a_report("south"), a_report("patched", ubr=719)]
    report_inventory(fleet, catalogue, TENANT, reports, NOW)
    return fleet


def exposed(database: Database, tenant: str = TENANT, scopes: tuple[int, ...] = (0,)) -> dict[str, int]:
    """On how many machines each CVE is open, without those that are open nowhere."""
    rows = list_vulnerabilities(database, tenant, NOW, Query(), scopes).rows
    return {row.id[-4:]: row.exposed_machines for row in rows if row.exposed_machines}


def test_the_members_are_those_of_the_contract() -> None:
    """In their order."""
    assert public_names(Vulnerability) == declared_names("PublicVulnerabilityDto") == declared_names("Vulnerability")


def test_every_cve_of_the_catalogue_is_listed(machines: Database) -> None:
    """Those that are open nowhere need no action, and say so."""
    listed = list_vulnerabilities(machines, TENANT, NOW, Query(is_counted=True))

    assert [row.id for row in listed.rows] == [
        "CVE-2020-0601",
        "CVE-2020-0602",
        "CVE-2020-0603",
        "CVE-2020-0701",
        "CVE-2020-0702",
        "CVE-2020-0703",
        "CVE-2020-0704",
    ]
    assert listed.count == 7
    assert [row.status for row in listed.rows] == ["NoActionRequired"] * 3 + ["RemediationRequired"] * 4
    for row in listed.rows:
        check_nulls(row, defender_model().type("Vulnerability"))


def test_a_machine_counts_once_whatever_software_a_cve_is_open_in(machines: Database) -> None:
    """CVE-2020-0703 is open in Windows and in Edge."""
    assert exposed(machines) == {"0701": 2, "0702": 2, "0703": 2, "0704": 2}


def test_counts_follow_the_machines(machines: Database, catalogue: CatalogueFile, tmp_path: Path) -> None:
    """Reports, exclusions, deletions and catalogues; numbers that were asked for before are no obstacle."""
    assert exposed(machines)["0701"] == 2
    report_inventory(machines, catalogue, TENANT, [a_report("third", ubr=500)], NOW)
    assert exposed(machines)["0701"] == 3
    assert exposed(machines)["0601"] == 1
    exclude_machine(machines, TENANT, "south", "Other", BY)
    assert exposed(machines)["0701"] == 2
    delete_machine(machines, TENANT, "third", BY)
    assert exposed(machines) == {"0701": 1, "0702": 1, "0703": 1, "0704": 1}
    report_inventory(machines, catalogue, TENANT, [a_report(machine=NORTH, ubr=719)], later(days=1))
    assert exposed(machines) == {}
    with a_catalogue(tmp_path / "april", FEBRUARY, MARCH, APRIL) as april:
        load_catalogue(machines, april, later(days=30))
    assert exposed(machines) == {"0801": 2}


def test_groups_and_tenants_bound_the_counts(machines: Database) -> None:
    """A caller who sees one group counts its machines only."""
    assert exposed(machines, scopes=(1,)) == {"0701": 1, "0702": 1, "0703": 1, "0704": 1}
    assert exposed(machines, OTHER_TENANT) == {}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("(id eq 'CVE-2020-0701') and (cvssV3 ge 0) and (updatedOn ge 2020-01-01T00:00:00Z)", ["0701"]),
        ("exposedMachines gt 1 and status eq 'RemediationRequired'", ["0701", "0702", "0703", "0704"]),
        ("severity eq 'Low' and publishedOn lt 2020-03-01Z", ["0601", "0602", "0603"]),
        ("contains(name, '070') and not startswith(id,'CVE-2020-0701')", ["0702", "0703", "0704"]),
        ("publicExploit eq true or exploitTypes/any() or epss gt 0", []),
        ("firstDetected eq null and patchFirstAvailable ge 2020-03-10", ["0701", "0702", "0703", "0704"]),
    ],
)
def test_filters_that_clients_send(machines: Database, where: str, found: list[str]) -> None:
    """Counts are filtered like everything else."""
    listed = list_vulnerabilities(machines, TENANT, NOW, asking("Vulnerability", where))

    assert [row.id[-4:] for row in listed.rows] == found


def test_windows_of_a_parallel_reader_do_not_overlap(machines: Database) -> None:
    """Clients read ten windows at once by $top and $skip."""
    windows = [list_vulnerabilities(machines, TENANT, NOW, Query(skip=skip, limit=3)) for skip in (0, 3, 6, 9)]

    assert [len(window.rows) for window in windows] == [3, 3, 1, 0]
    assert len({row.id for window in windows for row in window.rows}) == 7
    assert [window.goes_on for window in windows] == [True, True, False, False]


def test_one_cve_is_found_in_any_letter_case(machines: Database) -> None:
    """And what is no CVE of the catalogue is not found."""
    assert get_vulnerability(machines, TENANT, "cve-2020-0701", NOW).exposed_machines == 2
    for unknown in ("CVE-1999-0001", "ADV200001", ""):
        with pytest.raises(NotFound):
            get_vulnerability(machines, TENANT, unknown, NOW)


def test_exploited_cves_say_so(machines: Database, tmp_path: Path) -> None:
    """From CISA's list; the estimate beside it from FIRST's."""
    kev, epss = tmp_path / "kev.json", tmp_path / "epss.csv"
    kev.write_text(json.dumps({"vulnerabilities": [{"cveID": "CVE-2020-0701", "dateAdded": "2020-04-01"}]}))
    epss.write_text("cve,epss,percentile\nCVE-2020-0701,0.97,1\n")

    load_threats(machines, str(kev), str(epss), NOW)

    row = get_vulnerability(machines, TENANT, "CVE-2020-0701", NOW)
    assert (row.public_exploit, row.exploit_verified, row.exploit_in_kit, row.epss) == (True, True, False, 0.97)


def test_machines_of_a_cve(machines: Database) -> None:
    """Those that count, by id, with a filter and a count as everywhere."""
    every = vulnerability_machines(machines, TENANT, "CVE-2020-0703", NOW, Query(is_counted=True))
    some = vulnerability_machines(
        machines, TENANT, "CVE-2020-0703", NOW, asking("PublicAssetDto", "rbacGroupName eq 'workstations'")
    )

    assert every.count == 2
    assert {row.computer_dns_name for row in every.rows} == {"north", "south"}
    assert [row.id for row in every.rows] == sorted(row.id for row in every.rows)
    assert [row.computer_dns_name for row in some.rows] == ["north"]
    assert vulnerability_machines(machines, TENANT, "CVE-2020-0601", NOW, Query()).rows == []
    with pytest.raises(NotFound):
        vulnerability_machines(machines, TENANT, "CVE-1999-0001", NOW, Query())


def test_machines_of_a_cve_are_paged_by_token(machines: Database) -> None:
    """The second page begins behind the first, also when the first machine is gone by then."""
    first = vulnerability_machines(machines, TENANT, "CVE-2020-0703", NOW, Query(limit=1))
    delete_machine(machines, TENANT, first.rows[0].id, BY)

    second = vulnerability_machines(machines, TENANT, "CVE-2020-0703", NOW, Query(limit=1, after=first.place))

    assert len(second.rows) == 1
    assert second.rows[0].id > first.rows[0].id
    assert not second.goes_on
