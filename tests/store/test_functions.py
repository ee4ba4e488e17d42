"""Many keys or numbers travel to the database as one value."""

from sqlalchemy import func, literal, select

from kbgap.store import functions
from kbgap.store.database import Database


def test_any_number_of_keys_is_one_value(database: Database) -> None:
    """Databases bound the number of values in a statement, and there can be tens of thousands of keys."""
    keys = [number.to_bytes(16) for number in range(40_000)]
    listed = functions.keys_of(keys).subquery()

    with database.snapshot() as connection:
        counted = connection.scalar(select(func.count()).select_from(listed))
        there = connection.scalar(select(literal(keys[-1]).in_(functions.keys_of(keys))))
        absent = connection.scalar(select(literal(b"\xff").in_(functions.keys_of(keys))))

    assert (counted, bool(there), bool(absent)) == (40_000, True, False)


def test_numbers_come_back_as_numbers(database: Database) -> None:
    """Beyond 32 bits too; the keys keep every letter."""
    numbers = {"CVE-2020-0601": 2**40, "it's": 0, "Ä": 7}
    pairs = functions.numbers_of(numbers)

    with database.snapshot() as connection:
        found = connection.execute(select(pairs.c.key, functions.number_in(pairs))).all()

    assert dict(map(tuple, found)) == numbers


def test_no_keys_are_no_rows(database: Database) -> None:
    """An empty list is a list."""
    with database.snapshot() as connection:
        assert connection.scalar(select(func.count()).select_from(functions.keys_of([]).subquery())) == 0
        assert connection.execute(select(functions.numbers_of({}).c.key)).all() == []
