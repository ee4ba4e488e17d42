"""Check a token's shape, header and signature, whoever issued it.

1. Three base64url parts of bounded size; a header of the right shape.
2. The algorithm is one that this code names, never one that the token proposes (no ``none``, no shared secrets).
3. The type is ``JWT`` or ``at+jwt``: other documents signed by the same keys are not access tokens.
4. The key is found by its id only: keys or addresses inside the token are never read.
5. The signature holds.

Only then are the claims worth reading; the one that is read before, the issuer's name, chooses whose keys are tried.
"""

import base64
import re
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from kbgap.auth.faults import BadToken, Fault
from kbgap.auth.keys import SIGNING_ALGORITHM

T = TypeVar("T")
PublicKey = RSAKey | ECKey

ALGORITHMS = (SIGNING_ALGORITHM, "ES256")
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_LONGEST = 32_768  # characters; a token of Entra ID with every group and role stays below
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
# Entra ID adds header members of its own, which the strict form would refuse; critical ones are refused all the same.
REGISTRY = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str
    typ: str


class _Claimed(msgspec.Struct, frozen=True):
    iss: str


_READ_HEADER = msgspec.json.Decoder(_Header)
_READ_CLAIMED = msgspec.json.Decoder(_Claimed)


@dataclass(frozen=True, slots=True, repr=False)
class Unproved:
    """A token of the right shape, with the id of the key that it names and the issuer that it claims."""

    text: str
    kid: str
    issuer: str


def read_token(token: str) -> Unproved:
    """The token as it came, nothing of it proved; BadToken when it cannot be one."""
    if len(token) > _LONGEST or _SHAPE.fullmatch(token) is None:
        raise BadToken(Fault.MALFORMED)
    first, second, _ = token.split(".")
    header = _read(_READ_HEADER, first)
    if header.alg not in ALGORITHMS:
        raise BadToken(Fault.ALGORITHM)
    if header.typ.lower() not in TYPES:
        raise BadToken(Fault.TYPE)
    return Unproved(token, header.kid, _read(_READ_CLAIMED, second).iss)


def prove(token: Unproved, key: PublicKey | None) -> bytes:
    """The claims, as JSON, when the key has signed them; BadToken when it has not, or there is none."""
    if key is None:
        raise BadToken(Fault.KEY)
    try:
        return jws.deserialize_compact(token.text, key, registry=REGISTRY).payload
    except (JoseError, ValueError) as fault:
        raise BadToken(Fault.SIGNATURE) from fault


def _read(decoder: "msgspec.json.Decoder[T]", part: str) -> T:
    try:
        return decoder.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (msgspec.DecodeError, RecursionError, ValueError) as fault:
        raise BadToken(Fault.MALFORMED) from fault
