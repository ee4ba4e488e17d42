"""The pages about CVEs: which are open, how bad they are, on which machines, and what closes them."""

from collections.abc import Mapping
from typing import Any

from kbgap.odata.options import Query
from kbgap.odata.ordering import Order
from kbgap.odata.tree import Compare, Literal, Operator, Property
from kbgap.operations.read_fleet_kbs import fleet_kbs
from kbgap.operations.read_vulnerabilities import get_vulnerability, list_vulnerabilities, vulnerability_machines
from kbgap.server.entity_routes import SOFTWARE
from kbgap.server.errors import BadOption
from kbgap.server.pages.overview import OPEN
from kbgap.server.pages.paging import having, mentions, numbered, slice_by_number, slice_by_walk, text_of, walked
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


def one_vulnerability(visit: Visit) -> Mapping[str, Any]:
    """``/vulnerabilities/{id}``; what closes it only for those who may read what machines miss."""
    its = visit.its
    found = get_vulnerability(its.database, its.tenant, its.id, its.now, its.scopes)
    machines = vulnerability_machines(its.database, its.tenant, found.id, its.now, walked(visit), its.scopes)
    kbs = None
    if visit.may(SOFTWARE):
        every = fleet_kbs(its.database, its.tenant, its.now, Query(), its.scopes)
        kbs = {row.id: row.machine_missed_on for row in every.rows if found.id in row.cves}
    return {
        "cve": found,
        "machines": slice_by_walk(visit, machines),
        "kbs": kbs,
        "products": its.catalogue.cve(found.id).products,
    }
