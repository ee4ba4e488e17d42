"""Count everything anew from the machines, and tell where the stored counts differ."""

from collections.abc import Sequence

from kbgap.store import counts, tenants
from kbgap.store.database import Database
from kbgap.store.tenants import tenant_key


def check(database: Database) -> Sequence[str]:
    """One line for each stored number that differs from a recount, with its tenant; empty when all is exact."""
    database.check_schema()
    lines: list[str] = []
    with database.snapshot() as connection:
        for tenant in tenants.listed(connection):
            revision = tenants.pointer(connection, tenant.guid).revision
            found = counts.differences(connection, tenant_key(tenant.guid), revision, database.effects)
            lines += [f"{tenant.guid}: {line}" for line in found]
    return lines
