"""Write the link to the next page: absolute, with all of the query in it, and none when the client pages by itself."""

from urllib.parse import quote, urlencode

from kbgap.odata.options import Query
from kbgap.odata.skiptoken import Place, write_token

# What needs no encoding in a query, so that a link is not much longer than what the client sent.
_PLAIN = "$'(),:/@!*;"


def next_by_skip(address: str, query: Query) -> str | None:
    """The link when more rows follow: ``address?...&$skip=10000``.

    ``address`` is the absolute address of the list without query. None when the client gave ``$top``: it pages by
    itself, and expects no link.
    """
    return _link(address, query, ("$skip", str(query.skip + query.limit)))


def next_by_token(address: str, query: Query, place: Place) -> str | None:
    """As ``next_by_skip``, with the sort values of the last row: ``address?...&$skiptoken=...``."""
    return _link(address, query, ("$skiptoken", write_token(place)))


def _link(address: str, query: Query, place: tuple[str, str]) -> str | None:
    if query.top is not None:
        return None
    return f"{address}?{urlencode((*query.repeated, place), safe=_PLAIN, quote_via=quote)}"
