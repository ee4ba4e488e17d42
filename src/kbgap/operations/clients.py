"""Create, list and revoke the applications that may ask for tokens, and give them new secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kbgap.auth.clients import NewSecret, make_client_id, make_secret
from kbgap.auth.permissions import ApplicationPermission
from kbgap.core.errors import Invalid, NotFound
from kbgap.core.model import Value
from kbgap.operations.audit_log import By, enter
from kbgap.operations.manage_tenants import find_tenant
from kbgap.store import clients
from kbgap.store.audit import LOCAL
from kbgap.store.clients import Client, Secret
from kbgap.store.database import Database, Transaction

_LONGEST_NAME = 256
_MOST_SECRETS = 10  # that are not over yet
ALL_ROLES = tuple(str(permission) for permission in ApplicationPermission)
_CHOICES = f"the roles are {', '.join(ALL_ROLES)}"
_LIST = "kbgap client list shows those there are"


class IssuedSecret(Value, frozen=True):
    """A new secret of a client, which is kept nowhere else; ``expires_at`` is None for one without an end."""

    secret_id: str
    text: str
    expires_at: datetime | None


def create_client(
    database: Database,
    tenant: str,
    name: str,
    roles: Sequence[str],
    now: datetime,
    lifetime: timedelta | None = None,
    *,
    actor: str = LOCAL,
) -> tuple[str, str]:
    """Make a client in a tenant (its GUID or name): its id, and its secret, which is kept nowhere else.

    ``lifetime``: how long the secret is good; without it, until it is removed. ``actor``: who does it, for the audit
    log, here and below.
    """
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise Invalid(f"a client needs a name of at most {_LONGEST_NAME} characters", where="name")
    if not name.strip().isprintable():
        raise Invalid("a client's name holds a control character", where="name")
    known = tuple(sorted({_known_role(role) for role in roles}))
    if not known:
        raise Invalid("a client without any role can call nothing", where="role", mend=_CHOICES)
    guid, new = find_tenant(database, tenant), make_secret()
    secrets = (_kept(new, now, lifetime),)
    client = Client(client_id=make_client_id(), name=name.strip(), roles=known, created_at=now, secrets=secrets)
    with database.transaction() as tx:
        clients.add(tx, guid, client)
        _note(tx, guid, client.client_id, "client.create", actor, now, name=client.name, roles=" ".join(known))
    return client.client_id, new.text


def list_clients(database: Database, tenant: str) -> tuple[Client, ...]:
    """The clients of a tenant, revoked ones too, by name."""
    guid = find_tenant(database, tenant)
    with database.snapshot() as connection:
        return clients.listed(connection, guid)


def revoke_client(database: Database, tenant: str, client_id: str, now: datetime, *, actor: str = LOCAL) -> None:
    """End a client: it gets no more tokens; those that it has stay good until they expire, an hour at most."""
    guid = find_tenant(database, tenant)
    with database.transaction() as tx:
        if not clients.revoke(tx, guid, _folded(client_id), now):
            raise NotFound(f"there is no client {client_id} to revoke", mend=_LIST)
        _note(tx, guid, _folded(client_id), "client.revoke", actor, now)


def add_secret(
    database: Database,
    tenant: str,
    client_id: str,
    now: datetime,
    lifetime: timedelta | None = None,
    *,
    actor: str = LOCAL,
) -> IssuedSecret:
    """Give a client one more secret, beside those that it has; those that are over make room."""
    return _issue(database, tenant, client_id, now, lifetime, _Change(actor, overlap=None))


def rotate_secret(
    database: Database,
    tenant: str,
    client_id: str,
    now: datetime,
    *,
    overlap: timedelta,
    lifetime: timedelta | None = None,
    actor: str = LOCAL,
) -> IssuedSecret:
    """Give a client a new secret, and let all that it has end when it has had time to take the new one."""
    return _issue(database, tenant, client_id, now, lifetime, _Change(actor, overlap))


def remove_secret(
    database: Database, tenant: str, client_id: str, secret_id: str, now: datetime, *, actor: str = LOCAL
) -> None:
    """End one secret at once, by its id; a client without any gets no more tokens."""
    guid = find_tenant(database, tenant)
    with database.transaction() as tx:
        client, removed = _client(tx, guid, client_id), secret_id.strip().lower()
        if not clients.remove_secrets(tx, guid, client.client_id, [removed]):
            mend = "kbgap client secret list shows those there are"
            raise NotFound(f"the client has no secret {secret_id}", mend=mend)
        _note(tx, guid, client.client_id, "client.secret.remove", actor, now, secret=removed)


def client_secrets(database: Database, tenant: str, client_id: str) -> tuple[Secret, ...]:
    """The secrets of a client, oldest first, those that are over too."""
    guid = find_tenant(database, tenant)
    with database.snapshot() as connection:
        return _client(connection, guid, client_id).secrets


@dataclass(frozen=True, slots=True)
class _Change:
    """Who issues a secret, and how long the older ones are still good; None: as long as they were."""

    actor: str
    overlap: timedelta | None


def _issue(
    database: Database, tenant: str, client_id: str, now: datetime, lifetime: timedelta | None, change: _Change
) -> IssuedSecret:
    guid, new = find_tenant(database, tenant), make_secret()
    kept = _kept(new, now, lifetime)
    with database.transaction() as tx:
        client = _client(tx, guid, client_id)
        if client.revoked_at is not None:
            raise Invalid("the client is revoked", where=client_id, mend="create a new one")
        over = [secret.secret_id for secret in client.secrets if is_over(secret, now)]
        clients.remove_secrets(tx, guid, client.client_id, over)
        if len(client.secrets) - len(over) >= _MOST_SECRETS:
            raise Invalid(f"the client has {_MOST_SECRETS} secrets", where=client_id, mend="remove one first")
        if change.overlap is not None:
            clients.end_secrets(tx, guid, client.client_id, now + change.overlap)
        clients.add_secret(tx, guid, client.client_id, kept)
        action = "client.secret.add" if change.overlap is None else "client.secret.rotate"
        _note(tx, guid, client.client_id, action, change.actor, now, secret=new.secret_id)
    return IssuedSecret(secret_id=new.secret_id, text=new.text, expires_at=kept.expires_at)


def _note(tx: Transaction, guid: str, client_id: str, action: str, actor: str, now: datetime, **details: str) -> None:
    enter(tx, guid, By(actor=actor, at=now), action, client_id, details)


def is_over(secret: Secret, now: datetime) -> bool:
    """Whether the secret gives no token any more."""
    return secret.expires_at is not None and now >= secret.expires_at


def _kept(new: NewSecret, now: datetime, lifetime: timedelta | None) -> Secret:
    if lifetime is not None and not lifetime:
        raise Invalid("a secret that ends at once opens nothing", where="expires", mend="give a time like 90d")
    return Secret(
        secret_id=new.secret_id,
        salt=new.kept.salt,
        digest=new.kept.digest,
        created_at=now,
        expires_at=None if lifetime is None else now + lifetime,
    )


def _client(connection: Transaction, guid: str, client_id: str) -> Client:
    client = clients.find(connection, guid, _folded(client_id)) if client_id.isprintable() else None
    if client is None:
        raise NotFound(f"there is no client {client_id}", mend=_LIST)
    return client


def _folded(client_id: str) -> str:
    return client_id.strip().lower()


def _known_role(role: str) -> str:
    named = next((known for known in ALL_ROLES if known.lower() == role.strip().lower()), None)
    if named is None:
        raise Invalid(f"there is no role {role!r}", where="role", mend=_CHOICES)
    return named
