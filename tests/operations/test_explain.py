"""Why a KB is missing is told from the evidence that the machine left, with what decides it."""

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid, NotFound
from kbgap.core.verdicts import IsCovered, IsMissing
from kbgap.inventory.report import OperatingSystem
from kbgap.operations.explain import explain_stored as explain
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from tests.builders import NOW, TENANT, a_report


def test_a_missing_kb_is_explained_for_each_software(fleet: Database, catalogue: CatalogueFile) -> None:
    """One verdict per software that the KB fixes, with the numbers that decide."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)

    told = explain(fleet, catalogue, TENANT, "ws-1", "KB4540673")

    assert (told.kb, told.name) == ("4540673", "March 2020 Security Updates")
    assert [item.software for item in told.software] == ["edge", "windows_10"]
    assert all(isinstance(item.verdict, IsMissing) for item in told.software)
    assert told.software[1].because == "build 18363.657 is below 18363.719, which KB4540673 brings"


def test_a_kb_that_is_not_missing_is_explained_too(fleet: Database, catalogue: CatalogueFile) -> None:
    """What the store does not keep is judged again."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1", ubr=778)], NOW)

    told = explain(fleet, catalogue, TENANT, "ws-1", "4540673")

    assert all(isinstance(item.verdict, IsCovered) for item in told.software)
    assert "is at or above 18363.719" in told.software[0].because


def test_a_kb_for_other_products_says_so(fleet: Database, catalogue: CatalogueFile) -> None:
    """Nothing to explain is not the same as installed."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)

    told = explain(fleet, catalogue, TENANT, "ws-1", "4541509")

    assert told.software == ()
    assert told.note.startswith("KB4541509 is for none of the machine's products")


def test_a_machine_outside_the_catalogue_says_so(fleet: Database, catalogue: CatalogueFile) -> None:
    """With the reason."""
    windows_7 = OperatingSystem(name="Microsoft Windows 7 Professional", build="6.1.7601")
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1", os=windows_7)], NOW)

    told = explain(fleet, catalogue, TENANT, "ws-1", "4540673")

    assert told.software == ()
    assert told.note.startswith("the machine is outside the catalogue: ")


def test_what_is_not_known_is_named(fleet: Database, catalogue: CatalogueFile) -> None:
    """A machine, a KB, or a text that is no KB."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)

    with pytest.raises(NotFound, match="Machine ws-9 was not found"):
        explain(fleet, catalogue, TENANT, "ws-9", "4540673")
    with pytest.raises(NotFound, match="KB5000000 fixes nothing in catalogue"):
        explain(fleet, catalogue, TENANT, "ws-1", "5000000")
    with pytest.raises(Invalid, match="'March' is no KB number; write KB4540673 or 4540673"):
        explain(fleet, catalogue, TENANT, "ws-1", "March")
