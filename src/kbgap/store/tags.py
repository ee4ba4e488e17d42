"""The tags of one machine: what an administrator set wins over what it reports."""

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from kbgap.store import schema, visible
from kbgap.store.packing import encode_text
from kbgap.store.tenants import TenantKey

_machine = schema.machine


def of_machine(connection: Connection, tenant: TenantKey, machine_id: str) -> tuple[str, ...]:
    """The tags that count."""
    mine = (_machine.c.tenant_id == tenant) & (_machine.c.machine_id == machine_id)
    return visible.decode_tags(connection.scalar(select(visible.tags).where(mine)) or "[]")


def set_of_machine(tx: Connection, tenant: TenantKey, machine_id: str, tags: Sequence[str]) -> None:
    """Set the tags, from now on whatever the machine reports."""
    mine = (_machine.c.tenant_id == tenant) & (_machine.c.machine_id == machine_id)
    tx.execute(update(_machine).where(mine).values(set_tags=encode_text(tuple(tags))))
