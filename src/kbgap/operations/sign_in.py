"""Sign an application in: check its secret and give it a token for the permissions it was created with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from kbgap.auth.clients import SecretHash, is_secret
from kbgap.auth.keys import KeyRing
from kbgap.auth.tokens import Authority, Grant, IssuedToken, issue_token
from kbgap.core.errors import Denied
from kbgap.operations.clients import is_over
from kbgap.store import clients
from kbgap.store.clients import Client
from kbgap.store.database import Database, Transaction


class SignInFault(Enum):
    """What can be wrong with a request for a token."""

    MISSING_PARAMETER = "missing parameter"
    TWO_CREDENTIALS = "two credentials"
    UNKNOWN_GRANT = "unknown grant"
    UNKNOWN_TENANT = "unknown tenant"
    UNKNOWN_CLIENT = "unknown client"
    WRONG_SECRET = "wrong secret"  # noqa: S105 - the name of a fault
    EXPIRED_SECRET = "expired secret"  # noqa: S105 - as above
    UNKNOWN_RESOURCE = "unknown resource"
    BAD_SCOPE = "bad scope"
    NO_PEOPLE = "no people"


class SignInRefused(Denied):
    """A request for a token that gets none."""

    def __init__(self, fault: SignInFault, what: str) -> None:
        """Keep the fault: token libraries read its number, people read ``what``."""
        super().__init__(what)
        self.fault = fault


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """What an application asks for; ``tenant`` is a GUID or a name.

    ``addresses`` are those that the request reached us by: names of the API too.
    """

    tenant: str
    client_id: str
    client_secret: str
    resource: str
    addresses: tuple[str, ...]
    version: int


def sign_in(
    database: Database, ring: KeyRing, authority: Authority, asked: Asked, now: datetime, lifetime: timedelta
) -> IssuedToken:
    """Give a token to a client that knows its secret, or say why not (``SignInRefused``)."""
    with database.reading() as connection:
        tenant = clients.find_tenant(connection, asked.tenant)
        client = None if tenant is None else _client(connection, tenant, asked.client_id)
    if tenant is None:
        raise SignInRefused(SignInFault.UNKNOWN_TENANT, f"Tenant '{asked.tenant}' not found.")
    if client is None or client.revoked_at is not None:
        raise SignInRefused(
            SignInFault.UNKNOWN_CLIENT,
            f"Application with identifier '{asked.client_id}' was not found in the directory '{asked.tenant}'.",
        )
    _check_secret(client, asked, now)
    audience = authority.audiences.audience_of(asked.resource, asked.addresses)
    if audience is None:
        raise SignInRefused(
            SignInFault.UNKNOWN_RESOURCE,
            f"The resource principal named {asked.resource} was not found in the tenant named {asked.tenant}.",
        )
    grant = Grant(tenant, client.client_id, client.roles, audience, asked.version)
    return issue_token(ring, authority, grant, now, lifetime)


def has_tenant(database: Database, guid: str) -> bool:
    """True when a token's tenant is one of ours: a deleted tenant's tokens open nothing."""
    with database.reading() as connection:
        return clients.find_tenant(connection, guid) == guid.lower()


def _check_secret(client: Client, asked: Asked, now: datetime) -> None:
    """One of the client's secrets must be the one that was sent, and not be over."""
    known = [kept for kept in client.secrets if is_secret(asked.client_secret, SecretHash(kept.salt, kept.digest))]
    if not known:
        raise SignInRefused(SignInFault.WRONG_SECRET, f"Invalid client secret provided for app '{asked.client_id}'.")
    if all(is_over(kept, now) for kept in known):
        raise SignInRefused(
            SignInFault.EXPIRED_SECRET, f"The provided client secret keys for app '{asked.client_id}' are expired."
        )


def _client(connection: Transaction, tenant: str, client_id: str) -> Client | None:
    """A client by its id in any letter case; one that no database could hold is none."""
    return clients.find(connection, tenant, client_id.lower()) if client_id.isprintable() else None
