"""Tell how far tenants are on their way to the catalogue that was loaded last."""

from sqlalchemy import Connection, exists, func, select

from kbgap.store import catalogue, schema
from kbgap.store.tenants import TenantKey


def is_awaited(connection: Connection, revision: str | None) -> bool:
    """Whether a tenant at this revision is being led to another one: what is judged for that must stay."""
    stored = catalogue.revisions(connection)
    return bool(stored) and stored[0].revision != revision


def evidence(connection: Connection, tenant: TenantKey) -> int:
    """How many different evidences a tenant has, each of which is led to states anew."""
    table = schema.evidence
    return connection.scalar(select(func.count()).select_from(table).where(table.c.tenant_id == tenant)) or 0


def states_to_judge(connection: Connection, tenant: TenantKey, revision: str) -> int:
    """How many states of a tenant are not judged at a revision."""
    state, judged = schema.software_state, schema.judgement
    here = exists().where(judged.c.tenant_id == tenant, judged.c.revision == revision, judged.c.state == state.c.state)
    statement = select(func.count()).select_from(state).where(state.c.tenant_id == tenant, ~here)
    return connection.scalar(statement) or 0
