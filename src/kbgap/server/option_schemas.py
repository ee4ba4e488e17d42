"""Describe the query options of lists and entities, with their bounds, for the description of the API."""

from collections.abc import Iterator

from kbgap.odata.entity import StructuredType
from kbgap.odata.options import Listing
from kbgap.server.results import Parameter
from kbgap.server.rows import MOST_EXPANDED

_SHOWN = 3  # names in an example
_FURTHEST = 10**15


def list_options(listing: Listing) -> Iterator[Parameter]:
    """Those of a list, or of its number of rows, that the path takes."""
    rows, most = listing.rows, listing.pages.most
    filterable = [member.name for member in rows.properties if member.filterable]
    sortable = [member.name for member in rows.properties if member.sortable]
    known = listing.options
    if "$filter" in known:
        about = f"Only rows for which this is true. May name {', '.join(filterable)}."
        yield Parameter("$filter", about, {"type": "string", "examples": [f"{filterable[0]} ne null"]})
    if "$orderby" in known:
        yield Parameter("$orderby", f"How to sort, by {', '.join(sortable)}.", _listed(sortable, " desc"))
    if "$top" in known:
        about = f"At most so many rows, and no link to a next page; at most {MOST_EXPANDED} with `$expand`."
        yield Parameter("$top", about, _number(most))
    if "$skip" in known:
        yield Parameter("$skip", "Leave out so many rows.", _number(_FURTHEST))
        yield Parameter("pageSize", f"Rows of a page, at most {most}; more is cut to that.", _number(_FURTHEST))
        yield Parameter("pageIndex", "Which page, counted from 1.", _number(10**9))
    if "$count" in known:
        yield Parameter("$count", "Whether to count all rows.", {"type": "boolean"})
    if "$select" in known:
        yield from entity_options(rows)


def entity_options(of: StructuredType) -> Iterator[Parameter]:
    """Those of one entity."""
    members = [member.name for member in of.properties]
    yield Parameter("$select", f"Only these members: {', '.join(members)}.", _listed(members))
    ways = [way.name for way in of.navigation]
    if ways:
        yield Parameter("$expand", f"Bring along: {', '.join(ways)}.", _listed(ways))


def _number(most: int) -> dict[str, object]:
    return {"type": "integer", "minimum": 0, "maximum": most}


def _listed(names: list[str], behind: str = "") -> dict[str, object]:
    """Names with commas between them; ``behind`` is what a name may be followed by."""
    one = f"(?:{'|'.join(names)})" + (f"(?:{behind})?" if behind else "")
    example = ",".join(names[:_SHOWN])
    return {"type": "string", "pattern": f"^{one}(?:,{one}){{0,9}}$", "examples": [example]}
