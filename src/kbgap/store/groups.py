"""The machine groups of a tenant, by number and by name."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from kbgap.store import schema
from kbgap.store.tenants import TenantKey

_group = schema.machine_group


def numbers_of(connection: Connection, tenant: TenantKey, names: Collection[str]) -> dict[str, int]:
    """The numbers of the groups that are there, out of these names."""
    if not names:
        return {}
    mine = (_group.c.tenant_id == tenant) & _group.c.name.in_(sorted(names))
    return {row.name: row.group_id for row in connection.execute(select(_group.c.name, _group.c.group_id).where(mine))}


def names_of(connection: Connection, tenant: TenantKey) -> dict[int, str]:
    """Every group's name, by number."""
    rows = connection.execute(select(_group.c.group_id, _group.c.name).where(_group.c.tenant_id == tenant))
    return {row.group_id: row.name for row in rows}
