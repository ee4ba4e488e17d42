"""The page about CVEs: which are open, on how many machines, and how bad they are."""

from collections.abc import Mapping
from typing import Any

from kbgap.odata.ordering import Order
from kbgap.odata.tree import Compare, Literal, Operator, Property
from kbgap.operations.read_vulnerabilities import list_vulnerabilities
from kbgap.server.errors import BadOption
from kbgap.server.pages.overview import OPEN
from kbgap.server.pages.paging import having, mentions, numbered, slice_by_number, text_of
from kbgap.server.pages.rendering import Visit

_SEVERITIES = ("Critical", "High", "Medium", "Low")
_WORST_FIRST = (Order("exposedMachines", is_descending=True), Order("cvssV3", is_descending=True))


def vulnerabilities(visit: Visit) -> Mapping[str, Any]:
    """``/vulnerabilities``: those that are open somewhere, or with ``?all=yes`` all of the catalogue."""
    its = visit.its
    text, severity, is_all = text_of(visit, "q"), text_of(visit, "severity"), text_of(visit, "all") == "yes"
    if severity and severity not in _SEVERITIES:
        raise BadOption(f"'severity' is {severity!r}", mend=f"write one of {', '.join(_SEVERITIES)}")
    is_so_bad = Compare(Operator.EQUAL, Property("severity"), Literal(severity)) if severity else None
    query = having(numbered(visit, order=_WORST_FIRST), mentions("id", text), is_so_bad, None if is_all else OPEN)
    listed = list_vulnerabilities(its.database, its.tenant, its.now, query, its.scopes)
    return {
        "list": slice_by_number(visit, listed),
        "q": text,
        "severity": severity,
        "severities": _SEVERITIES,
        "is_all": is_all,
    }
