"""Query options are honoured or refused by name; what belongs to nobody is ignored."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.odata.entity import Pages
from kbgap.odata.errors import ODataError
from kbgap.odata.options import FOR_COUNTS, FOR_ENTITIES, Listing, Query, read_query
from kbgap.odata.ordering import Order
from kbgap.odata.skiptoken import write_token
from kbgap.odata.tree import Compare, Literal, Operator, Property
from tests.odata.given import THING

LISTING = Listing(THING, Pages(usual=100, most=500), parameters=frozenset({"tag"}))


def test_nothing_asked_is_the_first_page_of_everything() -> None:
    """No option: all rows, all members, the usual page."""
    assert read_query([], LISTING) == Query(limit=100)


def test_all_options_are_read_together() -> None:
    """In any order and any letter case."""
    pairs = [
        ("$Top", "5"),
        ("$SKIP", " 7 "),
        ("$filter", "name eq 'a'"),
        ("$orderby", "name desc"),
        ("$select", "name,ID"),
        ("$expand", "owners"),
        ("$count", "True"),
        ("$format", "json"),
        ("Tag", "berlin"),
    ]

    query = read_query(pairs, LISTING)

    assert query.where == Compare(Operator.EQUAL, Property("name"), Literal("a"))
    assert query.order == (Order("name", is_descending=True),)
    assert (query.top, query.skip, query.limit) == (5, 7, 5)
    assert query.select == ("id", "name")
    assert query.expand == ("owners",)
    assert query.is_counted
    assert query.parameter("tag") == "berlin"
    assert query.parameter("other") is None


def test_what_belongs_to_nobody_is_ignored_and_not_repeated() -> None:
    """Clients send their own parameters, empty ones, and even their secret: none may come back in a link."""
    pairs = [("client_secret", "s3cret"), ("", ""), ("filter", "nonsense"), ("x-client-SKU", "a"), ("@p", "1")]

    query = read_query([*pairs, *pairs], LISTING)

    assert query == Query(limit=100)


def test_an_option_without_a_value_counts_as_not_given() -> None:
    """Forms and templates leave empty options behind."""
    pairs = [("$filter", ""), ("$top", " "), ("$select", "\t"), ("tag", ""), ("$top", "3")]

    assert read_query(pairs, LISTING).top == 3


@pytest.mark.parametrize(
    ("pairs", "limit", "skip"),
    [
        ([("pageSize", "50")], 50, 0),
        ([("pagesize", "10000")], 500, 0),
        ([("pageSize", "0")], 100, 0),
        ([("pageIndex", "0")], 100, 0),
        ([("pageIndex", "1"), ("pageSize", "50000")], 500, 0),
        ([("pageIndex", "3"), ("pageSize", "50")], 50, 100),
        ([("pageIndex", "2"), ("$skip", "5")], 100, 105),
        ([("$top", "500"), ("pageSize", "50")], 500, 0),
        ([("$top", "0")], 0, 0),
    ],
)
def test_pages_have_the_size_that_is_asked_for(pairs: list[tuple[str, str]], limit: int, skip: int) -> None:
    """Up to the most of the list; a larger pageSize is cut, since every client sends one; pages count from 1."""
    query = read_query(pairs, LISTING)

    assert (query.limit, query.skip) == (limit, skip)


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([("$search", "a")], "query: the option '$search' is not supported on this path; leave it out"),
        ([("$apply", "")], "query: the option '$apply' is not supported on this path"),
        ([("$skiptoken", "a")], "query: the option '$skiptoken' is not supported on this path"),
        ([("$" + "x" * 5_000, "")], "…' is not supported on this path"),
        ([("$top", "3"), ("$TOP", "3")], "$TOP: '$TOP' is given twice; give it once"),
        ([("tag", "a"), ("tag", "b")], "tag: 'tag' is given twice"),
        ([("$top", "-1")], "$top: '-1' is no number; give a whole number from 0 to 500"),
        ([("$top", "1.5")], "$top: '1.5' is no number"),
        ([("$top", "²")], "$top: '²' is no number"),
        ([("$top", "501")], "$top: 501 is more than 500; ask for less, or leave it out"),
        ([("$skip", "9" * 16)], "$skip: 9999999999999999 is more than 1000000000000000"),
        ([("$skip", "9" * 5_000)], "…' is no number"),
        ([("pageSize", "many")], "pagesize: 'many' is no number"),
        ([("pageIndex", "9999999999")], "pageindex: 9999999999 is more than"),
        ([("$count", "1")], "$count: '1' is neither true nor false"),
        ([("$format", "atom")], "$format: 'atom' is not supported; ask for json"),
        ([("$format", "application/json;odata.metadata=full")], "is not supported; ask for json"),
        ([("$filter", "nobody eq 1")], "$filter at 1: 'nobody' is no property of Thing"),
        ([("$orderby", "nobody")], "$orderby at 1: 'nobody' is nothing to sort Thing by"),
        ([("$select", "id,nobody")], "$select at 4: Thing has no 'nobody' for it"),
        ([("$expand", "nobody")], "$expand at 1: Thing has no 'nobody' for it; there is owners, maker"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(pairs: list[tuple[str, str]], said: str) -> None:
    """A wrong or unknown option of OData never gives rows that nobody asked for."""
    with pytest.raises(ODataError, match=re.escape(said)) as refusal:
        read_query(pairs, LISTING)

    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize("value", ["JSON", "application/json", "application/json; odata.metadata=minimal"])
def test_json_may_be_asked_for(value: str) -> None:
    """It is what comes anyway."""
    assert read_query([("$format", value)], LISTING).top is None


@pytest.mark.parametrize("options", [FOR_ENTITIES, FOR_COUNTS])
def test_a_path_without_pages_refuses_to_page(options: frozenset[str]) -> None:
    """One entity and a count have no second page; pageSize, which some clients send everywhere, is ignored there."""
    listing = Listing(THING, options=options)
    assert read_query([("pageSize", "many")], listing).skip == 0

    with pytest.raises(ODataError, match=re.escape("'$top' is not supported")):
        read_query([("$top", "3")], listing)


def test_a_walk_goes_on_behind_its_token() -> None:
    """The values of the last row come back as they were."""
    listing = Listing(THING, place=(str, int))

    query = read_query([("$skiptoken", write_token(("a", 7)))], listing)

    assert query.after == ("a", 7)


NAMES = ["$filter", "$orderby", "$top", "$skip", "$select", "$count", "$expand", "$format", "$skiptoken", "pageSize"]


@given(st.lists(st.tuples(st.sampled_from([*NAMES, "pageIndex", "tag", "$x"]) | st.text(max_size=5), st.text())))
def test_any_parameters_are_a_query_or_a_refusal(pairs: list[tuple[str, str]]) -> None:
    """Nothing that a client sends ends in any other error."""
    try:
        query = read_query(pairs, Listing(THING, place=(str,)))
    except ODataError as error:
        assert error.where  # noqa: PT017 - either outcome is right
    else:
        assert query.limit <= 10_000
