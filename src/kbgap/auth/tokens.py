"""Issue access tokens, and verify those that come back.

After the steps of ``auth/signatures.py``, with a key of ours: not expired, already valid, from our issuer, for our
audience, in a tenant. Anything wrong gives ``BadToken`` with one reason.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from joserfc import jws

from kbgap.auth.faults import BadToken, Fault
from kbgap.auth.keys import SIGNING_ALGORITHM, KeyRing
from kbgap.auth.permissions import Principal
from kbgap.auth.resources import Resources
from kbgap.auth.signatures import REGISTRY, Unproved, prove, read_token

LEEWAY = timedelta(seconds=60)  # how far another server's clock may run ahead of ours


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
    text = jws.serialize_compact(header, msgspec.json.encode(claims), key, registry=REGISTRY)
    return IssuedToken(text=text, not_before=start, expires_at=end)


def verify_token(token: Unproved | str, ring: KeyRing, authority: Authority, now: datetime) -> Verified:
    """What a token of ours proves, or ``BadToken``."""
    unproved = read_token(token) if isinstance(token, str) else token
    return _accepted(prove(unproved, ring.verifier(unproved.kid)), authority, now)


def valid_until(exp: float, nbf: float, now: datetime) -> datetime:
    """The end of a token's time, given in seconds since 1970, when the time is now."""
    try:
        expires_at = datetime.fromtimestamp(exp, UTC)
        valid_from = datetime.fromtimestamp(nbf, UTC)
    except (ValueError, OverflowError, OSError) as fault:
        raise BadToken(Fault.MALFORMED) from fault
    if now >= expires_at:
        raise BadToken(Fault.EXPIRED)
    if now + LEEWAY < valid_from:
        raise BadToken(Fault.NOT_YET_VALID)
    return expires_at


def is_for(audiences: Resources | frozenset[str], claimed: str | Iterable[str]) -> bool:
    """Whether a token's audience, one or several, is one of these."""
    return any(name in audiences for name in ((claimed,) if isinstance(claimed, str) else claimed))


def _accepted(payload: bytes, authority: Authority, now: datetime) -> Verified:
    try:
        claims = _READ_CLAIMS.decode(payload)
    except (msgspec.DecodeError, RecursionError) as fault:
        raise BadToken(Fault.MALFORMED) from fault
    expires_at = valid_until(claims.exp, claims.nbf, now)
    if not claims.tid or claims.iss != authority.issuer_of(claims.tid):
        raise BadToken(Fault.ISSUER)
    if not is_for(authority.audiences, claims.aud):
        raise BadToken(Fault.AUDIENCE)
    principal = Principal(
        tenant_guid=claims.tid,
        client_id=claims.azp or claims.appid,
        roles=frozenset(claims.roles),
        scopes=frozenset(claims.scp.split()),
    )
    return Verified(principal=principal, expires_at=expires_at)
