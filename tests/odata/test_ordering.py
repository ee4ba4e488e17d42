"""Orders are read, completed and applied so that pages neither repeat nor lose a row."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.odata.errors import ODataError
from kbgap.odata.model import defender_model
from kbgap.odata.ordering import Order, read_order, sort_rows, total_order
from tests.odata.given import THING, rows


def test_orders_are_read_most_important_first() -> None:
    """Ascending when nothing is said; a property that comes again decides nothing any more."""
    text = "NAME desc ,  count\tASC, id,name"

    assert read_order(text, THING) == (Order("name", is_descending=True), Order("count"), Order("id"))


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("nobody", 1, "'nobody' is nothing to sort Thing by; sort by id, name, small"),
        ("name,tags", 6, "'tags' is nothing to sort Thing by"),
        ("place", 1, "'place' is nothing to sort Thing by"),
        ("secret", 1, "'secret' is nothing to sort Thing by"),
        ("name, count down", 7, "'count down' is not supported; name a property, then asc or desc"),
        ("tolower(name)", 1, "'tolower(name)' is not supported"),
        ("place/street", 1, "'place/street' is not supported"),
        ("name,", 6, "a name is missing before or after a comma"),
    ],
)
def test_an_order_that_cannot_be_is_refused(text: str, at: int, said: str) -> None:
    """With its position."""
    with pytest.raises(ODataError, match=re.escape(said)) as refusal:
        read_order(text, THING)

    assert refusal.value.where == f"$orderby at {at}"


def test_an_order_is_completed_by_what_tells_rows_apart() -> None:
    """The key of an entity, or the identity of rows without one; once only."""
    exported = defender_model().type("AssetSoftware")

    assert total_order((), THING) == (Order("id"),)
    assert total_order((Order("name"),), THING) == (Order("name"), Order("id"))
    assert total_order((Order("id", is_descending=True),), THING) == (Order("id", is_descending=True),)
    assert [order.name for order in total_order((Order("softwareName"),), exported)] == [
        "softwareName",
        "deviceId",
        "softwareVendor",
        "softwareVersion",
    ]


def test_null_comes_first_and_words_follow_their_numbers() -> None:
    """As the protocol has it: Low is less than High, although its name is not."""
    things = [{"id": str(at), "level": level} for at, level in enumerate(["High", "Low", None, "Medium"])]

    ascending = sort_rows(things, read_order("level", THING), THING)
    descending = sort_rows(things, read_order("level desc", THING), THING)

    assert [thing["level"] for thing in ascending] == [None, "Low", "Medium", "High"]
    assert [thing["level"] for thing in descending] == ["High", "Medium", "Low", None]


@given(st.lists(rows, max_size=6), st.permutations(["name", "count", "score", "flag", "seen", "level"]), st.booleans())
def test_a_total_order_does_not_depend_on_where_rows_came_from(
    things: list[dict[str, object]], names: list[str], is_descending: bool
) -> None:
    """Whatever the order, turning the rows round first changes nothing: no two rows tie."""
    apart = [thing | {"id": str(at)} for at, thing in enumerate(things)]
    order = total_order((Order(names[0], is_descending), Order(names[1])), THING)

    assert sort_rows(apart, order, THING) == sort_rows(apart[::-1], order, THING)
