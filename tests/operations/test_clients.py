"""Clients: created with a secret that is shown once, listed without it, revoked for good."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from kbgap.auth.clients import SecretHash, is_secret
from kbgap.core.errors import Invalid, NotFound
from kbgap.operations.clients import (
    ALL_ROLES,
    add_secret,
    client_secrets,
    create_client,
    list_clients,
    remove_secret,
    revoke_client,
    rotate_secret,
)
from kbgap.store import tenants
from kbgap.store.database import Database, open_database
from kbgap.store.migrate import migrate

NOW = datetime(2026, 7, 14, 12, tzinfo=UTC)
TENANT = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def database(engine_url: str) -> Iterator[Database]:
    """A database with two tenants."""
    migrate(engine_url)
    opened = open_database(engine_url)
    with opened.transaction() as tx:
        tenants.create(tx, TENANT, "Contoso", NOW)
        tenants.create(tx, OTHER, "Fabrikam", NOW)
    yield opened
    opened.close()


def test_a_client_is_created_listed_and_revoked(database: Database) -> None:
    """Its secret opens what is kept of it; revoking is remembered with its moment."""
    client_id, secret = create_client(database, "contoso", " Power BI ", ["software.read.all"], NOW)

    (created,) = list_clients(database, TENANT)
    revoke_client(database, TENANT, client_id.upper(), NOW + timedelta(hours=1))
    (revoked,) = list_clients(database, TENANT)

    assert (created.client_id, created.name, created.roles) == (client_id, "Power BI", ("Software.Read.All",))
    assert [is_secret(secret, SecretHash(kept.salt, kept.digest)) for kept in created.secrets] == [True]
    assert (created.created_at, created.revoked_at) == (NOW, None)
    assert revoked.revoked_at == NOW + timedelta(hours=1)


def test_a_tenant_sees_and_ends_its_own_clients_only(database: Database) -> None:
    """Another tenant's client is as unknown as one that never was."""
    client_id, _ = create_client(database, TENANT, "mine", ALL_ROLES, NOW)

    assert list_clients(database, OTHER) == ()
    with pytest.raises(NotFound, match="no client"):
        revoke_client(database, OTHER, client_id, NOW)


def test_clients_are_listed_by_name(database: Database) -> None:
    """So that people find one."""
    for name in ("b", "a", "c"):
        create_client(database, TENANT, name, ALL_ROLES, NOW)

    assert [client.name for client in list_clients(database, TENANT)] == ["a", "b", "c"]


def test_revoking_twice_says_so(database: Database) -> None:
    """The first moment stays."""
    client_id, _ = create_client(database, TENANT, "short", ALL_ROLES, NOW)
    revoke_client(database, TENANT, client_id, NOW)

    with pytest.raises(NotFound):
        revoke_client(database, TENANT, client_id, NOW + timedelta(days=1))

    assert list_clients(database, TENANT)[0].revoked_at == NOW


@pytest.mark.parametrize(
    ("name", "roles", "wrong"),
    [
        ("", ["Software.Read.All"], "needs a name"),
        ("  ", ["Software.Read.All"], "needs a name"),
        ("x" * 257, ["Software.Read.All"], "at most 256"),
        ("a\0b", ["Software.Read.All"], "control character"),
        ("good", [], "without any role"),
        ("good", ["Alert.Read.All"], "no role 'Alert.Read.All'"),
    ],
)
def test_what_makes_no_client_is_refused(database: Database, name: str, roles: list[str], wrong: str) -> None:
    """One clear line, and nothing is stored."""
    with pytest.raises(Invalid, match=wrong):
        create_client(database, TENANT, name, roles, NOW)

    assert list_clients(database, TENANT) == ()


@pytest.mark.parametrize("tenant", ["nobody", "33333333-3333-4333-8333-333333333333", "a\0b", ""])
def test_an_unknown_tenant_is_named(database: Database, tenant: str) -> None:
    """The message says where to look."""
    with pytest.raises(NotFound, match="kbgap tenant list"):
        create_client(database, tenant, "client", ALL_ROLES, NOW)
    with pytest.raises(NotFound):
        list_clients(database, tenant)


def test_a_name_of_two_tenants_names_neither(database: Database) -> None:
    """Guessing would put a client into the wrong customer's fleet."""
    with database.transaction() as tx:
        tenants.create(tx, "33333333-3333-4333-8333-333333333333", "contoso", NOW)

    with pytest.raises(NotFound):
        create_client(database, "contoso", "client", ALL_ROLES, NOW)


def test_a_new_secret_stands_beside_the_old_one(database: Database) -> None:
    """Until the old one is removed by its id, in any letter case."""
    client_id, _ = create_client(database, TENANT, "client", ALL_ROLES, NOW)
    (first,) = client_secrets(database, TENANT, client_id)

    issued = add_secret(database, TENANT, client_id, NOW + timedelta(seconds=1), timedelta(days=90))
    both = [(kept.secret_id, kept.expires_at) for kept in client_secrets(database, TENANT, client_id)]
    remove_secret(database, TENANT, client_id.upper(), first.secret_id.upper(), NOW)

    end = NOW + timedelta(days=90, seconds=1)
    assert both == [(first.secret_id, None), (issued.secret_id, end)]
    assert [kept.secret_id for kept in client_secrets(database, TENANT, client_id)] == [issued.secret_id]


def test_rotating_lets_the_old_secrets_end(database: Database) -> None:
    """The client has the overlap to take the new one; those that end earlier do."""
    client_id, _ = create_client(database, TENANT, "client", ALL_ROLES, NOW)
    add_secret(database, TENANT, client_id, NOW + timedelta(seconds=1), timedelta(hours=1))

    issued = rotate_secret(database, TENANT, client_id, NOW + timedelta(seconds=2), overlap=timedelta(days=1))

    ends = [kept.expires_at for kept in client_secrets(database, TENANT, client_id)]
    assert ends == [NOW + timedelta(days=1, seconds=2), NOW + timedelta(hours=1, seconds=1), None]
    assert issued.expires_at is None


def test_secrets_that_are_over_make_room(database: Database) -> None:
    """Ten at once are enough; those that are over are deleted with the next new one."""
    client_id, _ = create_client(database, TENANT, "client", ALL_ROLES, NOW, timedelta(hours=1))
    for _ in range(9):
        add_secret(database, TENANT, client_id, NOW, timedelta(hours=1))

    with pytest.raises(Invalid, match="remove one first"):
        add_secret(database, TENANT, client_id, NOW)
    add_secret(database, TENANT, client_id, NOW + timedelta(hours=1))

    assert len(client_secrets(database, TENANT, client_id)) == 1


def test_a_secret_belongs_to_its_tenant_s_client(database: Database) -> None:
    """Another tenant's client, an unknown one and a revoked one get none, and lose none."""
    client_id, _ = create_client(database, TENANT, "client", ALL_ROLES, NOW)
    (first,) = client_secrets(database, TENANT, client_id)

    for tenant, named in ((OTHER, client_id), (TENANT, "nobody"), (TENANT, "no\0id")):
        with pytest.raises(NotFound, match="no client"):
            add_secret(database, tenant, named, NOW)
        with pytest.raises(NotFound, match="no client"):
            remove_secret(database, tenant, named, first.secret_id, NOW)
    with pytest.raises(NotFound, match="no secret"):
        remove_secret(database, TENANT, client_id, "another", NOW)
    revoke_client(database, TENANT, client_id, NOW)
    with pytest.raises(Invalid, match="revoked"):
        rotate_secret(database, TENANT, client_id, NOW, overlap=timedelta(0))
    with pytest.raises(Invalid, match="ends at once"):
        add_secret(database, TENANT, client_id, NOW, timedelta(0))

    assert client_secrets(database, TENANT, client_id) == (first,)
