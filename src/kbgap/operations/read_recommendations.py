"""Answer what to do: which software to bring up to date, and on which machines."""

from collections.abc import Collection
from datetime import datetime

from kbgap.core.errors import NotFound
from kbgap.odata.model import defender_model
from kbgap.odata.options import Query
from kbgap.operations.looking import EVERYTHING, Look, looking
from kbgap.store import recommendations, references, visible, vulnerabilities
from kbgap.store.database import Database
from kbgap.store.impact import impact_by_software
from kbgap.store.listing import Listed, choose, page
from kbgap.store.recommendations import Recommendation
from kbgap.store.references import MachineReference
from kbgap.store.views import Software
from kbgap.store.vulnerabilities import Vulnerability


def list_recommendations(
    database: Database, tenant: str, now: datetime, query: Query, scopes: Collection[int] = EVERYTHING
) -> Listed[Recommendation]:
    """One recommendation for each software that machines lack updates of, by id."""
    with looking(database, tenant, scopes, now) as look:
        return choose(recommendations_of(look), query, defender_model().type("Recommendation"))


def get_recommendation(
    database: Database, tenant: str, recommendation: str, now: datetime, scopes: Collection[int] = EVERYTHING
) -> Recommendation:
    """One recommendation by its id; NotFound when there is nothing to do."""
    with looking(database, tenant, scopes, now) as look:
        return _one(look, recommendation)


def recommendation_software(
    database: Database, tenant: str, recommendation: str, now: datetime, scopes: Collection[int] = EVERYTHING
) -> Software:
    """The software that a recommendation is for."""
    with looking(database, tenant, scopes, now) as look:
        name = _one(look, recommendation).product_name
        return next(row for row in look.software if row.name == name)


def recommendation_machines(
    database: Database,
    tenant: str,
    recommendation: str,
    now: datetime,
    query: Query,
    scopes: Collection[int] = EVERYTHING,
) -> Listed[MachineReference]:
    """The machines that lack updates of the software, by id."""
    with looking(database, tenant, scopes, now) as look:
        gaps = recommendations.gaps_of(look.gaps, _one(look, recommendation).product_name or "")
        which = visible.has_gap(look.tenant, look.revision, gaps)
        return page(look.connection, references.references(look.tenant, scopes, which), query)


def recommendation_vulnerabilities(
    database: Database,
    tenant: str,
    recommendation: str,
    now: datetime,
    query: Query,
    scopes: Collection[int] = EVERYTHING,
) -> Listed[Vulnerability]:
    """The CVEs that are open in the software on some machine, by id."""
    with looking(database, tenant, scopes, now) as look:
        opened = look.gaps.open_cves().get(_one(look, recommendation).product_name or "", set())
        return page(look.connection, vulnerabilities.vulnerabilities(look.revision, look.standing, opened), query)


def recommendations_of(look: Look, software: Collection[Software] | None = None) -> list[Recommendation]:
    """The recommendations for all software, or for this one."""
    impact = impact_by_software(look.gaps.exposed, look.gaps.effects, look.gaps.weights)
    rows = look.software if software is None else software
    return recommendations.recommendations(rows, impact, look.software_accepted_on)


def _one(look: Look, recommendation: str) -> Recommendation:
    of = recommendations.software_of(recommendation)
    wanted = None if of is None else recommendations.recommendation_id(of)
    found = next((row for row in recommendations_of(look) if row.id == wanted), None)
    if found is None:
        raise NotFound(f"Recommendation {recommendation} was not found")
    return found
