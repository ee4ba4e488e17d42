"""Make the keys that sign our tokens, and keep those that are alive together under their ids.

Keys are replaced without a break: a new key signs as soon as it exists, older ones still verify what they signed
until they are withdrawn. All of them are published, so that other services can verify our tokens too.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypedDict

from joserfc.jwk import KeyParameters, RSAKey

from kbgap.core.errors import Unavailable

SIGNING_ALGORITHM = "RS256"
SIGNS_FOR = timedelta(days=90)
VERIFIES_FOR = SIGNS_FOR + timedelta(days=7)  # far longer than any token that the key signed is valid
_KEY_BITS = 2048


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair as it is stored; ``pem`` is the private key (PKCS #8) and never leaves the server."""

    kid: str
    pem: str = field(repr=False)
    created_at: datetime


class PublicKey(TypedDict):
    """One public key as RFC 7517 writes it."""

    kty: Literal["RSA"]
    use: Literal["sig"]
    alg: str
    kid: str
    n: str
    e: str


def make_signing_key(now: datetime) -> SigningKey:
    """A new RSA key; its id is the thumbprint of its public half (RFC 7638), so that no two keys share one."""
    key = RSAKey.generate_key(_KEY_BITS, auto_kid=True)
    return SigningKey(kid=key.thumbprint(), pem=key.as_pem(private=True).decode("ascii"), created_at=now)


def is_due(keys: Iterable[SigningKey], now: datetime) -> bool:
    """True when it is time for a new key: there is none, or the newest has signed long enough."""
    return all(now - key.created_at >= SIGNS_FOR for key in keys)


def outlived(keys: Iterable[SigningKey], now: datetime) -> frozenset[str]:
    """The ids of keys to withdraw: nothing that they signed can be valid any more."""
    return frozenset(key.kid for key in keys if now - key.created_at >= VERIFIES_FOR)


class KeyRing:
    """The signing keys that are alive; the newest one signs."""

    def __init__(self, keys: Iterable[SigningKey]) -> None:
        """Read the keys once: taking an RSA key from its text costs more than a hundred signatures checked."""
        newest_first = sorted(keys, key=lambda key: (key.created_at, key.kid), reverse=True)
        self._keys = {key.kid: _read(key) for key in newest_first}
        self._published = [_published(kid, key) for kid, key in self._keys.items()]
        # What verifies need not be able to sign.
        self._verifiers = {
            kid: RSAKey.import_key(key.as_dict(private=False), _parameters(kid)) for kid, key in self._keys.items()
        }

    @property
    def kids(self) -> frozenset[str]:
        """The ids of all keys."""
        return frozenset(self._keys)

    @property
    def signer(self) -> tuple[str, RSAKey]:
        """The id and the key to sign with."""
        for kid, key in self._keys.items():
            return kid, key
        raise Unavailable("there is no key to sign tokens with")

    def verifier(self, kid: str) -> RSAKey | None:
        """The public half of a key, or None when no key has this id."""
        return self._verifiers.get(kid)

    def secret(self, kid: str) -> bytes | None:
        """The private half of a key as bytes that only those know who have the key; None when no key has this id."""
        key = self._keys.get(kid)
        return None if key is None else str(key.as_dict(private=True)["d"]).encode("ascii")

    def published(self) -> list[PublicKey]:
        """The public halves, for the document that other services verify our tokens with."""
        return self._published


def _read(key: SigningKey) -> RSAKey:
    return RSAKey.import_key(key.pem, _parameters(key.kid))


def _parameters(kid: str) -> KeyParameters:
    return {"kid": kid, "use": "sig", "alg": SIGNING_ALGORITHM}


def _published(kid: str, key: RSAKey) -> PublicKey:
    numbers = key.as_dict(private=False)
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": SIGNING_ALGORITHM,
        "kid": kid,
        "n": str(numbers["n"]),
        "e": str(numbers["e"]),
    }
