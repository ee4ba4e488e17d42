"""Make a client's id and its secrets, and check a secret against what was kept of it."""

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass

_SECRET_BYTES = 32
_SALT_BYTES = 16
_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class SecretHash:
    """What is kept of a secret: enough to check it, not enough to know it."""

    salt: bytes
    digest: bytes


@dataclass(frozen=True, slots=True, repr=False)
class NewSecret:
    """A secret just made; its text exists only here, to be shown once."""

    secret_id: str
    text: str
    kept: SecretHash


def make_client_id() -> str:
    """A new client id: a GUID, as every client expects."""
    return str(uuid.uuid4())


def make_secret() -> NewSecret:
    """A new secret of 256 random bits, with an id by which people can name it."""
    text = secrets.token_urlsafe(_SECRET_BYTES)
    return NewSecret(secret_id=secrets.token_hex(_ID_BYTES), text=text, kept=hash_secret(text))


def hash_secret(secret: str) -> SecretHash:
    """Hash a generated secret with a fresh salt."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return SecretHash(salt=salt, digest=_digest(salt, secret))


def is_secret(offered: str, kept: SecretHash) -> bool:
    """True when the offered text is the secret; takes as long when its first letter is wrong as when its last is."""
    return hmac.compare_digest(_digest(kept.salt, offered), kept.digest)


def _digest(salt: bytes, secret: str) -> bytes:
    # One round of HMAC-SHA-256, not scrypt: slow hashes protect words that people choose. These secrets are always
    # generated, with 256 random bits, so that guessing is hopeless at any speed, while a slow hash on a path that
    # needs no token would let anybody keep the processor busy. Secrets that people choose are never taken.
    return hmac.digest(salt, secret.encode("utf-8", "surrogatepass"), hashlib.sha256)
