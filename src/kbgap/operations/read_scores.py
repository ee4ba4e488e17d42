"""Answer how exposed a fleet is, and how far it is brought up to date."""

from collections.abc import Collection
from datetime import datetime

from kbgap.odata.model import defender_model
from kbgap.odata.options import Query
from kbgap.operations.looking import EVERYTHING, looking
from kbgap.store import scores
from kbgap.store.database import Database
from kbgap.store.listing import Listed, choose
from kbgap.store.scores import Score


def exposure_score(database: Database, tenant: str, now: datetime, scopes: Collection[int] = EVERYTHING) -> Score:
    """The mean exposure of the machines that count, 0 to 100; lower is better."""
    with looking(database, tenant, scopes, now) as look:
        found = scores.exposure_score(look.connection, look.tenant, look.revision, scopes)
        return Score(time=now, score=found)


def exposure_by_group(
    database: Database, tenant: str, now: datetime, query: Query, scopes: Collection[int] = EVERYTHING
) -> Listed[Score]:
    """The same for each machine group that has machines, by number."""
    with looking(database, tenant, scopes, now) as look:
        rows = scores.by_group(look.connection, look.tenant, look.revision, scopes, now)
        return choose(rows, query, defender_model().type("ConfigurationScore"))


def configuration_score(database: Database, tenant: str, now: datetime, scopes: Collection[int] = EVERYTHING) -> Score:
    """How far the software of all machines is brought up to date, 0 to 1000; higher is better."""
    with looking(database, tenant, scopes, now) as look:
        return Score(time=now, score=scores.update_score(look.connection, look.tenant, scopes))
