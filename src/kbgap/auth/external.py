"""Verify tokens of external issuers: who they speak for, in which tenant, with what, and on which machine groups."""

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

import msgspec

from kbgap.auth.faults import BadToken, Fault
from kbgap.auth.issuers import AsIssued, ByClaim, Issuer, OneTenant
from kbgap.auth.permissions import Principal
from kbgap.auth.signatures import PublicKey, Unproved, prove
from kbgap.auth.tokens import Verified, is_for, valid_until


class _Claims(msgspec.Struct, frozen=True):
    """Those claims whose names are the same everywhere."""

    iss: str
    aud: str | tuple[str, ...]
    exp: float
    nbf: float = 0.0
    sub: str = ""
    azp: str = ""
    appid: str = ""
    client_id: str = ""
    idtyp: str = ""


_READ_ALL = msgspec.json.Decoder(dict[str, object])


def verify_external(token: Unproved, key: PublicKey | None, issuer: Issuer, now: datetime) -> Verified:
    """What a token of this issuer proves, or ``BadToken``; ``key`` is the issuer's of the id that the token names."""
    payload = prove(token, key)
    try:
        every = _READ_ALL.decode(payload)
        claims = msgspec.convert(every, _Claims)
    except (msgspec.DecodeError, RecursionError) as fault:  # ValidationError is a DecodeError
        raise BadToken(Fault.MALFORMED) from fault
    expires_at = valid_until(claims.exp, claims.nbf, now)
    named = issuer.tenant_in_name(claims.iss)
    if named is None:
        raise BadToken(Fault.ISSUER)
    if not is_for(issuer.audiences, claims.aud):
        raise BadToken(Fault.AUDIENCE)
    return Verified(_principal(every, claims, issuer, _tenant(every, issuer, named)), expires_at)


def _principal(every: Mapping[str, object], claims: _Claims, issuer: Issuer, tenant: str) -> Principal:
    """A token speaks for an application with its roles, or for a person with the scopes of ``scp``, never for both.

    A person can hold roles too, and an application's token can list scopes: each is passed over in the other's token,
    because a role opens the whole tenant.
    """
    client = claims.azp or claims.appid or claims.client_id
    scopes = _words(every, issuer.scopes_claim)
    is_application = not scopes or claims.idtyp == "app" or (client != "" and claims.sub == client)
    if is_application:
        return Principal(tenant, client, roles=_words(every, issuer.roles_claim))
    groups = None
    if issuer.groups is not None:
        held = _words(every, issuer.groups_claim)
        groups = frozenset(machines for group, machines in issuer.groups.items() if group in held)
    return Principal(tenant, client, roles=frozenset(), scopes=scopes, machine_groups=groups)


def _tenant(every: Mapping[str, object], issuer: Issuer, named: str) -> str:
    match issuer.tenants:
        case OneTenant(guid):
            return guid
        case AsIssued():
            return named
        case ByClaim(claim, guids):
            given = every.get(claim)
            # A name that holds the tenant binds the claim: an issuer's keys sign for all of its tenants.
            is_bound = not named or claim != "tid" or (isinstance(given, str) and given.lower() == named)
            if not isinstance(given, str) or given not in guids or not is_bound:
                raise BadToken(Fault.TENANT)
            return guids[given]
        case never:
            assert_never(never)


def _words(every: Mapping[str, object], claim: str) -> frozenset[str]:
    """A claim of several words: a list, or one text with blanks between them."""
    match every.get(claim):
        case str(text):
            return frozenset(text.split())
        case list(words) if all(isinstance(word, str) for word in words):
            return frozenset(map(str, words))
        case None:
            return frozenset()
        case _:
            raise BadToken(Fault.MALFORMED)
