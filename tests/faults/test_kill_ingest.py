"""Killing the process at any moment loses nothing that was acknowledged, and leaves the counts exact.

KBGAP_TEST_KILLS sets how often each database's writer is killed (3 by default; 100 for a long run).
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from kbgap.catalogue.file import CatalogueFile
from kbgap.operations.check_database import check
from kbgap.store.database import Database
from tests.faults.ingest import BATCH, builds, seeded_reports

KILLS = int(os.environ.get("KBGAP_TEST_KILLS", "3"))
ROOT = Path(__file__).resolve().parents[2]
SEED = 7
REPORTS = 10_000 + 2_000 * max(0, KILLS - 3)  # so that there is something left to kill


def ingest_until_killed(database: Database, catalogue: CatalogueFile, first: int, seconds: float | None) -> int:
    """Run the writer from report ``first`` on, and kill it after so many seconds; the last report acknowledged."""
    url = database.url.render_as_string(hide_password=False)
    arguments = [url, str(catalogue.path), str(SEED), str(first), str(REPORTS - first)]
    command = [sys.executable, "-m", "tests.faults.ingest", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = first
        started = None
        for line in writer.stdout:
            acknowledged = int(line)
            started = started or time.monotonic()
            if seconds is not None and time.monotonic() - started > seconds:
                writer.send_signal(signal.SIGKILL)
                acknowledged = max([acknowledged, *map(int, writer.stdout)])
                break
    return acknowledged


class Expected:
    """The build that each machine reported last, out of the first so many reports."""

    def __init__(self) -> None:
        self._reports = [(name, f"10.0.18363.{ubr}") for name, ubr, _ in seeded_reports(SEED, 0, REPORTS)]

    def after(self, reports: int) -> dict[str, str]:
        """What the database must hold when so many are recorded."""
        return dict(self._reports[:reports])


def test_nothing_acknowledged_is_lost_and_counts_stay_exact(fleet: Database, catalogue: CatalogueFile) -> None:
    """Checked after every kill: all that was acknowledged is there, at most the batch under way is there too."""
    random, expected = Random(SEED), Expected()
    acknowledged = 0
    for _ in range(KILLS):
        acknowledged = ingest_until_killed(fleet, catalogue, acknowledged, random.uniform(0.05, 0.6))
        found = builds(fleet)
        assert found in (expected.after(acknowledged), expected.after(acknowledged + BATCH))
        assert check(fleet) == []

    acknowledged = ingest_until_killed(fleet, catalogue, acknowledged, None)

    assert acknowledged == REPORTS
    assert builds(fleet) == expected.after(REPORTS)
    assert check(fleet) == []
