"""The link to the next page asks the same question again, one page further."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.odata.options import Listing, read_query
from kbgap.odata.paging import next_by_skip, next_by_token
from tests.odata.given import THING

ADDRESS = "https://kbgap.example.org/api/machines"


def test_a_link_says_how_many_rows_to_skip() -> None:
    """The form that the service writes."""
    query = read_query([], Listing(THING))

    assert next_by_skip(ADDRESS, query) == f"{ADDRESS}?$skip=10000"


def test_a_link_keeps_the_question() -> None:
    """Filter, order, members, count and page size stay, as the client wrote them; where it stood does not."""
    asked = [
        ("$filter", "name eq 'O''Neil & +'"),
        ("pageSize", "50"),
        ("$skip", "100"),
        ("$orderby", "name desc"),
        ("$select", "id,name"),
        ("$count", "true"),
        ("client_secret", "s3cret"),
    ]

    link = next_by_skip(ADDRESS, read_query(asked, Listing(THING)))

    assert link == (
        f"{ADDRESS}?$filter=name%20eq%20'O''Neil%20%26%20%2B'&pageSize=50&$orderby=name%20desc"
        "&$select=id,name&$count=true&$skip=150"
    )


def test_a_link_to_a_page_goes_on_from_its_end() -> None:
    """Page 3 is followed by what comes behind it, in a form that needs no page numbers."""
    query = read_query([("pageIndex", "3"), ("pageSize", "50")], Listing(THING))

    assert next_by_skip(ADDRESS, query) == f"{ADDRESS}?pageSize=50&$skip=150"


@pytest.mark.parametrize("top", ["0", "7"])
def test_who_gives_top_gets_no_link(top: str) -> None:
    """It pages by itself (contract 8.5)."""
    query = read_query([("$top", top)], Listing(THING, place=(str,)))

    assert next_by_skip(ADDRESS, query) is None
    assert next_by_token(ADDRESS, query, ("a",)) is None


@given(st.text(), st.integers(0, 10**6), st.none() | st.text(max_size=20))
def test_following_links_asks_the_same_question(tag: str, number: int, name: str | None) -> None:
    """Reading a link gives the query from which it was made, at the place that it names."""
    listing = Listing(THING, parameters=frozenset({"tag"}), place=(str, int))
    first = read_query([("tag", tag), ("$filter", "name eq 'a/b?c#d' or flag"), ("pagesize", "3")], listing)
    place = (None if name is None else name.replace("\0", ""), number)

    link = next_by_token(ADDRESS, first, place)

    assert link is not None
    following = read_query(parse_qsl(urlsplit(link).query, keep_blank_values=True), listing)
    assert (following.where, following.limit, following.parameters) == (first.where, first.limit, first.parameters)
    assert following.after == place
    assert next_by_token(ADDRESS, following, place) == link
