"""Numbers that tell how large a tenant's fleet is and how it stands, for those who watch over an installation."""

from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, func, select

from kbgap.store import rejudging, schema
from kbgap.store.tenants import TenantKey

_WHOLE_TENANT = 0  # the scope of missing_count that is not one group


class Totals(NamedTuple):
    """Of one tenant, or of several together."""

    machines: int = 0  # those that count
    silent: int = 0  # those that have not reported for long, and do not count
    states: int = 0
    missing_on_machines: int = 0  # each KB of each software on each machine that misses it
    missing: int = 0  # findings of states: each KB that a state misses
    unknown: int = 0  # each KB of which a state does not tell
    states_to_judge: int = 0  # for the catalogue that the tenant is being led to

    def plus(self, other: "Totals") -> "Totals":
        """Both together."""
        return Totals(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def of_tenant(connection: Connection, tenant: TenantKey, revision: str | None, awaited: str | None) -> Totals:
    """The totals of one tenant at a revision; ``awaited``: the one that it is being led to, if any."""
    population, seen, state = schema.population.c, schema.machine_seen.c, schema.software_state.c
    missing, judgement = schema.missing_count.c, schema.judgement.c
    machines = select(func.sum(population.machines).cast(BigInteger)).where(population.tenant_id == tenant)
    silent = select(func.count()).where(seen.tenant_id == tenant, seen.is_silent)
    states = select(func.count()).where(state.tenant_id == tenant)
    on_machines = select(func.sum(missing.machines).cast(BigInteger)).where(
        missing.tenant_id == tenant, missing.scope == _WHOLE_TENANT
    )
    of_states = select(*(func.sum(column).cast(BigInteger) for column in (judgement.missing, judgement.unknown)))
    found = connection.execute(
        of_states.where(judgement.tenant_id == tenant, judgement.revision == (revision or ""))
    ).one()
    return Totals(
        machines=connection.scalar(machines) or 0,
        silent=connection.scalar(silent) or 0,
        states=connection.scalar(states) or 0,
        missing_on_machines=connection.scalar(on_machines) or 0,
        missing=found[0] or 0,
        unknown=found[1] or 0,
        states_to_judge=0 if awaited is None else rejudging.states_to_judge(connection, tenant, awaited),
    )
