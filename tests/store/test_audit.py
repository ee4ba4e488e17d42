"""The audit log in the database: entries come back as they were written, each tenant's for itself."""

from kbgap.store import audit
from kbgap.store.audit import Entry
from kbgap.store.database import Database
from tests.builders import NOW, OTHER_TENANT, TENANT, later


def an_entry(tenant: str | None = TENANT, action: str = "sign_in", **details: str | int | None) -> Entry:
    """Something that a client did."""
    return Entry(tenant=tenant, happened_at=NOW, actor="c-1", action=action, subject="c-1", details=details)


def test_an_entry_comes_back_as_it_was_written(database: Database) -> None:
    """With its details, to the microsecond, and only in its tenant."""
    mine, above = an_entry(version=2, audience="api"), an_entry(None, "tenant.create")
    with database.transaction() as tx:
        audit.add(tx, [mine, above])

    with database.reading() as connection:
        found = [audit.latest(connection, tenant, 10) for tenant in (TENANT, OTHER_TENANT, None)]

    assert found == [(mine,), (), (above,)]


def test_the_newest_come_first_and_only_so_many(database: Database) -> None:
    """Entries of one moment are all kept."""
    with database.transaction() as tx:
        audit.add(tx, [])
        for minute in (2, 0, 1):
            audit.add(
                tx, [Entry(tenant=TENANT, happened_at=later(minutes=minute), actor="", action=str(minute), subject="")]
            )
        audit.add(tx, [an_entry(action="same"), an_entry(action="same")])

    with database.reading() as connection:
        few, every = audit.latest(connection, TENANT, 2), audit.latest(connection, TENANT, 10)

    assert [entry.action for entry in few] == ["2", "1"]
    assert len(every) == 5
