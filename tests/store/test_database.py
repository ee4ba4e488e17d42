"""The database is written whole or not at all, read consistently, and its failures are one clear line each."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

from kbgap.core.errors import Invalid, Unavailable
from kbgap.store import dialect, schema
from kbgap.store.database import Database, open_database
from tests.builders import NOW
from tests.databases import make_tables


def add_key(database: Database, kid: str) -> None:
    """Write one row of the simplest table."""
    with database.transaction() as tx:
        tx.execute(insert(schema.signing_key).values(kid=kid, pem="", created_at=NOW))


def keys(database: Database) -> int:
    """How many of them there are."""
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(schema.signing_key)) or 0


def test_a_block_that_raises_writes_nothing(database: Database) -> None:
    """A transaction is whole."""

    def write_and_fail() -> None:
        with database.transaction() as tx:
            tx.execute(insert(schema.signing_key).values(kid="1", pem="", created_at=NOW))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_fail()

    assert keys(database) == 0


def test_a_snapshot_sees_one_state(database: Database) -> None:
    """What others write meanwhile is not seen by it, and does not have to wait for it."""
    add_key(database, "1")

    with database.snapshot() as connection:
        count = select(func.count()).select_from(schema.signing_key)
        before = connection.scalar(count)
        add_key(database, "2")
        after = connection.scalar(count)

    assert (before, after, keys(database)) == (1, 1, 2)


def test_each_read_sees_what_was_written_before_it(database: Database) -> None:
    """A reader that stays does not hold on to the past."""
    with database.reading() as connection:
        count = select(func.count()).select_from(schema.signing_key)
        before = connection.scalar(count)
        add_key(database, "1")
        after = connection.scalar(count)

    assert (before, after) == (0, 1)


def test_writers_wait_for_each_other(database: Database) -> None:
    """Nobody is turned away because somebody else writes."""
    threads = [threading.Thread(target=add_key, args=(database, str(number))) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert keys(database) == 12


def test_a_broken_rule_of_the_schema_is_not_hidden(database: Database) -> None:
    """It is a mistake of ours: it must be seen as one, not as a failure of the database."""
    add_key(database, "1")

    with pytest.raises(IntegrityError):
        add_key(database, "1")


def test_references_are_enforced(database: Database) -> None:
    """On SQLite too, where they are off unless a connection asks for them."""
    with pytest.raises(IntegrityError), database.transaction() as tx:
        tx.execute(insert(schema.tenant_pointer).values(tenant_id=1, revision=None, epoch=0))


def test_an_acknowledged_write_is_on_the_disk(sqlite_url: str) -> None:
    """SQLite waits for the disk at every commit, and readers do not block the writer."""
    with Database(sqlite_url) as database, database.reading() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "journal_mode")]

    assert found == [2, "wal"]


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("", "this is no address of a database; write sqlite:///FILE or"),
        ("kbgap.sqlite", "this is no address of a database"),
        ("mysql://localhost/x", "kbgap cannot use a mysql database"),
        ("sqlite://", "a SQLite database needs a file"),
        ("sqlite:///:memory:", "a SQLite database needs a file"),
        ("postgresql://host:port/x", "this is no address of a database"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str, complaint: str) -> None:
    """With the setting that holds it and what to write."""
    with pytest.raises(Invalid) as caught:
        Database(url)

    assert str(caught.value).startswith(f"database_url: {complaint}")


def test_the_usual_spellings_of_postgresql_are_understood() -> None:
    """As hosting services print them."""
    drivers = {dialect.read_url(f"{scheme}://u@h/d").drivername for scheme in ("postgres", "postgresql")}

    assert drivers == {"postgresql+psycopg"}


def test_a_password_is_never_shown() -> None:
    """Errors are logged and pasted into tickets."""
    with Database("postgresql://user:s3cret@127.0.0.1:1/none") as database, pytest.raises(Unavailable) as caught:
        keys(database)

    assert "s3cret" not in str(caught.value)
    assert "the connection to the database was lost; see that it runs, then try again" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"not a database at all, but long enough to be one" * 10, "the file is not a kbgap database"),
        (None, "the database file cannot be opened"),
    ],
)
def test_a_file_that_is_no_database_is_named(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    """With what to do about it."""
    path = tmp_path / "kbgap.sqlite"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)

    with pytest.raises(Unavailable, match=complaint):
        open_database(f"sqlite:///{path}")


def test_a_full_disk_is_told_and_leaves_the_database_whole(sqlite_url: str) -> None:
    """What was written before is still there, and writing goes on when there is room again."""
    make_tables(sqlite_url)
    with Database(sqlite_url, pool_size=1) as database:
        add_key(database, "1")
        with database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(Unavailable, match="the disk is full; free some space, then try again"):
            add_key(database, "x" * 1_000_000)
        assert keys(database) == 1
        with database.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        add_key(database, "x" * 1_000_000)

        assert keys(database) == 2


def test_a_database_that_another_process_keeps_locked_is_told(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After waiting, with a line that says what to do."""
    monkeypatch.setattr(dialect, "_PRAGMAS", (*dialect._PRAGMAS, "busy_timeout = 50"))
    make_tables(sqlite_url)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            Database(sqlite_url) as database,
            pytest.raises(Unavailable, match="another process keeps the database locked; try again when it is done"),
        ):
            add_key(database, "1")
    other.close()


def test_running_out_of_connections_is_told(sqlite_url: str) -> None:
    """It is not a failure of the database."""
    with Database(sqlite_url, pool_size=1) as database, database.reading():
        database.engine.pool._timeout = 0.05  # type: ignore[attr-defined] # of the pool that a file gets
        with pytest.raises(Unavailable, match="every connection to the database is in use; try again"):
            keys(database)


def test_tables_that_are_missing_are_told(sqlite_url: str) -> None:
    """The command that makes them is named."""
    with Database(sqlite_url) as database, pytest.raises(Unavailable, match="no kbgap tables; run kbgap db migrate"):
        keys(database)


def test_opening_a_database_does_not_import_the_migrations(database: Database) -> None:
    """Alembic takes longer to import than everything else together: only `kbgap db` does."""
    code = (
        "import sys; from kbgap.store.database import open_database; "
        f"open_database({database.url.render_as_string(hide_password=False)!r}).close(); "
        "print('alembic' in sys.modules)"
    )

    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_a_statement_of_its_own_is_refused_by_none_of_the_ways_to_read(database: Database) -> None:
    """Each way to begin works more than once on the same connection."""
    for _ in range(3):
        for way in (database.transaction, database.snapshot, database.reading):
            with way() as connection:
                assert connection.scalar(text("SELECT 1")) == 1
