"""Create, list and revoke the applications that may ask for tokens."""

from collections.abc import Sequence
from datetime import datetime

from kbgap.auth.clients import make_client
from kbgap.auth.permissions import ApplicationPermission
from kbgap.core.errors import Invalid, NotFound
from kbgap.operations.manage_tenants import find_tenant
from kbgap.store import clients
from kbgap.store.clients import Client
from kbgap.store.database import Database

_LONGEST_NAME = 256
ALL_ROLES = tuple(str(permission) for permission in ApplicationPermission)


def create_client(database: Database, tenant: str, name: str, roles: Sequence[str], now: datetime) -> tuple[str, str]:
    """Make a client in a tenant (its GUID or name): its id, and its secret, which is kept nowhere else."""
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise Invalid(f"a client needs a name of at most {_LONGEST_NAME} characters", where="name")
    if not name.strip().isprintable():
        raise Invalid("a client's name holds a control character", where="name")
    known = tuple(sorted({_known_role(role) for role in roles}))
    if not known:
        raise Invalid("a client without any role can call nothing", where="role", mend=_CHOICES)
    guid, new = find_tenant(database, tenant), make_client()
    with database.transaction() as tx:
        client = Client(
            client_id=new.client_id,
            name=name.strip(),
            roles=known,
            salt=new.kept.salt,
            digest=new.kept.digest,
            created_at=now,
        )
        clients.add(tx, guid, client)
    return new.client_id, new.secret


def list_clients(database: Database, tenant: str) -> tuple[Client, ...]:
    """The clients of a tenant, revoked ones too, by name."""
    guid = find_tenant(database, tenant)
    with database.reading() as connection:
        return clients.listed(connection, guid)


def revoke_client(database: Database, tenant: str, client_id: str, now: datetime) -> None:
    """End a client: it gets no more tokens; those that it has stay good until they expire, an hour at most."""
    guid = find_tenant(database, tenant)
    with database.transaction() as tx:
        if not clients.revoke(tx, guid, client_id.strip().lower(), now):
            raise NotFound(f"there is no client {client_id} to revoke", mend="kbgap client list shows those there are")


_CHOICES = f"the roles are {', '.join(ALL_ROLES)}"


def _known_role(role: str) -> str:
    named = next((known for known in ALL_ROLES if known.lower() == role.strip().lower()), None)
    if named is None:
        raise Invalid(f"there is no role {role!r}", where="role", mend=_CHOICES)
    return named
