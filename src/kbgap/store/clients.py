"""Save and load the clients that may ask for tokens, and the keys that sign them: only hashes of secrets are kept."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from kbgap.core.model import Value
from kbgap.store import dialect, schema, schema_clients
from kbgap.store.packing import encode_text
from kbgap.store.tenants import tenant_key

_client, _secret = schema_clients.client, schema_clients.client_secret
_key, _tenant = schema.signing_key, schema.tenant


class Secret(Value, frozen=True):
    """What is kept of one secret of a client; ``expires_at`` is None for one without an end."""

    secret_id: str
    salt: bytes
    digest: bytes
    created_at: datetime
    expires_at: datetime | None = None


class Client(Value, frozen=True):
    """One client: its roles and its secrets, oldest first. ``revoked_at`` is None while it may ask for tokens."""

    client_id: str
    name: str
    roles: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None = None
    secrets: tuple[Secret, ...] = ()


class KeyRow(Value, frozen=True):
    """One key pair that signs tokens; ``pem`` is the private key."""

    kid: str
    pem: str
    created_at: datetime


def find_tenant(connection: Connection, asked: str) -> str | None:
    """The GUID of the tenant that a GUID or a name stands for, in any letter case.

    None when there is none, and for a name of several: guessing would reach into the wrong customer's fleet.
    """
    if not asked.isprintable():
        return None  # PostgreSQL takes no NUL
    by_guid = connection.scalar(select(_tenant.c.guid).where(_tenant.c.tenant_id == tenant_key(asked)))
    if by_guid is not None:
        return str(by_guid)
    named = select(_tenant.c.guid).where(func.lower(_tenant.c.name) == asked.lower())
    guids = connection.scalars(named.limit(2)).all()
    return str(guids[0]) if len(guids) == 1 else None


def add(tx: Connection, tenant: str, client: Client) -> None:
    """Save a new client of a tenant (given by its GUID), with its secrets."""
    row = msgspec.structs.asdict(client) | {"tenant_id": tenant_key(tenant), "roles": encode_text(client.roles)}
    del row["secrets"]
    tx.execute(insert(_client), [row])
    for secret in client.secrets:
        add_secret(tx, tenant, client.client_id, secret)


def add_secret(tx: Connection, tenant: str, client_id: str, secret: Secret) -> None:
    """Save one more secret of a client."""
    owner = {"tenant_id": tenant_key(tenant), "client_id": client_id}
    tx.execute(insert(_secret), [msgspec.structs.asdict(secret) | owner])


def remove_secrets(tx: Connection, tenant: str, client_id: str, secret_ids: Collection[str]) -> int:
    """Delete secrets of a client; gives how many of them there were."""
    its = (_secret.c.tenant_id == tenant_key(tenant)) & (_secret.c.client_id == client_id)
    return tx.execute(delete(_secret).where(its, _secret.c.secret_id.in_(secret_ids))).rowcount


def end_secrets(tx: Connection, tenant: str, client_id: str, at: datetime) -> None:
    """Let the secrets that a client has end at a moment, those that end earlier when they do."""
    its = (_secret.c.tenant_id == tenant_key(tenant)) & (_secret.c.client_id == client_id)
    longer = _secret.c.expires_at.is_(None) | (_secret.c.expires_at > at)
    tx.execute(update(_secret).where(its, longer).values(expires_at=at))


def find(connection: Connection, tenant: str, client_id: str) -> Client | None:
    """One client of a tenant, also when it was revoked; None when there is none."""
    return next(iter(_load(connection, tenant, client_id)), None)


def listed(connection: Connection, tenant: str) -> tuple[Client, ...]:
    """The clients of a tenant, revoked ones too, by name."""
    return _load(connection, tenant, None)


def _load(connection: Connection, tenant: str, client_id: str | None) -> tuple[Client, ...]:
    columns = [_client.c[name] for name in Client.__struct_fields__ if name in _client.c]
    statement = select(*columns).where(_client.c.tenant_id == tenant_key(tenant))
    secrets = select(_secret).where(_secret.c.tenant_id == tenant_key(tenant))
    if client_id is not None:
        statement = statement.where(_client.c.client_id == client_id)
        secrets = secrets.where(_secret.c.client_id == client_id)
    rows = connection.execute(statement.order_by(_client.c.name, _client.c.created_at, _client.c.client_id)).mappings()
    loaded = [{**row, "roles": msgspec.json.decode(row["roles"], type=tuple[str, ...])} for row in rows]
    its: dict[str, list[Secret]] = {row["client_id"]: [] for row in loaded}
    for row in connection.execute(secrets.order_by(_secret.c.created_at, _secret.c.secret_id)).mappings():
        if row["client_id"] in its:  # one that was added since is not among those loaded
            its[row["client_id"]].append(Secret(**{name: row[name] for name in Secret.__struct_fields__}))
    return tuple(Client(**row, secrets=tuple(its[row["client_id"]])) for row in loaded)


def revoke(tx: Connection, tenant: str, client_id: str, now: datetime) -> bool:
    """Let a client get no more tokens; False when there is none that still could."""
    its = (_client.c.tenant_id == tenant_key(tenant)) & (_client.c.client_id == client_id)
    done = tx.execute(update(_client).where(its, _client.c.revoked_at.is_(None)).values(revoked_at=now))
    return done.rowcount > 0


def signing_keys(connection: Connection) -> tuple[KeyRow, ...]:
    """All keys that sign or once signed tokens, oldest first."""
    rows = connection.execute(select(_key).order_by(_key.c.created_at, _key.c.kid)).mappings()
    return tuple(KeyRow(**row) for row in rows)


def add_signing_key(tx: Connection, kid: str, pem: str, now: datetime) -> None:
    """Save a key; one with the same id stays as it is."""
    dialect.insert_new(tx, _key, [{"kid": kid, "pem": pem, "created_at": now}])


def remove_signing_keys(tx: Connection, kids: Collection[str]) -> None:
    """Withdraw keys: what they signed is not accepted any more."""
    tx.execute(delete(_key).where(_key.c.kid.in_(kids)))
