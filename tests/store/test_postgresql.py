"""PostgreSQL as a store for production: limits of time, a copy to read from, several processes at once."""

import subprocess
import sys
import threading
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import insert, text

from kbgap.core.errors import Unavailable
from kbgap.operations.manage_tenants import create_tenant, published_epoch
from kbgap.operations.read_machines import list_machines
from kbgap.store import dialect, schema
from kbgap.store.database import Database, open_database, schema_version
from kbgap.store.dialect import Limits
from kbgap.store.migrate import migrate
from tests.builders import NOW, TENANT
from tests.databases import make_tables
from tests.operations.given import asking

_QUICK = Limits(statement=timedelta(milliseconds=600), lock=timedelta(milliseconds=200))


def ask(database: Database, statement: str) -> object:
    """The one value that a statement gives."""
    with database.reading() as connection:
        return connection.execute(text(statement)).scalar()


def test_a_statement_that_takes_too_long_is_broken_off(postgres_url: str) -> None:
    """It says which setting did it, and the connection can be used again."""
    with Database(postgres_url, pool_size=1, limits=_QUICK) as database:
        with pytest.raises(Unavailable, match=r"took too long and was told to stop; .* raise statement_timeout"):
            ask(database, "SELECT pg_sleep(5)")

        assert ask(database, "SELECT 1") == 1


def test_waiting_for_another_transaction_has_an_end(postgres_url: str) -> None:
    """It is told as what it is."""
    make_tables(postgres_url)
    with Database(postgres_url, limits=_QUICK) as database, database.transaction() as first:
        first.execute(text("LOCK TABLE signing_key"))

        with pytest.raises(Unavailable, match="another process keeps the database locked"):
            ask(database, "SELECT count(*) FROM signing_key")


def test_what_the_address_says_wins(postgres_url: str) -> None:
    """Those who know their server can say more than there are settings for."""
    url = f"{postgres_url}&options=-c%20lock_timeout%3D7s%20-c%20work_mem%3D5MB&application_name=mine"
    with Database(url, limits=_QUICK) as database:
        names = ("statement_timeout", "lock_timeout", "work_mem", "application_name")
        found = [ask(database, f"SHOW {name}") for name in names]

    assert found == ["600ms", "7s", "5MB", "mine"]


def test_connections_carry_our_name(postgres_url: str) -> None:
    """Whoever looks at the server sees whose they are; without limits there are none."""
    with Database(postgres_url) as database:
        names = ("application_name", "statement_timeout", "lock_timeout")

        assert [ask(database, f"SHOW {name}") for name in names] == ["kbgap", "0", "0"]


def test_there_are_never_more_connections_than_said(postgres_url: str) -> None:
    """A server lets in a bounded number of them, from all processes together."""
    with Database(postgres_url, pool_size=2) as database:
        threads = [threading.Thread(target=ask, args=(database, "SELECT pg_sleep(0.05)")) for _ in range(8)]
        for thread in threads:
            thread.start()
        with psycopg.connect(postgres_url.replace("+psycopg", "", 1), autocommit=True) as other:
            open_ones = other.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'kbgap'"
            ).fetchone()
        for thread in threads:
            thread.join()

    assert open_ones is not None
    assert open_ones[0] <= 2


# --- a copy to read from ----------------------------------------------------------------------------------------------


def test_answers_are_read_from_the_copy_with_their_epoch(sqlite_url: str, postgres_url: str) -> None:
    """An answer that is remembered under an epoch was read where the epoch was; what is written goes to the other."""
    for url in (sqlite_url, postgres_url):
        make_tables(url)
    with Database(postgres_url) as copy:
        create_tenant(copy, TENANT, "as the copy has it", NOW)
        with copy.transaction() as tx:
            tx.execute(text("UPDATE tenant_pointer SET epoch = 41"))
    only_read = f"{postgres_url}&options=-c%20default_transaction_read_only%3Don"

    with open_database(sqlite_url, read_url=only_read) as database:
        create_tenant(database, TENANT, "north", NOW)

        assert published_epoch(database, TENANT) == (None, 41)
        assert list_machines(database, TENANT, asking("Machine")).rows == []


def test_a_copy_that_is_written_to_is_told(postgres_url: str) -> None:
    """When both addresses are mixed up."""
    make_tables(postgres_url)
    complaint = "may only be read; give the address of the one that is written"

    with (
        Database(f"{postgres_url}&options=-c%20default_transaction_read_only%3Don") as database,
        pytest.raises(Unavailable, match=complaint),
        database.transaction() as tx,
    ):
        tx.execute(insert(schema.signing_key).values(kid="1", pem="", created_at=NOW))


def test_a_copy_with_old_tables_is_told_at_the_start(sqlite_url: str, postgres_url: str) -> None:
    """Not at the first request."""
    make_tables(sqlite_url)

    with pytest.raises(Unavailable, match="no kbgap tables"):
        open_database(sqlite_url, read_url=postgres_url)


# --- several processes ------------------------------------------------------------------------------------------------

_MIGRATE = "import sys; from kbgap.store.migrate import migrate; print(migrate(sys.argv[1]))"


def test_processes_that_migrate_at_once_do_no_harm(postgres_url: str) -> None:
    """As when a new version starts on several hosts; each finds the tables up to date in the end."""
    started = [
        subprocess.Popen([sys.executable, "-c", _MIGRATE, postgres_url], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[0].strip() for process in started]

    assert said == [schema.MIGRATED_TO] * 3
    with Database(postgres_url) as database, database.reading() as connection:
        assert schema_version(connection) == schema.MIGRATED_TO


def test_a_migration_waits_for_the_one_before_it(postgres_url: str) -> None:
    """However short the limits of the server processes are: it has none."""
    with Database(postgres_url) as database, database.transaction() as first:
        dialect.lock_for_migration(first)
        waiting = threading.Thread(target=migrate, args=(postgres_url,))
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        assert schema_version(first) is None
    waiting.join(60)

    with Database(postgres_url) as database:
        database.check_schema()
