"""Cut lists into pages of a hundred rows, and link each page to its neighbours with all else that was asked for."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from kbgap.odata.options import Query
from kbgap.odata.ordering import Order
from kbgap.odata.tree import And, Call, Function, Literal, Property, Tree
from kbgap.server.errors import BadOption
from kbgap.server.pages.rendering import Visit
from kbgap.server.rows import parameter_of, parameters_of
from kbgap.store.listing import Listed

ROWS = 100
_MOST_PAGES = 10**9
_LONGEST_PLACE = 512
_LONGEST_TEXT = 200
AFTER = "after"


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of a list: its rows, and links to the neighbours where there are some.

    ``count`` is how many rows there are in all, and ``first`` the number of the first one here, where that is known.
    """

    rows: Any
    count: int | None
    first: int | None
    previous: str | None
    next: str | None


def numbered(visit: Visit, name: str = "page", order: tuple[Order, ...] = ()) -> Query:
    """The query of a page by its number, for lists that are at hand as a whole."""
    return Query(skip=(_number(visit, name) - 1) * ROWS, limit=ROWS, is_counted=True, order=order)


def slice_by_number(visit: Visit, listed: Listed[Any], name: str = "page") -> Slice:
    """The page that ``numbered`` asked for."""
    number = _number(visit, name)
    return Slice(
        rows=listed.rows,
        count=listed.count or 0,
        first=(number - 1) * ROWS + 1 if listed.rows else None,
        previous=_link(visit, name, str(number - 1)) if number > 1 else None,
        next=_link(visit, name, str(number + 1)) if listed.goes_on else None,
    )


def walked(visit: Visit) -> Query:
    """The query of a page that follows a row: for machines, of which a million would take seconds to count."""
    after = parameter_of(visit.call.request, AFTER)
    if after is not None and (len(after) > _LONGEST_PLACE or not after.isprintable()):
        raise BadOption(f"'{AFTER}' is no place in the list", mend="go to the first page")
    return Query(limit=ROWS, after=(after,) if after else None)


def slice_by_walk(visit: Visit, listed: Listed[Any]) -> Slice:
    """The page that ``walked`` asked for; it knows the way on and the way to the beginning."""
    is_further = bool(parameter_of(visit.call.request, AFTER))
    return Slice(
        rows=listed.rows,
        count=None,
        first=None,
        previous=_link(visit, AFTER, None) if is_further else None,
        next=None if listed.place is None else _link(visit, AFTER, str(listed.place[0])),
    )


def text_of(visit: Visit, name: str) -> str:
    """What was typed into a box of the page's form."""
    text = parameter_of(visit.call.request, name) or ""
    if len(text) > _LONGEST_TEXT or not text.isprintable():
        raise BadOption(f"'{name}' is longer than {_LONGEST_TEXT} characters, or holds control characters")
    return text


def having(query: Query, *conditions: Tree | None) -> Query:
    """The query for those rows only that meet all of the conditions which are there."""
    wanted = tuple(condition for condition in conditions if condition is not None)
    if not wanted:
        return query
    return replace(query, where=wanted[0] if len(wanted) == 1 else And(wanted))


def mentions(name: str, text: str) -> Tree | None:
    """That a property contains a text, in any letter case; nothing for no text."""
    if not text:
        return None
    lowered = Call(Function.TO_LOWER, (Property(name),))
    return Call(Function.CONTAINS, (lowered, Literal(text.lower())))


def _number(visit: Visit, name: str) -> int:
    text = parameter_of(visit.call.request, name) or "1"
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) <= _MOST_PAGES):
        raise BadOption(f"'{name}' is {text[:40]!r}, which is no number of a page", mend=f"write {name}=1")
    return int(text)


def _link(visit: Visit, name: str, value: str | None) -> str:
    """The same address with one parameter changed, or left out."""
    others = [(key, kept) for key, kept in parameters_of(visit.call.request) if key.lower() != name]
    pairs = others if value is None else [*others, (name, value)]
    return "?" + urlencode(pairs)
