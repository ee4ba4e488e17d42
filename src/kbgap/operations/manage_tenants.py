"""Create, list and delete tenants."""

from collections.abc import Sequence
from datetime import datetime

from kbgap.core.errors import Invalid, NotFound
from kbgap.store import audit, clients, tenants
from kbgap.store.audit import LOCAL, Entry
from kbgap.store.database import Database, Transaction
from kbgap.store.tenants import Tenant


def create_tenant(database: Database, guid: str, name: str, now: datetime, *, actor: str = LOCAL) -> Tenant:
    """Make a tenant without machines; Invalid when the id is no GUID, or the id or the name is taken.

    ``actor``: who does it, for the audit log, here and below.
    """
    with database.transaction() as tx:
        if any(tenant.name.casefold() == name.casefold() for tenant in tenants.listed(tx)):
            raise Invalid(f"there is a tenant {name} already", mend="give it another name")
        return _create(tx, guid, name, now, actor)


def ensure_tenant(database: Database, guid: str, name: str, now: datetime) -> Tenant:
    """The tenant with this id, made if it is not there yet."""
    with database.transaction() as tx:
        found = next((tenant for tenant in tenants.listed(tx) if tenant.guid == guid.lower()), None)
        return found or _create(tx, guid, name, now, LOCAL)


def list_tenants(database: Database) -> Sequence[Tenant]:
    """All tenants, by name."""
    with database.snapshot() as connection:
        return tenants.listed(connection)


def find_tenant(database: Database, asked: str) -> str:
    """The GUID of the tenant that a GUID or a name stands for; NotFound when there is none."""
    with database.reading() as connection:
        guid = clients.find_tenant(connection, asked)
    if guid is None:
        raise NotFound(f"there is no tenant {asked}", mend="kbgap tenant list shows those there are")
    return guid


def published_epoch(database: Database, guid: str) -> tuple[str | None, int]:
    """The catalogue's revision and the epoch that a tenant's answers are of now; NotFound when there is no tenant."""
    with database.answers.reading() as connection:
        pointer = tenants.pointer(connection, guid)
    return pointer.revision, pointer.epoch


def delete_tenant(database: Database, asked: str, now: datetime, *, actor: str = LOCAL) -> None:
    """Delete a tenant with its machines, clients, counts and audit log; that it was deleted is kept."""
    guid = find_tenant(database, asked)
    with database.transaction() as tx:
        tenants.remove(tx, guid)
        entry = Entry(tenant=None, happened_at=now, actor=actor, action="tenant.delete", subject=guid)
        audit.add(tx, [entry])


def _create(tx: Transaction, guid: str, name: str, now: datetime, actor: str) -> Tenant:
    tenant = tenants.create(tx, guid, name, now)
    details = {"name": name}
    entry = Entry(
        tenant=None, happened_at=now, actor=actor, action="tenant.create", subject=tenant.guid, details=details
    )
    audit.add(tx, [entry])
    return tenant
