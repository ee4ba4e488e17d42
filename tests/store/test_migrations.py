"""Migrations make the schema that the code expects, from any earlier one, all of it or nothing."""

import threading
from typing import Any

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, event, inspect, select, text

from kbgap.core.errors import Unavailable
from kbgap.store import listed_counts, schema, schema_clients, software_sets
from kbgap.store.columns import metadata
from kbgap.store.database import Database, open_database
from kbgap.store.migrate import migrate, steps
from kbgap.store.tenants import TenantKey


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


def test_lists_of_programs_and_their_counts_become_narrow(engine_url: str) -> None:
    """What machines list, and how many list it, is the same after the migration, by group too."""
    migrate(engine_url, to="0005")
    columns = "(tenant_id, software_set, software, version, vendor, name, is_recognised)"
    items = [("a-_-b", "1", "a", "B", True), ("a-_-b", "2", "a", "B", True), ("c-_-d", "", "c", "Ü", False)]
    with Database(engine_url) as database, database.transaction() as tx:
        for key, listed in ((b"one", items), (b"two", items[:1])):
            tx.execute(text("INSERT INTO software_set (tenant_id, software_set) VALUES (7, :key)"), {"key": key})
            for item in listed:
                values = dict(zip("swvnr", item, strict=True)) | {"key": key}
                tx.execute(text(f"INSERT INTO set_item {columns} VALUES (7, :key, :s, :w, :v, :n, :r)"), values)
        for scope, machines in ((0, 9), (1, 4), (2, 3)):
            numbers = {"scope": scope, "machines": machines}
            tx.execute(
                text(
                    "INSERT INTO listed_count (tenant_id, scope, software, machines)"
                    " VALUES (7, :scope, 'a-_-b', :machines)"
                ),
                numbers,
            )
            tx.execute(
                text(
                    "INSERT INTO listed_version_count (tenant_id, scope, software, version, machines)"
                    " VALUES (7, :scope, 'a-_-b', '1', :machines)"
                ),
                numbers,
            )

    migrate(engine_url)

    with Database(engine_url) as database, database.snapshot() as connection:
        lists = software_sets.load(connection, TenantKey(7), [b"one", b"two"])
        having = set(connection.scalars(software_sets.lists_with(TenantKey(7), "a-_-b")))
        counts = listed_counts.load(connection, TenantKey(7))
    assert {key: sorted(map(msgspec.structs.astuple, listed)) for key, listed in lists.items()} == {
        b"one": sorted(items),
        b"two": items[:1],
    }
    assert having == {b"one", b"two"}
    by_group = {0: 2, 1: 4, 2: 3}
    assert counts == {"a-_-b": listed_counts.Numbers(by_group, {"1": by_group})}


def test_findings_become_numbers_of_findings(engine_url: str) -> None:
    """How many KBs a state misses, and of how many it is not known, outlives the rows that said so."""
    migrate(engine_url, to="0005")
    with Database(engine_url) as database, database.transaction() as tx:
        for statement in (
            "INSERT INTO software_state (tenant_id, state, software, body) VALUES (7, :s, 'w', :s)",
            "INSERT INTO gap (tenant_id, gap, body) VALUES (7, :s, :s)",
            "INSERT INTO judgement (tenant_id, revision, state, gap, body) VALUES (7, 'r', :s, :s, :s)",
        ):
            tx.execute(text(statement), {"s": b"s"})
        for kb, is_missing in (("1", True), ("2", True), ("3", False)):
            tx.execute(
                text("INSERT INTO finding (tenant_id, revision, state, kb, is_missing) VALUES (7, 'r', :s, :kb, :is)"),
                {"s": b"s", "kb": kb, "is": is_missing},
            )

    migrate(engine_url)

    with Database(engine_url) as database, database.snapshot() as connection:
        (row,) = connection.execute(select(schema.judgement))
    assert (row.missing, row.unknown, row.body) == (2, 1, b"s")
