"""Tenants: who owns which rows, which catalogue revision they see, and under which epoch their counts are published."""

import hashlib
from datetime import datetime
from typing import NewType
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from kbgap.core.errors import Invalid, NotFound
from kbgap.core.model import Value
from kbgap.store import schema
from kbgap.store.columns import metadata

TenantKey = NewType("TenantKey", int)

_tenant, _pointer = schema.tenant, schema.tenant_pointer


class Tenant(Value, frozen=True):
    """One customer's fleet; ``guid`` is the ``tid`` of tokens."""

    guid: str
    name: str
    created_at: datetime


class Pointer(Value, frozen=True):
    """The catalogue revision that a tenant's answers are of (None before the first), and their epoch."""

    revision: str | None
    epoch: int


def tenant_key(guid: str) -> TenantKey:
    """The number that marks a tenant's rows: 63 bits of the SHA-256 of its GUID.

    Computed, so that no request has to look it up and no sequence has to be shared between database nodes. A text that
    is no GUID has a key too, under which there are no rows.
    """
    return TenantKey(int.from_bytes(hashlib.sha256(guid.lower().encode("utf-8", "replace")).digest()[:8]) >> 1)


def create(tx: Connection, guid: str, name: str, now: datetime) -> Tenant:
    """Make a tenant without machines, at the catalogue loaded last; Invalid when it exists or the id is no GUID."""
    try:
        canonical = str(UUID(guid))
    except ValueError as error:
        raise Invalid(f"a tenant's id is a GUID, not {guid[:60]!r}", where="tenant") from error
    key = tenant_key(canonical)
    if tx.scalar(select(_tenant.c.guid).where(_tenant.c.tenant_id == key)) is not None:
        raise Invalid(f"there is a tenant {canonical} already", where="tenant")
    tx.execute(insert(_tenant).values(tenant_id=key, guid=canonical, name=name, created_at=now))
    newest = (
        select(schema.catalogue_revision.c.revision).order_by(schema.catalogue_revision.c.loaded_at.desc()).limit(1)
    )
    tx.execute(insert(_pointer).values(tenant_id=key, revision=tx.scalar(newest), epoch=0))
    return Tenant(guid=canonical, name=name, created_at=now)


def listed(connection: Connection) -> tuple[Tenant, ...]:
    """All tenants, by name."""
    rows = connection.execute(
        select(_tenant.c.guid, _tenant.c.name, _tenant.c.created_at).order_by(_tenant.c.name, _tenant.c.guid)
    )
    return tuple(Tenant(guid=row.guid, name=row.name, created_at=row.created_at) for row in rows)


def pointer(connection: Connection, guid: str) -> Pointer:
    """What a tenant's answers are of at this moment; NotFound when there is no such tenant."""
    return _read_pointer(connection, guid, lock=False)


def lock(tx: Connection, guid: str) -> Pointer:
    """As ``pointer``, and nobody else writes this tenant's rows until the transaction ends (docs/adr/0006)."""
    return _read_pointer(tx, guid, lock=True)


def move(tx: Connection, guid: str, before: Pointer, *, revision: str | None = None) -> None:
    """Publish what the transaction has written: the next epoch, and another revision when one is given."""
    statement = update(_pointer).where(_pointer.c.tenant_id == tenant_key(guid))
    tx.execute(statement.values(epoch=before.epoch + 1, revision=revision or before.revision))


def remove(tx: Connection, guid: str) -> None:
    """Delete a tenant and every row of it; NotFound when there is none."""
    lock(tx, guid)
    key = tenant_key(guid)
    for table in reversed(metadata.sorted_tables):
        if "tenant_id" in table.c:
            tx.execute(delete(table).where(table.c.tenant_id == key))


def _read_pointer(connection: Connection, guid: str, *, lock: bool) -> Pointer:
    statement = select(_pointer.c.revision, _pointer.c.epoch).where(_pointer.c.tenant_id == tenant_key(guid))
    row = connection.execute(statement.with_for_update() if lock else statement).first()
    if row is None:
        raise NotFound(f"there is no tenant {guid}", mend="kbgap tenant list shows those there are")
    return Pointer(revision=row.revision, epoch=row.epoch)
