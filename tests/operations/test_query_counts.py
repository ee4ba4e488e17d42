"""Each answer takes a fixed number of statements, however many machines, KBs and products there are."""

from collections.abc import Callable

import pytest
from sqlalchemy import event

from kbgap.catalogue.file import CatalogueFile
from kbgap.operations.read_missing import missing_for_machine, missing_for_software
from kbgap.operations.read_software import list_software, one_software
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from tests.builders import NOW, TENANT, a_report, later


def statements(database: Database, act: Callable[[], object]) -> int:
    """How many statements an act takes."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    event.listen(database.engine, "before_cursor_execute", note)
    act()
    event.remove(database.engine, "before_cursor_execute", note)
    return count


@pytest.mark.parametrize(
    ("read", "most"),
    [
        (lambda database: missing_for_software(database, TENANT, "microsoft-_-windows_10"), 1),
        (lambda database: missing_for_machine(database, TENANT, "ws-1"), 10),
        (lambda database: list_software(database, TENANT), 3),
        (lambda database: one_software(database, TENANT, "microsoft-_-windows_10"), 3),
    ],
)
def test_reading_takes_a_fixed_number_of_statements(
    fleet: Database, catalogue: CatalogueFile, read: Callable[[Database], object], most: int
) -> None:
    """One more than these is a slip that a small test fleet would not show."""
    report_inventory(fleet, catalogue, TENANT, [a_report(f"ws-{n}", ubr=400 + n) for n in range(60)], NOW)
    read(fleet)

    assert statements(fleet, lambda: read(fleet)) <= most


def test_writing_takes_few_statements_for_many_reports(fleet: Database, catalogue: CatalogueFile) -> None:
    """A batch is written table by table, not machine by machine."""
    few = [a_report(f"ws-{n}", ubr=400 + n) for n in range(3)]
    many = [a_report(f"pc-{n}", ubr=500 + n) for n in range(400)]

    for_few = statements(fleet, lambda: report_inventory(fleet, catalogue, TENANT, few, NOW))
    for_many = statements(fleet, lambda: report_inventory(fleet, catalogue, TENANT, many, NOW))

    assert for_few <= for_many <= 40  # keys are looked up five hundred at a time


def test_a_batch_of_heartbeats_takes_few_statements(fleet: Database, catalogue: CatalogueFile) -> None:
    """Most reports change nothing."""
    reports = [a_report(f"ws-{n}") for n in range(100)]
    report_inventory(fleet, catalogue, TENANT, reports, NOW)

    again = statements(fleet, lambda: report_inventory(fleet, catalogue, TENANT, reports, later(hours=1)))

    assert again <= 8
