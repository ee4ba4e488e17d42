"""The two scores of a fleet: how exposed it is, and how far it is brought up to date (docs/explanation/scores.md)."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import Connection, and_, exists, func, select

from kbgap.store import groups, schema
from kbgap.store.schema_answers import exposure, profile_exposure
from kbgap.store.tenants import TenantKey
from kbgap.store.visible import in_scopes

_BEST = 1000.0


class Score(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """ConfigurationScore: a score at a moment, of a whole tenant or of one machine group."""

    time: datetime
    score: float
    rbac_group_name: str | None = None
    rbac_group_id: int | None = None


def exposure_scores(
    connection: Connection, tenant: TenantKey, revision: str, scopes: Collection[int]
) -> dict[int, tuple[int, float]]:
    """Machines and their added scores, by machine group (0: none); without those that the catalogue does not cover."""
    population, link = schema.population, schema.profile_state
    joined = population.join(
        profile_exposure,
        and_(
            profile_exposure.c.tenant_id == population.c.tenant_id,
            profile_exposure.c.profile == population.c.profile,
        ),
    ).join(
        exposure,
        and_(exposure.c.tenant_id == profile_exposure.c.tenant_id, exposure.c.exposure == profile_exposure.c.exposure),
    )
    is_judged = exists().where(link.c.tenant_id == population.c.tenant_id, link.c.profile == population.c.profile)
    mine = and_(
        population.c.tenant_id == tenant,
        population.c.machines > 0,
        profile_exposure.c.revision == revision,
        in_scopes(population.c.group_id, scopes),
        is_judged,
    )
    sums = (func.sum(population.c.machines), func.sum(population.c.machines * exposure.c.score))
    statement = select(population.c.group_id, *sums).select_from(joined).where(mine)
    rows = connection.execute(statement.group_by(population.c.group_id))
    return {group_id: (int(machines), float(score)) for group_id, machines, score in rows}


def exposure_score(connection: Connection, tenant: TenantKey, revision: str, scopes: Collection[int]) -> float:
    """The mean score of the machines, 0 when there is none."""
    found = exposure_scores(connection, tenant, revision, scopes).values()
    machines = sum(number for number, _ in found)
    return sum(score for _, score in found) / machines if machines else 0.0


def by_group(
    connection: Connection, tenant: TenantKey, revision: str, scopes: Collection[int], now: datetime
) -> list[Score]:
    """The score of each machine group that has machines, by number."""
    names = groups.names_of(connection, tenant)
    found = exposure_scores(connection, tenant, revision, scopes)
    return [
        Score(time=now, score=score / machines, rbac_group_name=names[group_id], rbac_group_id=group_id)
        for group_id, (machines, score) in sorted(found.items())
        if group_id in names
    ]


def update_score(connection: Connection, tenant: TenantKey, scopes: Collection[int]) -> float:
    """1000 when no software of any machine lacks an update, 0 when all do; 0 without machines, too."""
    count = schema.software_count
    mine = and_(count.c.tenant_id == tenant, count.c.scope.in_(sorted(scopes)), count.c.machines > 0)
    machines, exposed = connection.execute(
        select(func.sum(count.c.machines), func.sum(count.c.exposed)).where(mine)
    ).one()
    return _BEST * (1 - int(exposed) / int(machines)) if machines else 0.0
