"""Fixtures for tests that need tables, a catalogue and tenants: import them in a folder's conftest.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from kbgap.catalogue.file import CatalogueFile
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.manage_tenants import create_tenant
from kbgap.store import schema
from kbgap.store.columns import metadata
from kbgap.store.database import Database, open_database
from tests.builders import NOW, OTHER_TENANT, TENANT, a_catalogue


@pytest.fixture
def database(engine_url: str) -> Iterator[Database]:
    """A database with its tables and without rows, on SQLite and on PostgreSQL."""
    # Not by migrating, which takes ten times as long; test_migrations.py proves that it gives the same tables.
    with Database(engine_url) as made, made.transaction() as tx:
        metadata.create_all(tx)
        tx.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        tx.execute(text(f"INSERT INTO alembic_version VALUES ('{schema.MIGRATED_TO}')"))
    with open_database(engine_url) as opened:
        yield opened


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
