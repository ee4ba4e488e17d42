"""Rows come back as they were given, however they are handed to the driver, on both databases."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from kbgap.store import dialect, schema
from kbgap.store.database import Database
from kbgap.store.dialect import Row

_NOW = datetime(2026, 7, 20, 8, 0, 0, 123456, tzinfo=UTC)


def _rows(database: Database) -> list[tuple[object, ...]]:
    table = schema.tenant
    with database.snapshot() as connection:
        return [tuple(row) for row in connection.execute(select(table).order_by(table.c.tenant_id))]


def _tenant(number: int, name: str) -> Row:
    """With its columns in another order than that of the table."""
    return {"name": name, "created_at": _NOW, "guid": f"guid {number}", "tenant_id": number}


@pytest.mark.parametrize("name", ["north", "o'north", "100 % :name ?", "snow ☃", ""])
def test_rows_come_back_whatever_their_order_of_columns(database: Database, name: str) -> None:
    """Moments keep their microseconds, and no text is read as SQL."""
    with database.transaction() as tx:
        dialect.insert_all(tx, schema.tenant, [_tenant(1, name), _tenant(2, "south")])

    assert _rows(database) == [(1, "guid 1", name, _NOW), (2, "guid 2", "south", _NOW)]


def test_a_row_that_is_there_stays_or_is_written_anew(database: Database) -> None:
    """New ones are added beside it; what is kept keeps its value."""
    with database.transaction() as tx:
        dialect.insert_new(tx, schema.tenant, [_tenant(1, "first")])
        dialect.insert_new(tx, schema.tenant, [_tenant(1, "ignored"), _tenant(2, "second")])
        changed = {**_tenant(2, "renamed"), "guid": "another"}
        dialect.insert_or_replace(tx, schema.tenant, [changed], keep=("guid",))

    assert [(row[1], row[2]) for row in _rows(database)] == [("guid 1", "first"), ("guid 2", "renamed")]


def test_counts_are_added(database: Database) -> None:
    """To those of the row that is there, each to its own."""
    row: dict[str, list[object]] = {
        "exposed": [1, 0],
        "machines": [3, 5],
        "scope": [0, 0],
        "software": ["windows_10", "edge"],
        "tenant_id": [1, 1],
    }

    with database.transaction() as tx:
        dialect.insert_or_add(tx, schema.software_count, row, "machines", "exposed")
        dialect.insert_or_add(tx, schema.software_count, row, "machines", "exposed")

    with database.snapshot() as connection:
        table = schema.software_count.c
        found = connection.execute(select(table.machines, table.exposed).order_by(table.software)).all()
    assert list(map(tuple, found)) == [(10, 0), (6, 2)]


def test_nothing_to_insert_is_no_statement(database: Database) -> None:
    """A batch may leave a table alone."""
    with database.transaction() as tx:
        dialect.insert_all(tx, schema.tenant, [])
        dialect.insert_or_replace(tx, schema.tenant, [])
        dialect.insert_or_add(tx, schema.software_count, {}, "machines", "exposed")

    assert _rows(database) == []
