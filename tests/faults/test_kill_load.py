"""Killing a load in the midst of judging leaves the old answers whole, and the next load goes on from there."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations, islice
from pathlib import Path

import pytest
from sqlalchemy import func, select

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.model import SoftwareState
from kbgap.core.verdicts import Finding
from kbgap.operations.check_database import check
from kbgap.operations.judging import Judge
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.manage_machines import sweep_machines
from kbgap.operations.read_missing import missing_for_software
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import rejudging, schema, tenants
from kbgap.store.database import Database
from kbgap.store.tenants import tenant_key
from kbgap.store.unused import drop_unused
from tests.builders import APRIL, FEBRUARY, MARCH, NOW, TENANT, a_catalogue, a_report, later
from tests.conftest import ROOT

MACHINES = 3_500
LISTED = ["4532693", "4540673", "4549951", *(str(4_000_000 + number) for number in range(12))]


@pytest.fixture
def with_april(tmp_path: Path) -> Iterator[CatalogueFile]:
    """The catalogue a month later."""
    with a_catalogue(tmp_path / "april", FEBRUARY, MARCH, APRIL) as opened:
        yield opened


@pytest.fixture
def many(fleet: Database, catalogue: CatalogueFile) -> Database:
    """So many machines of which no two list the same, that judging them takes several steps."""
    lists = islice(combinations(LISTED, 6), MACHINES)
    builds = (418, 657, 719)
    reports = [a_report(f"ws-{number}", ubr=builds[number % 3], kbs=list(kbs)) for number, kbs in enumerate(lists)]
    report_inventory(fleet, catalogue, TENANT, reports, NOW)
    return fleet


def missing(database: Database) -> dict[str, int]:
    """How many machines miss each KB of Windows 10."""
    return {row.id: row.machine_missed_on for row in missing_for_software(database, TENANT, "microsoft-_-windows_10")}


def judged(database: Database, revision: str) -> int:
    """How many states are judged at a revision."""
    table = schema.judgement
    with database.snapshot() as connection:
        return connection.scalar(select(func.count()).select_from(table).where(table.c.revision == revision)) or 0


def load_and_kill(database: Database, file: CatalogueFile, steps: int) -> list[int]:
    """Load in a process of its own, and kill it after so many steps; how far it said to be."""
    command = [sys.executable, "-m", "tests.faults.load", database.url.render_as_string(hide_password=False)]
    with subprocess.Popen([*command, str(file.path)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as loader:
        assert loader.stdout is not None
        said = [int(loader.stdout.readline()) for _ in range(steps)]
        loader.send_signal(signal.SIGKILL)
    return said


def test_a_load_that_is_killed_goes_on_later(
    many: Database, catalogue: CatalogueFile, with_april: CatalogueFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile answers, reports and sweeps are those of the old catalogue; no state is judged a second time."""
    before = missing(many)

    said = load_and_kill(many, with_april, steps=2)

    assert said == [1000, 2000]
    assert missing(many) == before
    assert check(many) == []
    done = judged(many, with_april.revision)
    assert done > 0

    # The fleet lives on: somebody reports, and a sweep tidies up.
    report_inventory(many, catalogue, TENANT, [a_report("ws-new", ubr=500)], later(days=1))
    sweep_machines(many, TENANT, later(days=1), timedelta(days=30), timedelta(days=180))
    assert judged(many, with_april.revision) == done
    assert check(many) == []

    anew: list[SoftwareState] = []
    assess = Judge._assess

    def counted(self: Judge, state: SoftwareState) -> tuple[Finding, ...]:
        anew.append(state)
        return assess(self, state)

    monkeypatch.setattr(Judge, "_assess", counted)
    load_catalogue(many, with_april, later(days=31))

    assert len(anew) == judged(many, with_april.revision) - done
    assert missing(many)["4549951"] == MACHINES + 1
    assert check(many) == []
    with many.snapshot() as connection:
        assert rejudging.states_to_judge(connection, tenant_key(TENANT), with_april.revision) == 0
        assert not rejudging.is_awaited(connection, with_april.revision)


def test_reports_come_in_while_a_catalogue_is_loaded(
    many: Database, catalogue: CatalogueFile, with_april: CatalogueFile
) -> None:
    """What comes in between two steps is judged with the new catalogue too, and nobody waits for the whole load."""
    seen: list[dict[str, int]] = []

    def report_meanwhile(_stage: str, done: int, _total: int) -> None:
        report_inventory(many, catalogue, TENANT, [a_report(f"late-{done}", ubr=600)], later(days=1))
        seen.append(missing(many))

    load_catalogue(many, with_april, later(days=30), report_meanwhile)

    assert len(seen) >= 4
    assert all("4549951" not in rows for rows in seen)
    assert missing(many)["4549951"] == MACHINES + len(seen)
    assert check(many) == []


def test_what_is_ready_and_then_deleted_is_judged_once_more(many: Database, with_april: CatalogueFile) -> None:
    """A second load that took the rows away between a step and the switch costs time, and no wrong answer."""

    def take_away(_stage: str, done: int, _total: int) -> None:
        if done < MACHINES:
            return
        with many.transaction() as tx:
            drop_unused(tx, tenant_key(TENANT), tenants.pointer(tx, TENANT).revision)

    load_catalogue(many, with_april, later(days=30), take_away)

    assert missing(many)["4549951"] == MACHINES
    assert check(many) == []
