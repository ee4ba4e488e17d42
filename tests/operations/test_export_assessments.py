"""Exports are the whole of what machines have and lack, page by page or as files, and what came and went."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid
from kbgap.inventory.report import Machine as Reported
from kbgap.inventory.report import Software as Program
from kbgap.odata.model import defender_model
from kbgap.odata.options import Query
from kbgap.operations.export_assessments import (
    plain_inventory,
    plain_inventory_file,
    software_inventory,
    software_inventory_file,
    software_vulnerabilities,
    software_vulnerabilities_file,
    vulnerability_changes,
)
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.manage_machines import exclude_machine
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from kbgap.store.export_rows import AssetNonCpeSoftware, AssetSoftware, AssetVulnerability, DeltaAssetVulnerability
from tests.builders import APRIL, BY, FEBRUARY, MARCH, NOW, OTHER_TENANT, TENANT, a_catalogue, a_report, later
from tests.operations.given import asking, check_nulls, declared_names, public_names

FIREFOX = Program(vendor="Mozilla", name="Mozilla Firefox", version="115.3")
LISTS: dict[str, Callable[..., Any]] = {
    "AssetSoftware": software_inventory,
    "AssetNonCpeSoftware": plain_inventory,
    "AssetVulnerability": software_vulnerabilities,
}


@pytest.fixture
def machines(fleet: Database, catalogue: CatalogueFile) -> Database:
    """A machine with a name in a group and a program, one without a name that lacks two months, and a patched one."""
    reports = [
        a_report(
            machine=Reported(id=f"{1:040x}", computer_dns_name="brücke.example", rbac_group_name="ours"),
            software=(FIREFOX,),
        ),
        a_report(ubr=500, machine=Reported(id=f"{2:040x}")),
        a_report(ubr=719, machine=Reported(id=f"{3:040x}")),
        a_report("out", ubr=500, software=(FIREFOX,)),
    ]
    report_inventory(fleet, catalogue, TENANT, reports, NOW)
    exclude_machine(fleet, TENANT, "out", "Other", BY)
    return fleet


def rows(database: Database, of: str, query: Query | None = None, scopes: tuple[int, ...] = (0,)) -> list[Any]:
    """The rows of one list."""
    return list(LISTS[of](database, TENANT, later(days=1), query or Query(), scopes).rows)


@pytest.mark.parametrize("of", [AssetSoftware, AssetNonCpeSoftware, AssetVulnerability, DeltaAssetVulnerability])
def test_the_members_are_those_of_the_contract(of: type) -> None:
    """In their order."""
    assert public_names(of) == declared_names(of.__name__)


def test_the_inventory_has_what_rules_know(machines: Database) -> None:
    """Windows and its components, with the weaknesses of this machine."""
    found = rows(machines, "AssetSoftware", asking("AssetSoftware", f"deviceId eq '{1:040x}'"))

    assert [(row.software_name, row.software_version, row.number_of_weaknesses) for row in found] == [
        ("edge", "10.0.18363.657", 2),
        ("internet_explorer", None, 0),
        ("windows_10", "10.0.18363.657", 3),
    ]
    assert (found[0].device_name, found[0].rbac_group_name, found[0].rbac_group_id) == ("brücke.example", "ours", 1)
    for row in found:
        check_nulls(row, defender_model().type("AssetSoftware"))


def test_the_plain_inventory_has_the_rest(machines: Database) -> None:
    """As the machine calls it; machines that do not count are not there."""
    (row,) = rows(machines, "AssetNonCpeSoftware")

    check_nulls(row, defender_model().type("AssetNonCpeSoftware"))
    assert (row.software_name, row.software_version) == ("Mozilla Firefox", "115.3")
    assert row.software_last_seen_timestamp == "2020-03-20 08:00:00"


def test_a_vulnerability_has_all_that_clients_demand(machines: Database) -> None:
    """Strings where they take strings, lists where they walk through lists, numbers as numbers."""
    found = rows(machines, "AssetVulnerability")
    first = next(row for row in found if row.cve_id == "CVE-2020-0701" and row.device_id == f"{2:040x}")

    for row in found:
        check_nulls(row, defender_model().type("AssetVulnerability"))
    assert len(found) == 5 + 8
    assert first.id == f"{2:040x}_microsoft_windows_10_10.0.18363.500_CVE-2020-0701"
    assert (first.device_name, first.rbac_group_name, first.os_version) == ("", "Unassigned", "10.0.18363.500")
    assert first.recommended_security_update == "March 2020 Security Updates"
    assert (first.recommended_security_update_id, first.security_update_available) == ("4540673", True)
    assert first.recommended_security_update_url.endswith("?q=KB4540673")
    assert (first.first_seen_timestamp, first.last_seen_timestamp) == ("2020-03-20 08:00:00",) * 2
    assert first.recommendation_reference == "va-_-microsoft-_-windows_10"
    assert (first.exploitability_level, first.cvss_score, first.disk_paths) == ("NoExploit", 0.0, ())


@pytest.mark.parametrize("of", sorted(LISTS))
def test_pages_follow_each_other(machines: Database, of: str) -> None:
    """By tokens, as the contract has it; without machines there is an empty page."""
    every = rows(machines, of)
    walked: list[Any] = []
    query: Query | None = Query(limit=2)
    while query is not None:
        page = LISTS[of](machines, TENANT, later(days=1), query)
        walked += page.rows
        query = None if page.place is None else Query(limit=2, after=page.place)

    assert walked == every
    assert LISTS[of](machines, OTHER_TENANT, NOW, Query()).rows == []


def test_filters_reach_every_kind_of_member(machines: Database) -> None:
    """Of machines, of what they share, and of neither."""
    query = asking(
        "AssetVulnerability",
        "osPlatform eq 'Windows10' and cveId eq 'CVE-2020-0703' and contains(osVersion,'657')",
        is_counted=True,
    )

    page = software_vulnerabilities(machines, TENANT, later(days=1), query)

    assert [(row.software_name, row.device_id) for row in page.rows] == [
        ("edge", f"{1:040x}"),
        ("windows_10", f"{1:040x}"),
    ]
    assert page.count == 2
    assert {row.device_id for row in rows(machines, "AssetVulnerability", scopes=(1,))} == {f"{1:040x}"}


# --- end of support ---------------------------------------------------------------------------------------------------

ENDED = datetime(2022, 5, 11, tzinfo=UTC)  # the day after the last one of Windows 10 1909 as Enterprise


@pytest.mark.parametrize("of", ["AssetSoftware", "AssetVulnerability"])
def test_rows_say_what_is_out_of_support(machines: Database, of: str) -> None:
    """On the day of the answer, as a text of the contract; what no table knows has none, and filters reach it."""
    query = asking(of, "endOfSupportStatus eq 'EOS Version'")
    before = LISTS[of](machines, TENANT, ENDED - timedelta(days=300), Query()).rows
    flagged = LISTS[of](machines, TENANT, ENDED, query).rows

    assert {(row.end_of_support_status, row.end_of_support_date) for row in before} == {(None, None)}
    assert {(row.software_name, row.end_of_support_date) for row in flagged} == {
        ("windows_10", "2022-05-10T00:00:00+00:00")
    }


def test_changes_say_it_too(machines: Database) -> None:
    """With the version that the machine has now."""
    found = vulnerability_changes(machines, TENANT, later(days=-1), NOW, Query()).rows

    assert {(row.software_name, row.end_of_support_status) for row in found} == {("edge", None), ("windows_10", "None")}


# --- since when -------------------------------------------------------------------------------------------------------


def first_seen(database: Database, number: int) -> dict[str, str]:
    """Since when each CVE of Windows is open on a machine."""
    query = asking("AssetVulnerability", f"deviceId eq '{number:040x}' and softwareName eq 'windows_10'")
    return {row.cve_id[-4:]: row.first_seen_timestamp[:10] for row in rows(database, "AssetVulnerability", query)}


@pytest.fixture
def with_april(tmp_path: Path) -> Iterator[CatalogueFile]:
    """The catalogue a month later."""
    with a_catalogue(tmp_path / "april", FEBRUARY, MARCH, APRIL) as opened:
        yield opened


def test_first_seen_is_when_it_came_to_be_open(
    machines: Database, catalogue: CatalogueFile, with_april: CatalogueFile
) -> None:
    """By a report, by a catalogue, and again after it had been closed; a report without news changes nothing."""
    report_inventory(machines, catalogue, TENANT, [a_report(ubr=719, machine=Reported(id=f"{2:040x}"))], later(days=2))
    report_inventory(machines, catalogue, TENANT, [a_report(ubr=657, machine=Reported(id=f"{2:040x}"))], later(days=4))
    load_catalogue(machines, with_april, later(days=26))
    changed = a_report(machine=Reported(id=f"{1:040x}"), software=())
    report_inventory(machines, with_april, TENANT, [changed], later(days=28))

    assert first_seen(machines, 1) == {
        "0701": "2020-03-20",
        "0702": "2020-03-20",
        "0703": "2020-03-20",
        "0801": "2020-04-15",
    }
    assert first_seen(machines, 2) == {
        "0701": "2020-03-24",
        "0702": "2020-03-24",
        "0703": "2020-03-24",
        "0801": "2020-04-15",
    }
    assert first_seen(machines, 3) == {"0801": "2020-04-15"}


# --- changes ----------------------------------------------------------------------------------------------------------


def changes(database: Database, since: datetime, now: datetime, query: Query | None = None) -> list[tuple[Any, ...]]:
    """What came and went: machine, software, CVE, and how."""
    found = vulnerability_changes(database, TENANT, since, now, query or Query()).rows
    for row in found:
        check_nulls(row, defender_model().type("DeltaAssetVulnerability"))
    return [
        (int(row.device_id or "0", 16), row.software_name, (row.cve_id or "")[-4:], row.status, row.event_timestamp)
        for row in found
    ]


def test_a_report_that_closes_says_fixed(machines: Database, catalogue: CatalogueFile) -> None:
    """With the KB that did it; what changed before is not there."""
    report_inventory(machines, catalogue, TENANT, [a_report(ubr=719, machine=Reported(id=f"{1:040x}"))], later(days=2))

    found = vulnerability_changes(machines, TENANT, later(days=1), later(days=3), Query()).rows

    assert [((row.cve_id or "")[-4:], row.status) for row in found] == [
        ("0703", "Fixed"),
        ("0704", "Fixed"),
        ("0701", "Fixed"),
        ("0702", "Fixed"),
        ("0703", "Fixed"),
    ]
    assert {row.recommended_security_update_id for row in found} == {"4540673"}
    assert {row.event_timestamp for row in found} == {later(days=2)}
    assert found[0].first_seen_timestamp == "2020-03-20 08:00:00"


def test_a_new_machine_brings_what_is_open_on_it(machines: Database) -> None:
    """Everything is New since a moment before the first report."""
    found = changes(machines, later(days=-1), NOW)

    assert len(found) == 13
    assert {status for *_, status, _ in found} == {"New"}


def test_a_catalogue_that_opens_says_new(
    machines: Database, catalogue: CatalogueFile, with_april: CatalogueFile
) -> None:
    """On every machine alike, also on one that has reported something else since."""
    load_catalogue(machines, with_april, later(days=26))
    patched = a_report(ubr=778, machine=Reported(id=f"{3:040x}"))
    report_inventory(machines, with_april, TENANT, [patched], later(days=27))

    found = changes(machines, later(days=25), later(days=28))

    assert found == [
        (1, "windows_10", "0801", "New", later(days=26)),
        (2, "windows_10", "0801", "New", later(days=26)),
        (3, "windows_10", "0801", "New", later(days=26)),
        (3, "windows_10", "0801", "Fixed", later(days=27)),
    ]


def test_changes_are_paged(machines: Database) -> None:
    """By tokens, like the other exports."""
    whole = vulnerability_changes(machines, TENANT, later(days=-1), NOW, Query()).rows
    walked: list[DeltaAssetVulnerability] = []
    query: Query | None = Query(limit=4)
    while query is not None:
        page = vulnerability_changes(machines, TENANT, later(days=-1), NOW, query)
        walked += page.rows
        query = None if page.place is None else Query(limit=4, after=page.place)

    assert walked == whole


def test_history_goes_back_fourteen_days(machines: Database) -> None:
    """As the contract has it; further back is refused by name."""
    with pytest.raises(Invalid, match="sinceTime: the moment is more than 14 days ago"):
        vulnerability_changes(machines, TENANT, later(days=-15), NOW, Query())
    assert changes(machines, NOW, NOW) == []


# --- files ------------------------------------------------------------------------------------------------------------


def lines(pieces: Iterator[bytes]) -> list[dict[str, Any]]:
    """The lines of a file."""
    text = b"".join(pieces)
    assert text.isascii()
    return [json.loads(line) for line in text.splitlines()]


def test_files_have_the_names_that_were_recorded(machines: Database) -> None:
    """PascalCase, nulls left out, everything in ASCII; a setting gives the names of the JSON form."""
    recorded = lines(software_vulnerabilities_file(machines, TENANT, NOW))
    camel = lines(software_vulnerabilities_file(machines, TENANT, NOW, camel=True))

    assert len(recorded) == len(camel) == 13
    assert {"DeviceId", "CveId", "SoftwareName", "OSPlatform", "OSVersion", "CvssScore"} <= recorded[0].keys()
    assert "EndOfSupportStatus" not in recorded[0]
    assert {row.get("EndOfSupportStatus") for row in recorded if row["SoftwareName"] == "windows_10"} == {"None"}
    assert recorded[0]["DeviceName"] == "brücke.example"
    assert {"deviceId", "cveId", "osPlatform"} <= camel[0].keys()


def test_files_hold_what_the_pages_hold(machines: Database) -> None:
    """The same rows in the same order."""
    inventory = lines(software_inventory_file(machines, TENANT, later(days=1)))
    plain = lines(plain_inventory_file(machines, TENANT, later(days=1)))

    assert [(row["DeviceId"], row["SoftwareName"]) for row in inventory] == [
        (row.device_id, row.software_name) for row in rows(machines, "AssetSoftware")
    ]
    assert [row["SoftwareName"] for row in plain] == ["Mozilla Firefox"]
    assert lines(plain_inventory_file(machines, OTHER_TENANT, NOW)) == []
