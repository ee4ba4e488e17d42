"""The rows of getmissingkbs follow the contract, for a software and for a machine."""

import msgspec
import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import NotFound
from kbgap.inventory.report import Machine
from kbgap.operations.read_missing import missing_for_machine, missing_for_software
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from tests.builders import NOW, TENANT, a_report

SEARCH = "https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB"


def test_a_software_row_has_the_members_of_the_contract(fleet: Database, catalogue: CatalogueFile) -> None:
    """Names, order and types are those of the service: digits as text, numbers as numbers, product part only."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1", ubr=418), a_report("ws-2")], NOW)

    rows = missing_for_software(fleet, TENANT, "microsoft-_-edge")

    assert msgspec.json.decode(msgspec.json.encode(rows)) == [
        {
            "id": "4540673",
            "name": "March 2020 Security Updates",
            "osBuild": 18363,
            "productsNames": ["edge"],
            "url": f"{SEARCH}4540673",
            "machineMissedOn": 2,
            "cveAddressed": 2,
        },
        {
            "id": "4532693",
            "name": "February 2020 Security Updates",
            "osBuild": 18363,
            "productsNames": ["edge"],
            "url": f"{SEARCH}4532693",
            "machineMissedOn": 1,
            "cveAddressed": 1,
        },
    ]
    assert list(msgspec.to_builtins(rows[0])) == list(rows[0].__struct_encode_fields__)


def test_a_kb_stands_once_and_without_a_build_where_machines_differ(fleet: Database, catalogue: CatalogueFile) -> None:
    """One row per KB; its osBuild is that of the machines only when they share one."""
    reports = [a_report("ws-1"), a_report("ws-2", number=18362, ubr=592)]

    report_inventory(fleet, catalogue, TENANT, reports, NOW)

    (row,) = missing_for_software(fleet, TENANT, "microsoft-_-windows_10")
    assert (row.id, row.os_build, row.machine_missed_on) == ("4540673", None, 2)


def test_a_machine_row_unites_its_software(fleet: Database, catalogue: CatalogueFile) -> None:
    """Windows first, then by name; the CVEs are distinct over the products that the machine has."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1"), a_report("ws-2")], NOW)

    (row,) = missing_for_machine(fleet, TENANT, "ws-1")

    assert (row.id, row.os_build, row.machine_missed_on) == ("4540673", 18363, 1)
    assert row.products_names == ("windows_10", "edge")
    assert row.cve_addressed == 4  # 0703 is in both and counts once


def test_a_machine_is_found_by_id_and_by_name(fleet: Database, catalogue: CatalogueFile) -> None:
    """In any letter case; a name that two machines have stands for the one heard last."""
    first, second = Machine(id="A" * 40, computer_dns_name="twin"), Machine(id="b" * 40, computer_dns_name="twin")
    report_inventory(fleet, catalogue, TENANT, [a_report(machine=first, ubr=719)], NOW)
    report_inventory(fleet, catalogue, TENANT, [a_report(machine=second)], NOW.replace(hour=9))

    found = [missing_for_machine(fleet, TENANT, asked) for asked in ("a" * 40, "B" * 40, "TWIN")]

    assert [len(rows) for rows in found] == [0, 1, 1]


@pytest.mark.parametrize("software", ["microsoft-_-windows_10", "Microsoft-_-Windows_10", "microsoft-_-edge"])
def test_known_software_with_nothing_missing_is_an_empty_list(fleet: Database, software: str) -> None:
    """Also when no machine has it."""
    assert missing_for_software(fleet, TENANT, software) == []


@pytest.mark.parametrize(
    "software", ["microsoft-_-windows_11", "google-_-chrome", "windows_10", "", "-_-", "microsoft-_-", "a\0-_-b"]
)
def test_unknown_software_is_not_found(fleet: Database, software: str) -> None:
    """An id of nothing is not the same as nothing missing."""
    with pytest.raises(NotFound, match="was not found"):
        missing_for_software(fleet, TENANT, software)


@pytest.mark.parametrize("machine", ["", "nobody", "0" * 40])
def test_an_unknown_machine_is_not_found(fleet: Database, machine: str) -> None:
    """The message names it as the service does."""
    with pytest.raises(NotFound, match=f"Machine {machine} was not found"):
        missing_for_machine(fleet, TENANT, machine)


def test_a_rollup_machine_without_a_complete_list_misses_nothing_for_certain(
    fleet: Database, catalogue: CatalogueFile
) -> None:
    """Unknown is not missing: it is not counted."""
    report_inventory(fleet, catalogue, TENANT, [a_report(number=9600, ubr=None, update_list=None)], NOW)

    assert missing_for_software(fleet, TENANT, "microsoft-_-windows_server_2012_r2") == []
    assert missing_for_machine(fleet, TENANT, "ws-1") == []
