"""A clock that is wrong makes no report an older one, loses no machine, and leaves the counts exact."""

from datetime import timedelta

from kbgap.catalogue.file import CatalogueFile
from kbgap.operations.arrivals import Status
from kbgap.operations.check_database import check
from kbgap.operations.manage_machines import exclude_machine, sweep_machines
from kbgap.operations.read_missing import missing_for_machine
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import machines
from kbgap.store.database import Database
from kbgap.store.tenants import tenant_key
from tests.builders import BY, NOW, TENANT, a_report, later

YEARS = 3_650  # days that the clock was ahead


def test_reports_without_a_time_count_as_they_come(fleet: Database, catalogue: CatalogueFile) -> None:
    """What a machine says last is what it has, whatever our clock said before."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], later(days=YEARS))

    answers = report_inventory(fleet, catalogue, TENANT, [a_report("ws-1", ubr=719)], NOW)

    assert [(answer.status, answer.reason) for answer in answers] == [(Status.ACCEPTED, "")]
    assert missing_for_machine(fleet, TENANT, "ws-1") == []
    assert check(fleet) == []


def test_reports_with_a_time_are_in_order_again(fleet: Database, catalogue: CatalogueFile) -> None:
    """The first one after the clock was set back is taken; from then on an older one is left out, as ever."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1", ubr=418)], later(days=YEARS))

    reports = [a_report("ws-1", ubr=719, at=later(hours=-1)), a_report("ws-1", ubr=657, at=later(hours=-2))]
    answers = report_inventory(fleet, catalogue, TENANT, reports, NOW)

    assert [answer.status for answer in answers] == [Status.ACCEPTED, Status.UNCHANGED]
    assert answers[1].reason.startswith("older than the report of 2020-03-20T07:00:00Z")
    assert missing_for_machine(fleet, TENANT, "ws-1") == []


def test_a_sweep_takes_nobody_away(fleet: Database, catalogue: CatalogueFile) -> None:
    """Machines that were heard in the future are not silent; they leave the counts as they should later on."""
    days = timedelta(days=1)
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], later(days=2))

    early = sweep_machines(fleet, TENANT, NOW, 30 * days, 180 * days)
    late = sweep_machines(fleet, TENANT, later(days=33), 30 * days, 180 * days)

    assert (early.silent, early.deleted) == (0, 0)
    assert (late.silent, late.deleted) == (1, 0)
    assert check(fleet) == []


def test_a_clock_that_jumps_ahead_deletes_nobody(fleet: Database, catalogue: CatalogueFile) -> None:
    """Nor does a server that was off for years: who is heard again is back, with all that an administrator set."""
    days = timedelta(days=1)
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)
    exclude_machine(fleet, TENANT, "ws-1", "Other", BY)

    first, second = (
        sweep_machines(fleet, TENANT, later(days=YEARS, hours=hours), 30 * days, 180 * days) for hours in (0, 1)
    )
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], later(days=1))
    with fleet.reading() as connection:
        found = machines.find(connection, tenant_key(TENANT), "ws-1")

    assert [(swept.silent, swept.deleted) for swept in (first, second)] == [(1, 0), (0, 0)]
    assert (found.is_silent, found.exclusion) == (False, "Other")
    assert check(fleet) == []


def test_who_stays_silent_is_deleted_in_the_end(fleet: Database, catalogue: CatalogueFile) -> None:
    """Once they have been out of the counts for as long as they would have been on a server that was never off."""
    days = timedelta(days=1)
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)

    swept = [sweep_machines(fleet, TENANT, later(days=day), 30 * days, 180 * days).deleted for day in (400, 549, 550)]

    assert swept == [0, 0, 1]
