"""The audit log: who signed in, and who changed what. Entries are added and never changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from kbgap.core.errors import Invalid
from kbgap.core.model import Value
from kbgap.store import audit
from kbgap.store.audit import Entry
from kbgap.store.database import Database, Transaction

MOST = 10_000  # entries at once


class By(Value, frozen=True):
    """Who does something, and when: a client's id, or who runs a command."""

    actor: str
    at: datetime


def enter(
    tx: Transaction,
    tenant: str,
    by: By,
    action: str,
    subject: str,
    details: Mapping[str, str | int | None] | None = None,
) -> None:
    """Write one entry of a tenant in the transaction of the change that it tells of."""
    told = details or {}
    entry = Entry(tenant=tenant, happened_at=by.at, actor=by.actor, action=action, subject=subject, details=told)
    audit.add(tx, [entry])


def note_all(database: Database, entries: Sequence[Entry]) -> None:
    """Write entries of what changes nothing that is stored, such as signing in, in one transaction."""
    with database.transaction() as tx:
        audit.add(tx, entries)


def latest_entries(database: Database, tenant: str | None, limit: int) -> tuple[Entry, ...]:
    """The newest entries of a tenant (its GUID), or of none, newest first."""
    if not 1 <= limit <= MOST:
        raise Invalid(f"{limit} entries cannot be shown", where="limit", mend=f"give a number from 1 to {MOST:,}")
    with database.reading() as connection:
        return audit.latest(connection, tenant, limit)
