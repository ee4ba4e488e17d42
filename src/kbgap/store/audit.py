"""Write down who did what, and read it: rows are added and never changed.

What concerns no tenant, such as making one, stands under the number 0, which no tenant has.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, select

from kbgap.core.model import Value
from kbgap.store import schema_answers
from kbgap.store.tenants import TenantKey, tenant_key

_entry = schema_answers.audit_entry
_NO_TENANT = TenantKey(0)
LOCAL = "local"  # whoever runs a program on the machine that has the database
_BEHIND = 8  # random bytes that tell entries of one moment apart


class Entry(Value, frozen=True):
    """Something that somebody did.

    ``actor``: a client's id, or who runs a command. ``subject``: what it was done to. ``tenant``: whose it is, by GUID;
    None when it concerns no tenant.
    """

    tenant: str | None
    happened_at: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, str | int | None] = {}


def add(tx: Connection, entries: Sequence[Entry]) -> None:
    """Write entries down."""
    rows = [
        {
            "tenant_id": _key(entry.tenant),
            "entry_id": f"{int(entry.happened_at.timestamp() * 1_000_000):016x}{secrets.token_hex(_BEHIND)}",
            "happened_at": entry.happened_at,
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "details": msgspec.json.encode(entry.details).decode(),
        }
        for entry in entries
    ]
    if rows:
        tx.execute(insert(_entry), rows)


def latest(connection: Connection, tenant: str | None, limit: int) -> tuple[Entry, ...]:
    """The newest entries of a tenant, or of none, newest first."""
    columns = [_entry.c[name] for name in Entry.__struct_fields__ if name in _entry.c]
    newest_first = (_entry.c.happened_at.desc(), _entry.c.entry_id.desc())
    statement = select(*columns).where(_entry.c.tenant_id == _key(tenant)).order_by(*newest_first).limit(limit)
    return tuple(
        Entry(tenant=tenant, **{**row, "details": msgspec.json.decode(row["details"])})
        for row in connection.execute(statement).mappings()
    )


def _key(tenant: str | None) -> TenantKey:
    return _NO_TENANT if tenant is None else tenant_key(tenant)
