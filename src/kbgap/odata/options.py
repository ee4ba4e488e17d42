"""Read the query options of a request into one value, or refuse the request by the option that is wrong.

Options of OData begin with ``$``; letter case does not matter. One that is not supported is refused, as the protocol
demands: rows of a query that was only partly understood look like an answer. Parameters without ``$`` belong to the
path or to nobody: those that the path does not know are ignored, since clients send a good many of their own, even
secrets, which must not find their way into links.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kbgap.odata.entity import USUAL_PAGES, Pages, StructuredType
from kbgap.odata.errors import fault, quoted
from kbgap.odata.filter import parse_filter
from kbgap.odata.names import read_expand, read_select
from kbgap.odata.ordering import Order, read_order
from kbgap.odata.skiptoken import Place, read_token
from kbgap.odata.tree import Tree

FOR_LISTS = frozenset({"$filter", "$orderby", "$top", "$skip", "$select", "$count", "$expand", "$format"})
FOR_ENTITIES = frozenset({"$select", "$expand", "$format"})
FOR_COUNTS = frozenset({"$filter"})  # of a path that ends in /$count

_PAGE_SIZE, _PAGE_INDEX, _TOKEN = "pagesize", "pageindex", "$skiptoken"
_PLACES = frozenset({"$top", "$skip", _TOKEN, _PAGE_INDEX})  # what a link to the next page replaces
_FURTHEST = 10**15  # a row's number
_MOST_PAGES = 10**9
_NUMBER = re.compile(r"[0-9]{1,16}", re.ASCII)
_JSON = re.compile(r"json|application/json(?:;(?:odata\.metadata=minimal|ieee754compatible=false|charset=utf-8))*")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a path answers, and what may be asked of it.

    ``rows`` is the type of a row. ``parameters`` are the path's own, without ``$``, in lower case (``sincetime``).
    ``place`` says what a ``$skiptoken`` of the path holds, one type (str or int) for each value; a path without it
    pages by ``$skip`` alone.
    """

    rows: StructuredType
    pages: Pages = USUAL_PAGES
    options: frozenset[str] = FOR_LISTS
    parameters: frozenset[str] = frozenset()
    place: tuple[type, ...] | None = None

    @property
    def known(self) -> frozenset[str]:
        """All names that mean something here, in lower case."""
        paging = frozenset({_PAGE_SIZE, _PAGE_INDEX}) if "$skip" in self.options else frozenset[str]()
        tokens = frozenset({_TOKEN}) if self.place is not None else frozenset[str]()
        return self.options | self.parameters | paging | tokens


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a list.

    ``limit`` is the most rows of the answer. ``select`` are the members to answer with, in their declared order; all
    when it is empty. ``after`` is where a walk by tokens stands, None at its beginning. ``parameters`` are the path's
    own, their names in lower case. ``repeated`` is what the link to the next page repeats, as the client wrote it.
    """

    where: Tree | None = None
    order: tuple[Order, ...] = ()
    top: int | None = None
    skip: int = 0
    limit: int = USUAL_PAGES.usual
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    is_counted: bool = False
    after: Place | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    repeated: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str | None:
        """The value of one of the path's own parameters, by its name in lower case; None when it is not given."""
        return dict(self.parameters).get(name)


def read_query(pairs: Iterable[tuple[str, str]], listing: Listing) -> Query:
    """The query of these decoded parameters, in any order; ODataError names the option that is wrong.

    An option without a value counts as not given. ``pageIndex`` counts pages from 1; 0 is the first page too.
    """
    written = _written(pairs, listing)
    given = {name: value for name, (_, value) in written.items()}
    _check_format(given.get("$format", "json"))
    rows, pages = listing.rows, listing.pages
    top = _number(given, "$top", pages.most)
    size = min(_number(given, _PAGE_SIZE, _FURTHEST) or pages.usual, pages.most)
    index = _number(given, _PAGE_INDEX, _MOST_PAGES) or 1
    return Query(
        where=parse_filter(given["$filter"], rows) if "$filter" in given else None,
        order=read_order(given["$orderby"], rows) if "$orderby" in given else (),
        top=top,
        skip=(_number(given, "$skip", _FURTHEST) or 0) + (index - 1) * size,
        limit=size if top is None else top,
        select=read_select(given["$select"], rows) if "$select" in given else (),
        expand=read_expand(given["$expand"], rows) if "$expand" in given else (),
        is_counted=_truth(given, "$count"),
        after=read_token(given[_TOKEN], listing.place or ()) if _TOKEN in given else None,
        parameters=tuple((name, value) for name, value in given.items() if name in listing.parameters),
        repeated=tuple(pair for name, pair in written.items() if name not in _PLACES),
    )


def _written(pairs: Iterable[tuple[str, str]], listing: Listing) -> dict[str, tuple[str, str]]:
    """What means something here, by name in lower case: the name as it is written, and the value."""
    known = listing.known
    written: dict[str, tuple[str, str]] = {}
    for name, value in pairs:
        folded = name.lower()
        if folded not in known and folded.startswith("$"):
            raise fault("query", f"the option {quoted(name)} is not supported on this path", mend="leave it out")
        if folded not in known or not value.strip(" \t"):
            continue
        if folded in written:
            raise fault(name, f"{quoted(name)} is given twice", mend="give it once")
        written[folded] = (name, value)
    return written


def _number(given: Mapping[str, str], name: str, most: int) -> int | None:
    if name not in given:
        return None
    value = given[name].strip(" \t")
    if _NUMBER.fullmatch(value) is None:
        raise fault(name, f"{quoted(value)} is no number", mend=f"give a whole number from 0 to {most}")
    if int(value) > most:
        raise fault(name, f"{value} is more than {most}", mend="ask for less, or leave it out")
    return int(value)


def _truth(given: Mapping[str, str], name: str) -> bool:
    value = given.get(name, "false").strip(" \t").lower()
    if value not in {"true", "false"}:
        raise fault(name, f"{quoted(value)} is neither true nor false")
    return value == "true"


def _check_format(value: str) -> None:
    """Answers are JSON with minimal metadata; links, types and ids that clients can work out are not written."""
    if _JSON.fullmatch(value.replace(" ", "").lower()) is None:
        raise fault("$format", f"{quoted(value)} is not supported", mend="ask for json")
