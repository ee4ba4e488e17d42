"""The demo's fleet: the same machines for the same seed, whose reports are ordinary reports."""

from datetime import UTC, datetime

from kbgap.core.errors import Invalid
from kbgap.core.model import Line
from kbgap.inventory.decode import decode_reports
from kbgap.inventory.report import Report, State, encode_report
from kbgap.operations.demo_fleet import demo_fleet, fleet_table
from tests.operations.demo_world import demo_lines

NOW = datetime(2026, 7, 20, 8, tzinfo=UTC)


def fleet(seed: int, machines: int = 300) -> list[Report]:
    """The reports of one fleet."""
    return list(demo_fleet(seed, machines, demo_lines(), NOW))


def test_the_same_seed_gives_the_same_fleet() -> None:
    """What the documentation says about the demo must be there for everyone."""
    assert fleet(7) == fleet(7)


def test_another_seed_gives_another_fleet() -> None:
    """The demo's numbers follow from its dice."""
    assert fleet(7) != fleet(8)


def test_a_larger_fleet_begins_with_the_smaller_one() -> None:
    """Adding machines does not change those that are there."""
    assert fleet(7, machines=40)[:10] == fleet(7, machines=10)


def test_what_machines_lack_does_not_depend_on_the_day() -> None:
    """The fleet is that of one day, and only the moment of the report moves with the clock."""
    later = list(demo_fleet(7, 100, demo_lines(), datetime(2031, 1, 1, tzinfo=UTC)))

    assert [(r.machine, r.os, r.installed_updates) for r in later] == [
        (r.machine, r.os, r.installed_updates) for r in fleet(7, machines=100)
    ]


def test_reports_are_accepted_as_any_others() -> None:
    """The demo takes the same road as real machines."""
    body = b"\n".join(encode_report(report) for report in fleet(7))

    decoded = decode_reports(body)

    assert [item for item in decoded if isinstance(item, Invalid)] == []
    assert decoded == fleet(7)


def test_every_build_is_one_that_microsoft_released() -> None:
    """A machine stands where some update of its line brought it, or does not say how far it is."""
    lines: dict[str, Line] = demo_lines()
    builds = {str(release.build) for line in lines.values() for release in line.releases}
    prefixes = {line.prefix for line in lines.values()}

    odd = {report.os.build for report in fleet(7)} - builds - prefixes

    assert odd == set()


def test_the_fleet_has_what_makes_a_fleet_difficult() -> None:
    """Unknown UBRs, cut lists, pending restarts, hotpatch and security-only machines are all there."""
    reports = fleet(7, machines=1_000)
    updates = [update for report in reports for update in report.installed_updates or ()]

    assert any(report.os.build.count(".") == 2 for report in reports)
    assert any(report.update_list and not report.update_list.complete for report in reports)
    assert any(report.os.pending_restart for report in reports)
    assert any(update.state is State.PENDING for update in updates)
    assert any(report.os.hotpatch for report in reports)
    assert {report.machine.rbac_group_name for report in reports if report.machine} == set(fleet_table().departments)
    assert {report.os.name for report in reports} == {windows.name for windows in fleet_table().windows.values()}


def test_weights_name_what_there_is() -> None:
    """A department's rings and Windows releases stand in the same table."""
    table = fleet_table()

    for department in table.departments.values():
        assert set(department.rings) <= set(table.rings)
        assert set(department.windows) <= set(table.windows)
    assert {windows.line for windows in table.windows.values()} <= set(demo_lines())
