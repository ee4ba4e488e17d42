"""The first page: how many machines there are, what they miss, how exposed that leaves them, and since which day."""

from collections.abc import Mapping
from typing import Any

from kbgap.catalogue.shelf import age_in_days
from kbgap.core.errors import Unavailable
from kbgap.odata.options import Query
from kbgap.odata.ordering import Order
from kbgap.odata.tree import Compare, Literal, Operator, Property
from kbgap.operations.count_machines import count_machines
from kbgap.operations.read_fleet_kbs import fleet_kbs
from kbgap.operations.read_scores import exposure_score
from kbgap.operations.read_vulnerabilities import list_vulnerabilities
from kbgap.server.asked import Asked
from kbgap.server.entity_routes import MACHINE, SCORE, SOFTWARE, VULNERABILITY
from kbgap.server.pages.paging import having
from kbgap.server.pages.rendering import Visit

_TOP = 10
OPEN = Compare(Operator.GREATER, Property("exposedMachines"), Literal(0))


def overview(visit: Visit) -> Mapping[str, Any]:
    """Each figure only for those who may read it over the API; None stands for one that they may not."""
    its = visit.its
    kbs = None
    if visit.may(SOFTWARE):
        most = Query(limit=_TOP, is_counted=True, order=(Order("machineMissedOn", is_descending=True),))
        kbs = fleet_kbs(its.database, its.tenant, its.now, most, its.scopes)
    return {
        "machines": count_machines(its.database, its.tenant, its.scopes) if visit.may(MACHINE) else None,
        "kbs": kbs,
        "cves": _open_cves(its) if visit.may(VULNERABILITY) else None,
        "score": exposure_score(its.database, its.tenant, its.now, its.scopes).score if visit.may(SCORE) else None,
        "catalogue": _catalogue(visit),
    }


def _open_cves(its: Asked) -> int:
    query = having(Query(limit=0, is_counted=True), OPEN)
    return list_vulnerabilities(its.database, its.tenant, its.now, query, its.scopes).count or 0


def _catalogue(visit: Visit) -> Mapping[str, Any] | None:
    """What is known of the catalogue; None before the first."""
    try:
        catalogue = visit.its.catalogue
    except Unavailable:
        return None
    age = age_in_days(catalogue, visit.its.now.date())
    is_old = age is not None and age > visit.call.service.settings.catalogue_old_after.days
    return {"revision": catalogue.revision, "age": age, "is_old": is_old}
