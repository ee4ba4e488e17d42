"""Which machine a report is of: the written rule, when machines are renamed, installed anew or share a name."""

from datetime import datetime

from kbgap.catalogue.file import CatalogueFile
from kbgap.inventory.report import Machine, Report
from kbgap.odata.options import Query
from kbgap.operations.check_database import check
from kbgap.operations.read_machines import get_machine, list_machines
from kbgap.operations.read_missing import missing_for_machine
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from tests.builders import NOW, TENANT, a_report, later

ONE, OTHER = "1" * 40, "2" * 40


def report(name: str, machine_id: str | None = None, ubr: int = 657) -> Report:
    """A report of a machine with an id of its own or without."""
    return a_report(ubr=ubr, machine=Machine(id=machine_id, computer_dns_name=name))


def take(fleet: Database, catalogue: CatalogueFile, *reports: Report, at: datetime = NOW) -> None:
    """Take reports in at a moment."""
    report_inventory(fleet, catalogue, TENANT, reports, at)
    assert check(fleet) == []


def machines(fleet: Database) -> set[tuple[str | None, str | None]]:
    """Name and id of each machine."""
    rows = list_machines(fleet, TENANT, Query()).rows
    return {(row.computer_dns_name, row.id) for row in rows}


def test_a_renamed_machine_stays_the_same_by_its_id(fleet: Database, catalogue: CatalogueFile) -> None:
    """It has its new name, and when it was seen first."""
    take(fleet, catalogue, report("old", ONE))
    take(fleet, catalogue, report("new", ONE), at=later(days=1))

    assert machines(fleet) == {("new", ONE)}
    assert get_machine(fleet, TENANT, "new").first_seen == NOW


def test_without_an_id_another_name_is_another_machine(fleet: Database, catalogue: CatalogueFile) -> None:
    """Nothing else could tell: the old one leaves when it has been silent for long enough."""
    take(fleet, catalogue, report("old"), report("new"))

    assert {name for name, _ in machines(fleet)} == {"old", "new"}


def test_a_machine_installed_anew_stays_the_same_by_its_name(fleet: Database, catalogue: CatalogueFile) -> None:
    """What it says now replaces all that it said."""
    take(fleet, catalogue, report("ws-1", ubr=719))
    take(fleet, catalogue, report("WS-1.", ubr=418), at=later(days=1))

    assert {name for name, _ in machines(fleet)} == {"ws-1"}
    assert {row.id for row in missing_for_machine(fleet, TENANT, "ws-1")} >= {"4532693"}
    assert get_machine(fleet, TENANT, "ws-1").first_seen == NOW


def test_a_machine_installed_anew_with_another_id_is_another_machine(fleet: Database, catalogue: CatalogueFile) -> None:
    """The id decides where there is one, whatever the name is."""
    take(fleet, catalogue, report("ws-1", ONE), report("ws-1", OTHER))

    assert machines(fleet) == {("ws-1", ONE), ("ws-1", OTHER)}


def test_a_shared_name_stands_for_the_machine_heard_last(fleet: Database, catalogue: CatalogueFile) -> None:
    """Asked for by its name; by their ids both can be had."""
    take(fleet, catalogue, report("ws-1", OTHER))
    take(fleet, catalogue, report("ws-1", ONE), at=later(days=1))

    found = [get_machine(fleet, TENANT, name).id for name in ("ws-1", ONE, OTHER)]

    assert found == [ONE, ONE, OTHER]


def test_two_machines_of_one_name_without_ids_are_taken_for_one(fleet: Database, catalogue: CatalogueFile) -> None:
    """What was said last counts, and the counts hold one machine."""
    take(fleet, catalogue, report("ws-1", ubr=418), report("ws-1", ubr=719))

    assert {name for name, _ in machines(fleet)} == {"ws-1"}
