"""All software that machines have is listed: what is judged with its gaps, every other program with its versions."""

from pathlib import Path

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import NotFound
from kbgap.inventory.report import Machine as Reported
from kbgap.inventory.report import OperatingSystem
from kbgap.inventory.report import Software as Program
from kbgap.odata.model import defender_model
from kbgap.odata.options import Query
from kbgap.operations.check_database import check
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.manage_machines import delete_machine, exclude_machine, include_machine, sweep_machines
from kbgap.operations.read_machines import machine_recommendations, machine_software, machine_vulnerabilities
from kbgap.operations.read_missing import missing_for_software
from kbgap.operations.read_software import (
    find_software,
    get_software,
    software_distributions,
    software_machines,
    software_vulnerabilities,
)
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from kbgap.store.inventory_views import Distribution
from kbgap.store.views import Software
from tests.builders import APRIL, BY, FEBRUARY, MARCH, NOW, OTHER_TENANT, TENANT, a_catalogue, a_report, later
from tests.operations.given import asking, check_nulls, declared_names, public_names

FIREFOX = Program(vendor="Mozilla Corporation", name="Mozilla Firefox 115.3 (x64 en-US)", version="115.3")
OLD_FIREFOX = Program(vendor="Mozilla Corporation", name="Mozilla Firefox 102.0 (x64 en-US)", version="102.0")
NAMELESS = Program(name="\x00Odd\x07 tool")
FOX = "mozilla-_-firefox"


@pytest.fixture
def machines(fleet: Database, catalogue: CatalogueFile) -> Database:
    """Three machines with programs, one of them in a group, and one without any list."""
    reports = [
        a_report("north", machine=Reported(computer_dns_name="north", rbac_group_name="ours"), software=(FIREFOX,)),
        a_report("south", software=(FIREFOX, OLD_FIREFOX, NAMELESS)),
        a_report("patched", ubr=719, software=(OLD_FIREFOX,)),
        a_report("bare"),
    ]
    report_inventory(fleet, catalogue, TENANT, reports, NOW)
    return fleet


def installed(database: Database, scopes: tuple[int, ...] = (0,)) -> dict[str, int]:
    """On how many machines each software is."""
    listed = find_software(database, TENANT, NOW, Query(), scopes)
    return {row.id: row.installed_machines for row in listed.rows}


def versions(database: Database, software: str = FOX) -> dict[str | None, int]:
    """On how many machines each version of a software is."""
    rows = software_distributions(database, TENANT, software, NOW, Query()).rows
    return {row.version: row.installations for row in rows}


def test_the_members_are_those_of_the_contract() -> None:
    """In their order."""
    assert public_names(Software) == declared_names("Software")
    assert public_names(Distribution) == declared_names("PublicDistributionDto")


def test_every_program_is_listed(machines: Database) -> None:
    """What has KBs and what has none, by id; a program that a machine has twice counts once."""
    assert installed(machines) == {
        "microsoft-_-edge": 4,
        "microsoft-_-internet_explorer": 4,
        "microsoft-_-windows_10": 4,
        FOX: 3,
        "unknown-_-odd_tool": 1,
    }
    for row in find_software(machines, TENANT, NOW, Query()).rows:
        check_nulls(row, defender_model().type("Software"))


def test_software_shows_its_gaps(machines: Database) -> None:
    """Weaknesses are open CVEs; of a program without KBs none is known."""
    windows = get_software(machines, TENANT, "Microsoft-_-Windows_10", NOW)
    fox = get_software(machines, TENANT, FOX, NOW)

    assert (windows.weaknesses, windows.exposed_machines, windows.public_exploit) == (3, 3, False)
    assert 0 < windows.impact_score < 1
    assert (fox.vendor, fox.name, fox.weaknesses, fox.exposed_machines) == ("mozilla", "firefox", 0, 0)


def test_impact_is_what_the_exposure_score_would_lose(machines: Database) -> None:
    """Three of four machines have three points in Windows and two in Edge."""
    rows = {row.name: row.impact_score for row in find_software(machines, TENANT, NOW, Query()).rows}

    assert rows["windows_10"] == pytest.approx(0.75 * 100 * (2 ** (-2 / 300) - 2 ** (-5 / 300)), rel=1e-6)
    assert rows["edge"] == pytest.approx(0.75 * 100 * (2 ** (-3 / 300) - 2 ** (-5 / 300)), rel=1e-6)
    assert rows["internet_explorer"] == rows["firefox"] == 0


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("vendor ne 'microsoft'", [FOX, "unknown-_-odd_tool"]),
        ("name in ('edge', 'firefox')", ["microsoft-_-edge", FOX]),
        ("(id eq 'microsoft-_-edge' or id eq 'x') and (vendor eq 'microsoft')", ["microsoft-_-edge"]),
        ("weaknesses gt 2 and exposedMachines lt 4", ["microsoft-_-windows_10"]),
    ],
)
def test_filters_that_clients_send(machines: Database, where: str, found: list[str]) -> None:
    """Over all software alike."""
    assert [row.id for row in find_software(machines, TENANT, NOW, asking("Software", where)).rows] == found


def test_versions_of_a_program_are_counted(machines: Database) -> None:
    """A machine with two versions counts for both."""
    assert versions(machines) == {"102.0": 2, "115.3": 2}
    assert versions(machines, "unknown-_-odd_tool") == {None: 1}


def test_versions_of_windows_are_its_builds(machines: Database) -> None:
    """With the CVEs that are open on machines with that build."""
    rows = software_distributions(machines, TENANT, "microsoft-_-windows_10", NOW, Query()).rows

    assert [(row.version, row.installations, row.vulnerabilities) for row in rows] == [
        ("10.0.18363.657", 3, 3),
        ("10.0.18363.719", 1, 0),
    ]


def test_counts_of_programs_stay_exact(machines: Database, catalogue: CatalogueFile, tmp_path: Path) -> None:
    """Whatever happens to machines: new lists, exclusion, silence, deletion, another catalogue."""
    report_inventory(machines, catalogue, TENANT, [a_report("south", software=(FIREFOX,))], later(hours=1))
    assert versions(machines) == {"102.0": 1, "115.3": 2}
    exclude_machine(machines, TENANT, "patched", "Other", BY)
    assert versions(machines) == {"115.3": 2}
    include_machine(machines, TENANT, "patched", BY)
    assert versions(machines) == {"102.0": 1, "115.3": 2}
    report_inventory(machines, catalogue, TENANT, [a_report("bare", software=())], later(hours=2))
    with a_catalogue(tmp_path / "april", FEBRUARY, MARCH, APRIL) as april:
        load_catalogue(machines, april, later(days=1))
    assert versions(machines) == {"102.0": 1, "115.3": 2}
    assert check(machines) == []
    delete_machine(machines, TENANT, "south", BY)
    assert versions(machines) == {"102.0": 1, "115.3": 1}
    sweep_machines(machines, TENANT, later(days=40), later(days=30) - NOW, later(days=180) - NOW)
    assert versions(machines) == {}
    assert check(machines) == []


def test_machines_of_a_software(machines: Database) -> None:
    """Of what is judged and of what is only listed."""

    def names(software: str) -> set[str | None]:
        return {row.computer_dns_name for row in software_machines(machines, TENANT, software, NOW, Query()).rows}

    assert names(FOX) == {"north", "south", "patched"}
    assert names("microsoft-_-windows_10") == {"north", "south", "patched", "bare"}
    assert names("microsoft-_-windows_server_2012_r2") == set()


def test_cves_of_a_software_are_the_open_ones(machines: Database) -> None:
    """As many as it has weaknesses."""
    rows = software_vulnerabilities(machines, TENANT, "microsoft-_-windows_10", NOW, Query()).rows

    assert [row.id for row in rows] == ["CVE-2020-0701", "CVE-2020-0702", "CVE-2020-0703"]
    assert software_vulnerabilities(machines, TENANT, FOX, NOW, Query()).rows == []


def test_a_program_misses_no_kb(machines: Database) -> None:
    """It is known, so the list is empty and not absent."""
    assert missing_for_software(machines, TENANT, FOX) == []


@pytest.mark.parametrize("unknown", ["", "firefox", "mozilla-_-", "-_-firefox", "mozilla-_-thunderbird"])
def test_unknown_software_is_not_found(machines: Database, unknown: str) -> None:
    """On every path below it."""
    with pytest.raises(NotFound):
        get_software(machines, TENANT, unknown, NOW)
    for read in (software_distributions, software_machines, software_vulnerabilities):
        with pytest.raises(NotFound):
            read(machines, TENANT, unknown, NOW, Query())
    with pytest.raises(NotFound):
        missing_for_software(machines, TENANT, unknown)


def test_one_machine_shows_its_software(machines: Database) -> None:
    """With the numbers of all machines; a machine that does not count shows its own as well."""
    rows = machine_software(machines, TENANT, "south", NOW, Query()).rows
    exclude_machine(machines, TENANT, "south", "Other", BY)
    alone = machine_software(machines, TENANT, "south", NOW, Query()).rows

    assert [(row.id, row.installed_machines) for row in rows][-2:] == [(FOX, 3), ("unknown-_-odd_tool", 1)]
    assert [(row.id, row.installed_machines) for row in alone][-2:] == [(FOX, 2), ("unknown-_-odd_tool", 0)]
    assert len(alone) == len(rows) == 5


def test_one_machine_shows_its_cves_and_what_to_do(machines: Database) -> None:
    """Nothing for one that is patched."""
    opened = machine_vulnerabilities(machines, TENANT, "north", NOW, Query(is_counted=True))
    todo = machine_recommendations(machines, TENANT, "north", NOW, Query())

    assert [(row.id[-4:], row.exposed_machines) for row in opened.rows] == [
        ("0701", 3),
        ("0702", 3),
        ("0703", 3),
        ("0704", 3),
    ]
    assert opened.count == 4
    assert [row.id for row in todo.rows] == ["va-_-microsoft-_-edge", "va-_-microsoft-_-windows_10"]
    assert machine_vulnerabilities(machines, TENANT, "patched", NOW, Query()).rows == []
    assert machine_recommendations(machines, TENANT, "patched", NOW, Query()).rows == []
    for read in (machine_software, machine_vulnerabilities, machine_recommendations):
        with pytest.raises(NotFound):
            read(machines, TENANT, "nobody", NOW, Query())
        with pytest.raises(NotFound):
            read(machines, TENANT, "south", NOW, Query(), (1,))


def test_groups_and_tenants_bound_the_inventory(machines: Database) -> None:
    """A group's caller counts its machines; another tenant knows none of the programs."""
    assert installed(machines, (1,))[FOX] == 1
    assert find_software(machines, OTHER_TENANT, NOW, Query()).rows == []
    with pytest.raises(NotFound):
        get_software(machines, OTHER_TENANT, FOX, NOW)


def test_machines_outside_of_the_catalogue_have_programs_too(machines: Database, catalogue: CatalogueFile) -> None:
    """No verdict, but an inventory."""
    report_inventory(
        machines,
        catalogue,
        TENANT,
        [
            a_report(
                "ancient",
                os=OperatingSystem(name="Microsoft Windows XP Professional", build="5.1.2600"),
                software=(FIREFOX,),
            )
        ],
        NOW,
    )

    assert versions(machines) == {"102.0": 2, "115.3": 3}
