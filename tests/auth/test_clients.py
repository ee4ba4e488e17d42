"""Client secrets: random, hashed, compared without a hint."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from kbgap.auth.clients import hash_secret, is_secret, make_client


def test_a_new_client_signs_in_with_its_secret() -> None:
    """The secret that is shown opens what is kept of it; the id is a GUID, as clients expect."""
    client = make_client()

    assert is_secret(client.secret, client.kept)
    assert str(uuid.UUID(client.client_id)) == client.client_id
    assert len(client.secret) >= 43


def test_no_two_clients_share_anything() -> None:
    """Ids, secrets and salts are all fresh."""
    one, other = make_client(), make_client()

    assert one.client_id != other.client_id
    assert one.secret != other.secret
    assert one.kept.salt != other.kept.salt


def test_one_secret_hashed_twice_differs() -> None:
    """The salt hides that two clients were given the same secret."""
    assert hash_secret("same").digest != hash_secret("same").digest


def test_the_secret_is_not_printed() -> None:
    """A client that lands in a log does not give its secret away."""
    client = make_client()

    assert client.secret not in repr(client)


@given(st.text())
def test_any_other_text_is_refused(offered: str) -> None:
    """Whatever is offered, lone surrogates too, is compared and refused without an error."""
    client = make_client()

    assert not is_secret(offered, client.kept)
