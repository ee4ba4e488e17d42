"""Read a list of the API whole, page by page, for a terminal."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from kbgap.odata.entity import StructuredType
from kbgap.odata.filter import parse_filter
from kbgap.odata.options import Query
from kbgap.store.listing import Listed

_PAGE = 10_000

R = TypeVar("R")


def all_rows(ask: Callable[[Query], Listed[R]], of: StructuredType, filter_text: str | None) -> Iterator[R]:
    """Every row that meets the filter, which is read before anything is asked; ODataError when it cannot be."""
    query = Query(where=None if filter_text is None else parse_filter(filter_text, of), limit=_PAGE)
    while True:
        found = ask(query)
        yield from found.rows
        if not found.goes_on:
            return
        if found.place is None:
            query = replace(query, skip=query.skip + len(found.rows))
        else:
            query = replace(query, after=found.place)
