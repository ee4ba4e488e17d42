"""Client secrets: random, hashed, compared without a hint."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from kbgap.auth.clients import hash_secret, is_secret, make_client_id, make_secret


def test_a_client_id_is_a_guid() -> None:
    """As every client expects, and another one each time."""
    one, other = make_client_id(), make_client_id()

    assert str(uuid.UUID(one)) == one
    assert one != other


def test_a_new_secret_opens_what_is_kept_of_it() -> None:
    """256 random bits, shown once."""
    secret = make_secret()

    assert is_secret(secret.text, secret.kept)
    assert len(secret.text) >= 43


def test_no_two_secrets_share_anything() -> None:
    """Ids, texts and salts are all fresh."""
    one, other = make_secret(), make_secret()

    assert one.secret_id != other.secret_id
    assert one.text != other.text
    assert one.kept.salt != other.kept.salt


def test_one_secret_hashed_twice_differs() -> None:
    """The salt hides that two clients were given the same secret."""
    assert hash_secret("same").digest != hash_secret("same").digest


def test_the_secret_is_not_printed() -> None:
    """A secret that lands in a log does not give itself away."""
    secret = make_secret()

    assert secret.text not in repr(secret)


@given(st.text())
def test_any_other_text_is_refused(offered: str) -> None:
    """Whatever is offered, lone surrogates too, is compared and refused without an error."""
    secret = make_secret()

    assert not is_secret(offered, secret.kept)
