"""Sign an application in: check its secret and give it a token for the permissions it was created with."""

from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in for the audit log: by which client of which tenant, for what, and what was wrong with it, if anything.

    ``client_id`` is empty when there is no such client: what was sent instead is anybody's text.
    """

    tenant: str
    client_id: str
    version: int
    audience: str = ""
    fault: SignInFault | None = None


class SignInRefused(Denied):
    """A request for a token that gets none."""

    def __init__(self, fault: SignInFault, what: str, attempt: Attempt | None = None) -> None:
        """Keep the fault: token libraries read its number, people read ``what``; an unknown tenant has no attempt."""
        super().__init__(what)
        self.fault = fault
        self.attempt = attempt


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A token, and what the audit log is to say about it."""

    token: IssuedToken
    attempt: Attempt


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
) -> SignedIn:
    """Give a token to a client that knows its secret, or say why not (``SignInRefused``)."""
    with database.reading() as connection:
        tenant = clients.find_tenant(connection, asked.tenant)
        client = None if tenant is None else _client(connection, tenant, asked.client_id)
    if tenant is None:
        raise SignInRefused(SignInFault.UNKNOWN_TENANT, f"Tenant '{asked.tenant}' not found.")
    attempt = Attempt(tenant, "" if client is None else client.client_id, asked.version)
    fault = _fault_of(client, asked, now)
    audience = authority.audiences.audience_of(asked.resource, asked.addresses)
    if fault is None and audience is None:
        fault = SignInFault.UNKNOWN_RESOURCE
    if fault is not None or client is None or audience is None:
        refused = fault or SignInFault.UNKNOWN_CLIENT
        raise SignInRefused(refused, _told(refused, asked), replace(attempt, fault=refused))
    grant = Grant(tenant, client.client_id, client.roles, audience, asked.version)
    return SignedIn(issue_token(ring, authority, grant, now, lifetime), replace(attempt, audience=audience))


def has_tenant(database: Database, guid: str) -> bool:
    """True when a token's tenant is one of ours: a deleted tenant's tokens open nothing."""
    with database.reading() as connection:
        return clients.find_tenant(connection, guid) == guid.lower()


def _fault_of(client: Client | None, asked: Asked, now: datetime) -> SignInFault | None:
    """What is wrong with the client or its secret: one of its own must be the one that was sent, and not be over."""
    if client is None or client.revoked_at is not None:
        return SignInFault.UNKNOWN_CLIENT
    known = [kept for kept in client.secrets if is_secret(asked.client_secret, SecretHash(kept.salt, kept.digest))]
    if not known:
        return SignInFault.WRONG_SECRET
    return SignInFault.EXPIRED_SECRET if all(is_over(kept, now) for kept in known) else None


def _told(fault: SignInFault, asked: Asked) -> str:
    """What the client is told."""
    match fault:
        case SignInFault.WRONG_SECRET:
            return f"Invalid client secret provided for app '{asked.client_id}'."
        case SignInFault.EXPIRED_SECRET:
            return f"The provided client secret keys for app '{asked.client_id}' are expired."
        case SignInFault.UNKNOWN_RESOURCE:
            return f"The resource principal named {asked.resource} was not found in the tenant named {asked.tenant}."
        case _:
            return f"Application with identifier '{asked.client_id}' was not found in the directory '{asked.tenant}'."


def _client(connection: Transaction, tenant: str, client_id: str) -> Client | None:
    """A client by its id in any letter case; one that no database could hold is none."""
    return clients.find(connection, tenant, client_id.lower()) if client_id.isprintable() else None
