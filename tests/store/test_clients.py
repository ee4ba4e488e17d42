"""Clients and signing keys are kept per tenant, and found by those who ask for them."""

from datetime import datetime

import pytest

from kbgap.store import clients, tenants
from kbgap.store.clients import Client, Secret
from kbgap.store.database import Database
from tests.builders import NOW, OTHER_TENANT, TENANT, later


def a_client(client_id: str = "c-1", name: str = "power bi") -> Client:
    """A client that may read."""
    return Client(
        client_id=client_id,
        name=name,
        roles=("Software.Read.All",),
        created_at=NOW,
        secrets=(a_secret("s-1"),),
    )


def a_secret(secret_id: str, *, at: datetime = NOW, expires_at: datetime | None = None) -> Secret:
    """What is kept of a secret."""
    return Secret(secret_id=secret_id, salt=b"\0salt", digest=b"\xffdigest", created_at=at, expires_at=expires_at)


@pytest.fixture
def tenanted(database: Database) -> Database:
    """A database with two tenants."""
    with database.transaction() as tx:
        tenants.create(tx, TENANT, "North", NOW)
        tenants.create(tx, OTHER_TENANT, "south", NOW)
    return database


def test_a_client_comes_back_as_it_was_saved(tenanted: Database) -> None:
    """Bytes and moments too; and only in its tenant."""
    with tenanted.transaction() as tx:
        clients.add(tx, TENANT, a_client())

    with tenanted.reading() as connection:
        assert clients.find(connection, TENANT, "c-1") == a_client()
        assert clients.find(connection, OTHER_TENANT, "c-1") is None
        assert clients.find(connection, TENANT, "c-2") is None


def test_clients_are_listed_by_name(tenanted: Database) -> None:
    """Revoked ones too."""
    with tenanted.transaction() as tx:
        clients.add(tx, TENANT, a_client("c-1", "zeta"))
        clients.add(tx, TENANT, a_client("c-2", "alpha"))
        clients.revoke(tx, TENANT, "c-2", later(hours=1))

    with tenanted.reading() as connection:
        listed = clients.listed(connection, TENANT)

    assert [(client.name, client.revoked_at) for client in listed] == [("alpha", later(hours=1)), ("zeta", None)]


def test_a_client_has_several_secrets(tenanted: Database) -> None:
    """Oldest first, each with its end; they are its own."""
    more = a_secret("s-2", at=later(days=1), expires_at=later(days=30))
    with tenanted.transaction() as tx:
        clients.add(tx, TENANT, a_client("c-1"))
        clients.add(tx, TENANT, a_client("c-2", "other"))
        clients.add_secret(tx, TENANT, "c-1", more)

    with tenanted.reading() as connection:
        listed = {client.client_id: client.secrets for client in clients.listed(connection, TENANT)}

    assert listed == {"c-1": (a_secret("s-1"), more), "c-2": (a_secret("s-1"),)}


def test_secrets_end_at_a_moment_unless_they_end_earlier(tenanted: Database) -> None:
    """Only those of the client, in its tenant."""
    soon = a_secret("s-2", at=later(hours=1), expires_at=later(hours=2))
    with tenanted.transaction() as tx:
        clients.add(tx, TENANT, a_client())
        clients.add_secret(tx, TENANT, "c-1", soon)
        clients.add(tx, OTHER_TENANT, a_client())
        clients.end_secrets(tx, TENANT, "c-1", later(days=1))

    with tenanted.reading() as connection:
        mine, other = clients.find(connection, TENANT, "c-1"), clients.find(connection, OTHER_TENANT, "c-1")
    assert mine is not None
    assert other is not None
    assert [secret.expires_at for secret in mine.secrets] == [later(days=1), later(hours=2)]
    assert [secret.expires_at for secret in other.secrets] == [None]


def test_a_removed_secret_is_gone(tenanted: Database) -> None:
    """Removing tells how many there were, and reaches into no other tenant."""
    with tenanted.transaction() as tx:
        clients.add(tx, TENANT, a_client())
        removed = [clients.remove_secrets(tx, tenant, "c-1", ["s-1", "s-9"]) for tenant in (OTHER_TENANT, TENANT)]
        found = clients.find(tx, TENANT, "c-1")

    assert removed == [0, 1]
    assert found is not None
    assert found.secrets == ()


def test_revoking_tells_whether_there_was_anything_to_revoke(tenanted: Database) -> None:
    """A second time there is not, and never in another tenant."""
    with tenanted.transaction() as tx:
        clients.add(tx, TENANT, a_client())

        answers = [clients.revoke(tx, tenant, "c-1", NOW) for tenant in (OTHER_TENANT, TENANT, TENANT)]

    assert answers == [False, True, False]


@pytest.mark.parametrize(
    ("asked", "found"), [(TENANT, TENANT), (TENANT.upper(), TENANT), ("north", TENANT), ("west", None), ("", None)]
)
def test_a_tenant_is_found_by_guid_or_name(tenanted: Database, asked: str, found: str | None) -> None:
    """In any letter case."""
    with tenanted.reading() as connection:
        assert clients.find_tenant(connection, asked) == found


def test_signing_keys_are_kept_once_each(database: Database) -> None:
    """Two processes that save the same key do not stumble; withdrawn ones are gone."""
    with database.transaction() as tx:
        clients.add_signing_key(tx, "k-2", "two", later(hours=1))
        clients.add_signing_key(tx, "k-1", "one", NOW)
        clients.add_signing_key(tx, "k-1", "another", NOW)
        before = [(key.kid, key.pem, key.created_at) for key in clients.signing_keys(tx)]
        clients.remove_signing_keys(tx, {"k-1"})
        after = [key.kid for key in clients.signing_keys(tx)]

    assert before == [("k-1", "one", NOW), ("k-2", "two", later(hours=1))]
    assert after == ["k-2"]
