"""Migrations make the schema that the code expects, from any earlier one, all of it or nothing."""

import threading
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, event, inspect, select, text

from kbgap.core.errors import Unavailable
from kbgap.store import schema, schema_clients
from kbgap.store.columns import metadata
from kbgap.store.database import Database, open_database
from kbgap.store.migrate import migrate, steps


def described(connection: Connection) -> dict[str, Any]:
    """Everything that the database says about its tables, in an order of our own."""
    found = inspect(connection)
    return {
        name: {
            "columns": [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in found.get_columns(name)],
            "key": found.get_pk_constraint(name),
            "references": sorted(map(str, found.get_foreign_keys(name))),
            "indexes": sorted(map(str, found.get_indexes(name))),
            "checks": sorted(str(c["name"]) for c in found.get_check_constraints(name)),
        }
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def test_the_schema_names_its_migration() -> None:
    """A migration without the schema that it makes, or the other way round, is half a change."""
    assert steps()[-1] == schema.MIGRATED_TO


def test_migrating_gives_the_schema_of_the_code(engine_url: str) -> None:
    """An empty database becomes what the tables in the code describe: Alembic would add nothing."""
    migrate(engine_url)

    with Database(engine_url) as database, database.snapshot() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_migrating_gives_what_creating_gives(engine_url: str) -> None:
    """Types, keys, references, indexes and checks are those of tables created directly."""
    migrate(engine_url)
    with Database(engine_url) as database, database.snapshot() as connection:
        migrated = described(connection)

    with Database(engine_url) as database, database.transaction() as tx:
        metadata.drop_all(tx)
        metadata.create_all(tx)
        created = described(tx)

    assert migrated == created


@pytest.mark.parametrize("old", steps()[:-1])
def test_an_old_database_becomes_a_new_one(engine_url: str, old: str) -> None:
    """Wherever a database stopped, it is told to migrate, and then is like one made today."""
    migrate(engine_url, to=old)
    with pytest.raises(Unavailable, match=rf"old \(schema {old}, needed {schema.MIGRATED_TO}\); run kbgap db migrate"):
        open_database(engine_url)

    migrate(engine_url)

    with open_database(engine_url) as database, database.snapshot() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_an_empty_database_is_told_to_migrate(engine_url: str) -> None:
    """A server does not start on a database without tables, and says what to do."""
    with pytest.raises(Unavailable, match="has no kbgap tables; run kbgap db migrate"):
        open_database(engine_url)


def test_a_newer_database_is_left_alone(engine_url: str) -> None:
    """An older kbgap neither serves nor migrates what it does not know."""
    migrate(engine_url)
    with Database(engine_url) as database, database.transaction() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Unavailable, match="made by a newer kbgap"):
        open_database(engine_url)
    with pytest.raises(Unavailable, match="made by a newer kbgap"):
        migrate(engine_url)


def test_migrating_twice_changes_nothing(engine_url: str) -> None:
    """The command can be run at every start."""
    migrate(engine_url)

    assert migrate(engine_url) == schema.MIGRATED_TO


def test_processes_migrate_one_after_another(engine_url: str) -> None:
    """Two servers that start at once do not create the tables twice."""
    answers: list[str | BaseException] = []

    def start() -> None:
        try:
            answers.append(migrate(engine_url))
        except BaseException as error:  # noqa: BLE001 - whatever a thread raises is what the test is about
            answers.append(error)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [schema.MIGRATED_TO, schema.MIGRATED_TO]


def test_a_migration_that_fails_leaves_nothing(engine_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All steps happen or none, so that a failed migration can be run again."""
    statements = 0

    def fail(*_: object) -> None:
        nonlocal statements
        statements += 1
        if statements == 12:
            msg = "the power went"
            raise OSError(msg)

    original = Database.__init__

    def with_failure(self: Database, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed on as it came
        original(self, *args, **options)
        event.listen(self.engine, "before_cursor_execute", fail)

    monkeypatch.setattr(Database, "__init__", with_failure)
    with pytest.raises(OSError, match="the power went"):
        migrate(engine_url)
    monkeypatch.undo()

    with Database(engine_url) as database, database.snapshot() as connection:
        assert inspect(connection).get_table_names() == []


def test_a_client_keeps_its_secret_when_it_may_have_several(engine_url: str) -> None:
    """Whoever signed in before the migration signs in after it."""
    migrate(engine_url, to="0004")
    with Database(engine_url) as database, database.transaction() as tx:
        tx.execute(text("INSERT INTO tenant (tenant_id, guid, name, created_at) VALUES (7, 'g', 'n', 1)"))
        columns = "tenant_id, client_id, name, roles, salt, digest, created_at"
        values = {"salt": b"salt", "digest": b"digest"}
        tx.execute(text(f"INSERT INTO client ({columns}) VALUES (7, 'c', 'n', '[]', :salt, :digest, 5)"), values)

    migrate(engine_url)

    with Database(engine_url) as database, database.snapshot() as connection:
        (row,) = connection.execute(select(schema_clients.client_secret)).mappings()
    assert (row["client_id"], row["salt"], row["digest"], row["expires_at"]) == ("c", b"salt", b"digest", None)
    assert int(row["created_at"].timestamp() * 1_000_000) == 5
