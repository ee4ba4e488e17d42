"""Delete what nothing leads to any more: rows that machines shared, and judgements of revisions that have passed."""

from sqlalchemy import Connection, FromClause, Table, delete, select

from kbgap.store import schema
from kbgap.store.schema_answers import (
    exposure,
    exposure_gap,
    machine_change,
    profile_exposure,
    program,
    refresh_change,
    set_item,
    software_set,
)
from kbgap.store.tenants import TenantKey

# Each table with the columns that lead to its rows, those first whose rows lead to others.
_SHARED: tuple[tuple[Table, str, tuple[tuple[FromClause, str], ...]], ...] = (
    (schema.evidence, "evidence", ((schema.machine, "evidence"),)),
    (schema.profile, "profile", ((schema.evidence, "profile"), (schema.machine, "profile"))),
    (schema.software_state, "state", ((schema.profile_state, "state"),)),
    (
        exposure,
        "exposure",
        (
            (profile_exposure, "exposure"),
            *((change, column) for change in (machine_change, refresh_change) for column in ("was", "became")),
        ),
    ),
    (schema.gap, "gap", ((schema.judgement, "gap"), (exposure_gap, "gap"))),
    (
        software_set,
        "software_set",
        (
            (schema.evidence, "software_set"),
            (schema.machine, "software_set"),
            (software_set.alias("other_set"), "base"),
        ),
    ),
    (program, "program", ((set_item, "program"),)),
)


def drop_unused(tx: Connection, tenant: TenantKey, revision: str | None) -> None:
    """Delete what no machine and no history leads to, and whatever belongs to other revisions than this one."""
    for table in (schema.judgement, profile_exposure):
        tx.execute(delete(table).where(table.c.tenant_id == tenant, table.c.revision != (revision or "")))
    for table, key, users in _SHARED:
        used = [select(user.c[column]).where(user.c.tenant_id == tenant) for user, column in users]
        unused = select(table.c[key]).where(table.c.tenant_id == tenant).except_(*used)
        tx.execute(delete(table).where(table.c.tenant_id == tenant, table.c[key].in_(unused)))
