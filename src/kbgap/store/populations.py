"""How many machines show each profile."""

from collections.abc import Collection

from sqlalchemy import BigInteger, Connection, and_, func, select

from kbgap.store import schema
from kbgap.store.tenants import TenantKey
from kbgap.store.visible import in_scopes


def by_profile(connection: Connection, tenant: TenantKey, scopes: Collection[int]) -> dict[bytes, int]:
    """The machines that count, by profile."""
    population = schema.population.c
    mine = and_(population.tenant_id == tenant, population.machines > 0, in_scopes(population.group_id, scopes))
    machines = func.sum(population.machines).cast(BigInteger)
    rows = connection.execute(select(population.profile, machines).where(mine).group_by(population.profile))
    return dict(map(tuple, rows))
