"""Signing keys: made, kept together, published by halves."""

from datetime import UTC, datetime, timedelta

import pytest

from kbgap.auth.keys import KeyRing, SigningKey, make_signing_key
from kbgap.core.errors import Unavailable

NOW = datetime(2026, 7, 14, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def old_and_new() -> tuple[SigningKey, SigningKey]:
    """Two keys, made a day apart."""
    return make_signing_key(NOW - timedelta(days=1)), make_signing_key(NOW)


def test_the_newest_key_signs(old_and_new: tuple[SigningKey, SigningKey]) -> None:
    """A new key signs as soon as it exists, in whatever order the keys are read."""
    old, new = old_and_new

    signers = {KeyRing(order).signer[0] for order in ([old, new], [new, old])}

    assert signers == {new.kid}


def test_an_older_key_still_verifies(old_and_new: tuple[SigningKey, SigningKey]) -> None:
    """Replacing the key ends no session: all live keys verify and are published."""
    old, new = old_and_new

    ring = KeyRing([old, new])

    assert ring.kids == {old.kid, new.kid}
    assert {key["kid"] for key in ring.published()} == {old.kid, new.kid}
    assert ring.verifier(old.kid) is not None
    assert ring.verifier("another") is None


def test_only_public_halves_are_published(old_and_new: tuple[SigningKey, SigningKey]) -> None:
    """The published document holds no private number, and neither does what verifies."""
    ring = KeyRing(old_and_new)

    (first, _) = ring.published()

    assert set(first) == {"kty", "use", "alg", "kid", "n", "e"}
    verifier = ring.verifier(first["kid"])
    assert verifier is not None
    assert not verifier.is_private


def test_a_key_does_not_print_its_private_half(old_and_new: tuple[SigningKey, SigningKey]) -> None:
    """A key that lands in a log or a traceback gives nothing away."""
    assert "PRIVATE" not in repr(old_and_new)


def test_no_key_says_so() -> None:
    """Without any key nothing can be signed, and the error says that."""
    with pytest.raises(Unavailable, match="no key"):
        _ = KeyRing([]).signer
