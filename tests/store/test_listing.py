"""One page of a list, from the database or from rows at hand: filtered, ordered, counted, and where it goes on."""

import msgspec
import pytest

from kbgap.odata.filter import parse_filter
from kbgap.odata.model import read_model
from kbgap.odata.options import Query
from kbgap.odata.ordering import Order
from kbgap.store.listing import choose

THING = read_model("""
namespace = "test"
container = "Container"

[types.Thing]
key = ["id"]
properties = { id = "String", shelfNumber = "Int64?" }
""").type("Thing")


class Thing(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A row whose public names differ from those of its fields."""

    id: str
    shelf_number: int | None


THINGS = [Thing(id=str(number), shelf_number=None if number == 3 else number % 2) for number in range(5)]


def test_rows_keep_their_order_and_say_when_more_follow() -> None:
    """Without any option the first page is what comes first."""
    listed = choose(THINGS, Query(limit=2), THING)

    assert [row.id for row in listed.rows] == ["0", "1"]
    assert (listed.count, listed.goes_on, listed.place) == (None, True, None)


@pytest.mark.parametrize(("skip", "ids", "goes_on"), [(3, ["3", "4"], False), (5, [], False), (2, ["2", "3"], True)])
def test_pages_follow_each_other(skip: int, ids: list[str], goes_on: bool) -> None:
    """A window past the end is empty, and no window overlaps another."""
    listed = choose(THINGS, Query(skip=skip, limit=2), THING)

    assert ([row.id for row in listed.rows], listed.goes_on) == (ids, goes_on)


def test_rows_are_filtered_and_ordered_by_their_public_names() -> None:
    """Counted before the page is cut."""
    query = Query(
        where=parse_filter("shelfnumber ne 7", THING),
        order=(Order("shelfNumber", is_descending=True),),
        limit=3,
        is_counted=True,
    )

    listed = choose(THINGS, query, THING)

    assert [row.id for row in listed.rows] == ["1", "0", "2"]
    assert listed.count == 5


def test_a_bare_count_needs_no_rows() -> None:
    """A path that ends in /$count."""
    listed = choose(THINGS, Query(where=parse_filter("shelfNumber eq null", THING), limit=0, is_counted=True), THING)

    assert (listed.rows, listed.count) == ([], 1)
