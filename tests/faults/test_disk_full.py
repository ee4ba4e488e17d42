"""A disk that is full loses nothing that was acknowledged, says so in one line, and is no reason to begin anew."""

import subprocess
import sys
from pathlib import Path

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.shelf import Shelf
from kbgap.operations.check_database import check
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.manage_tenants import create_tenant
from kbgap.operations.refresh_catalogue import refresh_catalogue
from kbgap.store.database import open_database
from tests.builders import NOW, TENANT
from tests.catalogue.cvrf import month
from tests.conftest import ROOT
from tests.databases import make_tables
from tests.faults.ingest import BATCH, FAILED, builds, seeded_reports

SEED, REPORTS, ROOM = 3, 3_000, 400_000


def run(*words: str | int | Path, limit: int | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a module in a process of its own, with room for so many bytes more or with all there is."""
    wrapped = [] if limit is None else ["tests.faults.limited", limit]
    command = [sys.executable, "-m", *map(str, [*wrapped, *words])]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def last_of(said: str) -> int:
    """The last report that was acknowledged."""
    return max(map(int, said.split()), default=0)


def test_ingest_stops_and_goes_on(sqlite_url: str, catalogue: CatalogueFile) -> None:
    """What was acknowledged is there, the counts equal a recount, and the rest comes in once there is room."""
    make_tables(sqlite_url)
    with open_database(sqlite_url) as database:
        create_tenant(database, TENANT, "north", NOW)
        load_catalogue(database, catalogue, NOW)
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    named: list[str | int | Path] = ["tests.faults.ingest", sqlite_url, catalogue.path, SEED]

    stopped = run(*named, 0, REPORTS, limit=file.stat().st_size + ROOM)

    acknowledged = last_of(stopped.stdout)
    assert stopped.returncode == FAILED
    assert len(stopped.stderr.splitlines()) == 1
    assert "the disk" in stopped.stderr
    assert 0 < acknowledged < REPORTS
    expected = [(name, f"10.0.18363.{ubr}") for name, ubr, _ in seeded_reports(SEED, 0, REPORTS)]
    with open_database(sqlite_url) as database:
        assert builds(database) in (dict(expected[:acknowledged]), dict(expected[: acknowledged + BATCH]))
        assert check(database) == []

    rest = run(*named, acknowledged, REPORTS - acknowledged)

    assert (rest.returncode, last_of(rest.stdout)) == (0, REPORTS)
    with open_database(sqlite_url) as database:
        assert builds(database) == dict(expected)
        assert check(database) == []


@pytest.mark.parametrize("room", [100, 4_000, 12_000, 40_000, 80_000])
def test_a_refresh_leaves_the_old_catalogue(tmp_path: Path, room: int) -> None:
    """Wherever it stops: exit code 3 and one line; the same command goes through once there is room."""
    feed, data = tmp_path / "feed", tmp_path / "data"
    feed.mkdir()
    (feed / "2020-Mar.xml").write_text(month("2020-Mar", 40))
    first = refresh_catalogue(feed, data)
    (feed / "2020-Apr.xml").write_text(month("2020-Apr", 400))
    named: list[str | int | Path] = ["kbgap.cli.main", "catalogue", "refresh", "--from", feed, "--data-dir", data]

    stopped = run(*named, limit=room)

    assert stopped.returncode == FAILED
    assert len(stopped.stderr.splitlines()) == 1
    assert "Traceback" not in stopped.stderr
    with Shelf(data / "catalogue").current() as catalogue:
        assert catalogue.revision == first.revision
        catalogue.verify()

    again = run(*named)

    assert again.returncode == 0
    with Shelf(data / "catalogue").current() as catalogue:
        assert len(catalogue.documents) == 2
        catalogue.verify()
