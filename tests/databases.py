"""Fixtures for tests that need tables, a catalogue and tenants: import them in a folder's conftest.py."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from kbgap.catalogue.file import CatalogueFile
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.manage_tenants import create_tenant
from kbgap.store import schema
from kbgap.store.columns import metadata
from kbgap.store.database import Database, open_database
from tests.builders import NOW, OTHER_TENANT, TENANT, a_catalogue


@pytest.fixture(scope="session")
def postgres_tables(postgres: str) -> Iterator[str]:
    """One PostgreSQL database with the tables, for all tests of a process: making one for each takes half a second."""
    name = f"tables_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    url = postgres.replace("postgresql://", "postgresql+psycopg://", 1).replace("/postgres?", f"/{name}?", 1)
    make_tables(url)
    yield url
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def make_tables(url: str) -> None:
    """Create the tables directly, faster than by migrating; test_migrations.py proves that both give the same."""
    with Database(url) as made, made.transaction() as tx:
        metadata.create_all(tx)
        tx.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        tx.execute(text(f"INSERT INTO alembic_version VALUES ('{schema.MIGRATED_TO}')"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, sqlite_url: str) -> Iterator[Database]:
    """A database with its tables and without rows: each test that asks runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        url = sqlite_url
        make_tables(url)
    else:
        url = request.getfixturevalue("postgres_tables")
    with open_database(url) as opened:
        yield opened
        if request.param == "postgresql":
            _empty(opened)


def _empty(database: Database) -> None:
    with database.transaction() as tx:
        for table in reversed(metadata.sorted_tables):
            tx.execute(table.delete())


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[CatalogueFile]:
    """The catalogue of February and March 2020."""
    with a_catalogue(tmp_path / "catalogue") as opened:
        yield opened


@pytest.fixture
def fleet(database: Database, catalogue: CatalogueFile) -> Database:
    """A database with that catalogue and two tenants, TENANT and OTHER_TENANT, without machines."""
    create_tenant(database, TENANT, "north", NOW)
    create_tenant(database, OTHER_TENANT, "south", NOW)
    load_catalogue(database, catalogue, NOW)
    return database
