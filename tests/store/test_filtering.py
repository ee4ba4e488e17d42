"""A filter in SQL keeps what the same filter in plain Python keeps, on every database."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    insert,
    select,
)

from kbgap.odata.evaluate import matches
from kbgap.odata.filter import parse_filter
from kbgap.odata.ordering import Order, sort_rows, total_order
from kbgap.odata.tree import Tree
from kbgap.store.columns import Instant
from kbgap.store.database import Database
from kbgap.store.filtering import condition, ordering
from tests.odata.given import THING, rows, trees

THINGS = Table(
    "thing",
    MetaData(),
    Column("row", Integer, primary_key=True),
    Column("id", Text),
    Column("name", Text),
    Column("small", Integer),
    Column("count", BigInteger),
    Column("score", Double),
    Column("impact", Double),
    Column("flag", Boolean),
    Column("seen", Instant),
    Column("guid", Text),
    Column("level", Text),
    Column("tags", Text),
)
COLUMNS = {column.name: column for column in THINGS.c if column.name != "row"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def connection(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A transaction on each database, with a table that goes with it."""
    folder = tmp_path_factory.mktemp("filtering")
    url = f"sqlite:///{folder / 'things.sqlite'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").replace("postgresql://", "postgresql+psycopg://", 1)
    with Database(url) as database, database.engine.connect() as opened:
        transaction = opened.begin()
        THINGS.create(opened)
        yield opened
        transaction.rollback()


def fill(connection: Connection, things: list[dict[str, object]]) -> None:
    """Put rows into the table, numbered in their order."""
    connection.execute(delete(THINGS))
    if things:
        values = [{**thing, "tags": msgspec.json.encode(thing["tags"]).decode()} for thing in things]
        connection.execute(insert(THINGS), [{**value, "row": number} for number, value in enumerate(values)])


def kept(connection: Connection, tree: Tree) -> list[int]:
    """The numbers of the rows that the database keeps."""
    statement = select(THINGS.c.row).where(condition(tree, COLUMNS)).order_by(THINGS.c.row)
    return list(connection.scalars(statement))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=150)
@given(tree=trees, things=st.lists(rows, min_size=1, max_size=8))
def test_a_database_keeps_what_plain_python_keeps(
    connection: Connection, tree: Tree, things: list[dict[str, object]]
) -> None:
    """Null, letter case, wildcards, collections and every other trap included."""
    fill(connection, things)

    found = kept(connection, tree)

    assert found == [number for number, thing in enumerate(things) if matches(tree, thing)]


_orders = st.lists(
    st.builds(Order, st.sampled_from(sorted(COLUMNS.keys() - {"tags"})), is_descending=st.booleans()),
    max_size=3,
    unique_by=lambda order: order.name,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(order=_orders, things=st.lists(rows, max_size=8, unique_by=lambda thing: str(thing["id"])))
def test_a_database_orders_as_plain_python_orders(
    connection: Connection, order: list[Order], things: list[dict[str, object]]
) -> None:
    """Text by code points, null first, words of an enumeration by their numbers, and the key last."""
    fill(connection, things)

    found = connection.scalars(select(THINGS.c.id).order_by(*ordering(tuple(order), COLUMNS, THING)))

    assert list(found) == [thing["id"] for thing in sort_rows(things, total_order(tuple(order), THING), THING)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name eq '100%'", ["100%"]),
        ("contains(name,'%')", ["100%"]),
        ("contains(name,'_')", ["a_b"]),
        ("startswith(name,'A')", ["ABC"]),
        ("tolower(name) eq 'abc'", ["ABC", "abc"]),
        ("endswith(name,'')", ["100%", "ABC", "a_b", "abc", ""]),
        ("name eq null", [None]),
        ("name ne 'abc'", ["100%", "ABC", "a_b", "", None]),
        ("not (name eq 'abc')", ["100%", "ABC", "a_b", "", None]),
        ("not contains(name,'b')", ["100%", "ABC", ""]),
        ("name in ('abc', null)", ["abc", None]),
        ("name gt 'a'", ["a_b", "abc"]),
    ],
)
def test_the_traps_by_name(connection: Connection, text: str, expected: list[str | None]) -> None:
    """Wildcards are letters, case counts, and null is nothing but null."""
    names: list[Any] = ["100%", "ABC", "a_b", "abc", "", None]
    blank = {"small": 0, "count": None, "score": 0.0, "impact": None, "flag": None}
    more = {"seen": None, "guid": None, "level": None, "tags": ()}
    fill(connection, [{"id": str(number), "name": name} | blank | more for number, name in enumerate(names)])

    found = kept(connection, parse_filter(text, THING))

    assert [names[number] for number in found] == expected


def test_a_wide_filter_is_no_deep_expression(connection: Connection) -> None:
    """SQLite refuses expressions more than a thousand deep; the most that reading lets through stays below that."""
    text = " or ".join(f"name eq '{number}'" for number in range(330))
    fill(connection, [])

    assert kept(connection, parse_filter(text, THING)) == []
