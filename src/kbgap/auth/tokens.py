"""Issue access tokens, and verify those that come back.

A token is a JWT signed by one of our keys. Verifying goes, in this order:

1. three base64url parts of bounded size; a header of the right shape;
2. the algorithm is one that this code names, never one that the token proposes (no ``none``, no shared secrets);
3. the type is ``JWT`` or ``at+jwt``: other documents signed by the same keys are not access tokens;
4. the key is ours, found by its id only: keys or addresses inside the token are never read;
5. the signature holds;
6. not expired, already valid, from our issuer, for our audience, in a tenant.

Anything wrong gives ``BadToken`` with one reason: there is nothing between a good token and none.
"""

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec
from joserfc import jws
from joserfc.errors import JoseError

from kbgap.auth.keys import SIGNING_ALGORITHM, KeyRing
from kbgap.auth.permissions import Principal
from kbgap.auth.resources import Resources
from kbgap.core.errors import Denied

ALGORITHMS = (SIGNING_ALGORITHM, "ES256")
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
LEEWAY = timedelta(seconds=60)  # how far another server's clock may run ahead of ours
_LONGEST = 32_768  # characters; a token of Entra ID with every group and role stays below
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
# Entra ID adds header members of its own, which the strict form would refuse; critical ones are refused all the same.
_REGISTRY = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)


class Fault(StrEnum):
    """What can be wrong with a token, as its sender is told."""

    ABSENT = "No access token was sent"
    MALFORMED = "The access token is malformed"
    ALGORITHM = "The access token is signed with an algorithm that is not accepted"
    TYPE = "The token is not an access token"
    KEY = "The access token is signed with an unknown key"
    SIGNATURE = "The signature of the access token is wrong"
    EXPIRED = "The access token has expired"
    NOT_YET_VALID = "The access token is not valid yet"
    ISSUER = "The access token comes from another issuer"
    AUDIENCE = "The access token is for another audience"
    TENANT = "The access token is for an unknown tenant"


class BadToken(Denied):
    """A token that opens nothing, whatever it says; answered with 401."""

    def __init__(self, fault: Fault) -> None:
        """Keep the fault, so that callers need not read the text."""
        super().__init__(fault.value, mend="ask the token endpoint for a new one")
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is to say: who, where, for which audience, with which permissions; ``version`` is 1 or 2."""

    tenant_guid: str
    client_id: str
    roles: tuple[str, ...]
    audience: str
    version: int


@dataclass(frozen=True, slots=True, repr=False)
class IssuedToken:
    """A signed token, and the time in which it is valid."""

    text: str
    not_before: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Verified:
    """What a good token proved, and until when."""

    principal: Principal
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Authority:
    """Whose tokens are good here: the issuer's address without the tenant, and the audiences it issues for."""

    address: str
    audiences: Resources

    def issuer_of(self, tenant_guid: str) -> str:
        """The issuer that tokens of a tenant name, in the form that Entra ID uses."""
        return f"{self.address}/{tenant_guid}/v2.0"


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str
    typ: str


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    aud: str | tuple[str, ...]
    tid: str
    exp: float
    nbf: float = 0.0
    roles: tuple[str, ...] = ()
    scp: str = ""
    appid: str = ""
    azp: str = ""


_READ_HEADER = msgspec.json.Decoder(_Header)
_READ_CLAIMS = msgspec.json.Decoder(_Claims)


def issue_token(ring: KeyRing, authority: Authority, grant: Grant, now: datetime, lifetime: timedelta) -> IssuedToken:
    """Sign a token with the newest key, with the claims that Entra ID gives an application's token."""
    kid, key = ring.signer
    start = now.replace(microsecond=0)
    end = start + lifetime
    claims = {
        "aud": grant.audience,
        "iss": authority.issuer_of(grant.tenant_guid),
        "iat": int(start.timestamp()),
        "nbf": int(start.timestamp()),
        "exp": int(end.timestamp()),
        "appid" if grant.version == 1 else "azp": grant.client_id,
        "idtyp": "app",
        "oid": grant.client_id,
        "roles": list(grant.roles),
        "sub": grant.client_id,
        "tid": grant.tenant_guid,
        "uti": secrets.token_urlsafe(16),
        "ver": f"{grant.version}.0",
    }
    header = {"typ": "JWT", "alg": SIGNING_ALGORITHM, "kid": kid}
    text = jws.serialize_compact(header, msgspec.json.encode(claims), key, registry=_REGISTRY)
    return IssuedToken(text=text, not_before=start, expires_at=end)


def verify_token(token: str, ring: KeyRing, authority: Authority, now: datetime) -> Verified:
    """What the token proves, or ``BadToken``."""
    if len(token) > _LONGEST or _SHAPE.fullmatch(token) is None:
        raise BadToken(Fault.MALFORMED)
    header = _header_of(token)
    if header.alg not in ALGORITHMS:
        raise BadToken(Fault.ALGORITHM)
    if header.typ.lower() not in TYPES:
        raise BadToken(Fault.TYPE)
    key = ring.verifier(header.kid)
    if key is None:
        raise BadToken(Fault.KEY)
    try:
        signed = jws.deserialize_compact(token, key, registry=_REGISTRY)
    except (JoseError, ValueError) as fault:
        raise BadToken(Fault.SIGNATURE) from fault
    return _accepted(signed.payload, authority, now)


def _header_of(token: str) -> _Header:
    first = token.partition(".")[0]
    try:
        return _READ_HEADER.decode(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (msgspec.DecodeError, RecursionError, ValueError) as fault:
        raise BadToken(Fault.MALFORMED) from fault


def _accepted(payload: bytes, authority: Authority, now: datetime) -> Verified:
    try:
        claims = _READ_CLAIMS.decode(payload)
        expires_at = datetime.fromtimestamp(claims.exp, UTC)
        valid_from = datetime.fromtimestamp(claims.nbf, UTC)
    except (msgspec.DecodeError, RecursionError, ValueError, OverflowError, OSError) as fault:
        raise BadToken(Fault.MALFORMED) from fault
    if now >= expires_at:
        raise BadToken(Fault.EXPIRED)
    if now + LEEWAY < valid_from:
        raise BadToken(Fault.NOT_YET_VALID)
    if not claims.tid or claims.iss != authority.issuer_of(claims.tid):
        raise BadToken(Fault.ISSUER)
    if not any(audience in authority.audiences for audience in _as_tuple(claims.aud)):
        raise BadToken(Fault.AUDIENCE)
    principal = Principal(
        tenant_guid=claims.tid,
        client_id=claims.azp or claims.appid,
        roles=frozenset(claims.roles),
        scopes=frozenset(claims.scp.split()),
    )
    return Verified(principal=principal, expires_at=expires_at)


def _as_tuple(audience: str | tuple[str, ...]) -> tuple[str, ...]:
    return (audience,) if isinstance(audience, str) else audience
