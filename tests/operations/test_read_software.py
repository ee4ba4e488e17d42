"""The software list follows the contract, with numbers of the tenant's machines."""

import msgspec
import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import NotFound
from kbgap.operations.read_software import list_software, one_software
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from tests.builders import NOW, OTHER_TENANT, TENANT, a_report


def test_the_list_holds_what_machines_have(fleet: Database, catalogue: CatalogueFile) -> None:
    """With how many have it, how many of those miss something, and how many CVEs are open."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1"), a_report("ws-2", ubr=719)], NOW)

    rows = list_software(fleet, TENANT)

    numbers = {row.id: (row.installed_machines, row.exposed_machines, row.weaknesses) for row in rows}
    assert numbers == {
        "microsoft-_-edge": (2, 1, 2),
        "microsoft-_-internet_explorer": (2, 0, 0),
        "microsoft-_-windows_10": (2, 1, 3),
    }
    assert list_software(fleet, OTHER_TENANT) == []


def test_one_software_has_the_members_of_the_contract(fleet: Database, catalogue: CatalogueFile) -> None:
    """No member is null or absent: clients check their types."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1", ubr=418)], NOW)

    row = one_software(fleet, TENANT, "microsoft-_-edge")

    assert msgspec.to_builtins(row) == {
        "id": "microsoft-_-edge",
        "name": "edge",
        "vendor": "microsoft",
        "weaknesses": 3,
        "publicExploit": False,
        "activeAlert": False,
        "exposedMachines": 1,
        "installedMachines": 1,
        "impactScore": 0.0,
        "isNormalized": False,
        "category": "",
        "distributions": (),
    }


def test_software_that_no_machine_has_is_known_with_zeros(fleet: Database) -> None:
    """The catalogue knows it, so it is not an unknown id."""
    row = one_software(fleet, TENANT, "microsoft-_-windows_server_2012_r2")

    assert (row.name, row.installed_machines, row.exposed_machines) == ("windows_server_2012_r2", 0, 0)


@pytest.mark.parametrize("software", ["microsoft-_-unheard_of", "adobe-_-edge", "edge"])
def test_unknown_software_is_not_found(fleet: Database, software: str) -> None:
    """Another vendor's product of the same name is another software."""
    with pytest.raises(NotFound, match=f"Software {software} was not found"):
        one_software(fleet, TENANT, software)
