"""The audit log: each change of a client or a tenant leaves its entry, in the transaction of the change."""

from datetime import timedelta

import pytest

from kbgap.core.errors import Invalid, NotFound
from kbgap.operations.audit_log import latest_entries, note_all
from kbgap.operations.clients import ALL_ROLES, add_secret, create_client, remove_secret, revoke_client, rotate_secret
from kbgap.operations.manage_tenants import create_tenant, delete_tenant
from kbgap.store.audit import Entry
from kbgap.store.database import Database
from tests.builders import NOW, OTHER_TENANT, TENANT, later

DAY = timedelta(days=1)


def actions(database: Database, tenant: str | None) -> list[str]:
    """What was done, oldest first."""
    return [entry.action for entry in reversed(latest_entries(database, tenant, 100))]


def test_every_change_of_a_client_is_noted(database: Database) -> None:
    """With who did it, to which client, and never with a secret."""
    create_tenant(database, TENANT, "north", NOW)
    client_id, secret = create_client(database, TENANT, "power bi", ALL_ROLES[:2], NOW, actor="local:eve")
    added = add_secret(database, TENANT, client_id, later(seconds=1))
    rotated = rotate_secret(database, TENANT, client_id, later(seconds=2), overlap=DAY)
    remove_secret(database, TENANT, client_id, added.secret_id, later(seconds=3))
    revoke_client(database, TENANT, client_id, later(seconds=4))

    entries = latest_entries(database, TENANT, 100)

    assert actions(database, TENANT) == [
        "client.create",
        "client.secret.add",
        "client.secret.rotate",
        "client.secret.remove",
        "client.revoke",
    ]
    assert {entry.subject for entry in entries} == {client_id}
    assert entries[-1].actor == "local:eve"
    assert entries[-1].details == {"name": "power bi", "roles": " ".join(sorted(ALL_ROLES[:2]))}
    assert not any(text in str(entries) for text in (secret, added.text, rotated.text))


def test_what_was_refused_leaves_no_entry(database: Database) -> None:
    """A log of changes tells what has changed."""
    create_tenant(database, TENANT, "north", NOW)

    with pytest.raises(NotFound):
        revoke_client(database, TENANT, "nobody", NOW)
    with pytest.raises(Invalid):
        create_client(database, TENANT, "", ALL_ROLES, NOW)

    assert actions(database, TENANT) == []


def test_tenants_are_noted_above_tenants(database: Database) -> None:
    """That one was deleted stays when all that it had goes."""
    create_tenant(database, TENANT, "north", NOW)
    create_client(database, TENANT, "client", ALL_ROLES, NOW)
    delete_tenant(database, TENANT, later(seconds=1), actor="local:eve")

    deleted, created = latest_entries(database, None, 100)

    assert (created.action, created.subject, created.details) == ("tenant.create", TENANT, {"name": "north"})
    assert (deleted.action, deleted.subject, deleted.actor) == ("tenant.delete", TENANT, "local:eve")
    assert actions(database, TENANT) == []


def test_an_entry_can_be_noted_by_itself(database: Database) -> None:
    """For what changes nothing that is stored."""
    entry = Entry(
        tenant=OTHER_TENANT, happened_at=NOW, actor="c-1", action="export", subject="machines", details={"rows": 7}
    )
    note_all(database, [entry])

    (found,) = latest_entries(database, OTHER_TENANT, 1)

    assert (found.action, found.details) == ("export", {"rows": 7})


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_how_many_are_shown_is_bounded(database: Database, limit: int) -> None:
    """One clear line."""
    with pytest.raises(Invalid, match="from 1 to 10,000"):
        latest_entries(database, TENANT, limit)
