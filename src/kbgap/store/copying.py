"""Copy a whole database: to a backup, which is one SQLite file whatever the database is, and from it into a new one.

A backup is what the database was at one moment; writers go on meanwhile. SQLite copies its own pages. From PostgreSQL
and into it rows are copied, so a backup also moves a fleet from one kind of database to the other.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, select

from kbgap.core.errors import Invalid, Unavailable
from kbgap.store import dialect, schema  # noqa: F401 - the schema fills the metadata
from kbgap.store.columns import metadata
from kbgap.store.database import Database
from kbgap.store.migrate import migrate

_AT_ONCE = 5_000  # rows that are held in memory
_NO_BACKUP = "this file is no backup of kbgap"


def back_up(database: Database, target: Path) -> None:
    """Write everything that the database holds at this moment to a new file, whole or not at all.

    Only its owner may read it: it holds the keys that sign tokens.

    Raises:
        Invalid: the file is there already.
        Unavailable: the database failed, or the file could not be written.
    """
    if target.exists():
        raise Invalid("the file is there already", where=str(target), mend="give another name")
    database.check_schema()
    with _new_file(target) as partial:
        source = dialect.file_of(database.url)
        if source is not None:
            _copy_pages(source, partial)
        else:
            url = f"sqlite:///{partial}"
            migrate(url)
            with (
                Database(url, pool_size=1, foreign_keys=False) as copy,
                database.snapshot() as rows,
                copy.transaction() as tx,
            ):
                _copy_rows(rows, tx)
        _settle(partial)


def restore(backup: Path, url: str) -> None:
    """Make a new database of a backup, and bring its tables up to date; the backup itself is left as it is.

    Raises:
        Invalid: it is no backup, or the database holds something already.
        Unavailable: the backup was made by a newer kbgap, or the database failed or could not be written.
    """
    if not backup.is_file():
        raise Invalid(_NO_BACKUP, where=str(backup), mend="give a file that kbgap db backup wrote")
    target = dialect.file_of(dialect.read_url(url))
    if target is not None:
        if target.exists():
            raise Invalid("there is a database already", where=str(target), mend="move it away first")
        with _new_file(target) as partial:
            _take(backup, partial)
        return
    with TemporaryDirectory(prefix="kbgap-restore-") as folder, _new_file(Path(folder) / "backup") as partial:
        _take(backup, partial)
        migrate(url)
        with (
            Database(f"sqlite:///{partial}", pool_size=1) as copy,
            Database(url, pool_size=1) as database,
            copy.snapshot() as rows,
            database.transaction() as tx,
        ):
            _need_empty(tx)
            _copy_rows(rows, tx)


def _take(backup: Path, partial: Path) -> None:
    """A copy of the backup with the tables of this version, looked through for damage."""
    try:
        with closing(sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro", uri=True)) as source:
            found = source.execute("PRAGMA quick_check").fetchone()[0]
            source.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise Invalid(f"{_NO_BACKUP} ({error})", where=str(backup)) from error
    if found != "ok":
        raise Invalid("the backup is damaged", where=str(backup), mend="take another one")
    _copy_pages(backup, partial)
    migrate(f"sqlite:///{partial}")
    _settle(partial)


@contextmanager
def _new_file(target: Path) -> Iterator[Path]:
    """A file of ours alone that gets the name when the block ends, and is gone when it raises."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            yield partial
            partial.rename(target)
        finally:
            for end in ("", "-wal", "-shm", "-journal"):
                partial.with_name(partial.name + end).unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"the file could not be written ({error})", where=str(target)) from error


def _copy_pages(source: Path, target: Path) -> None:
    """All pages in one step: in several, each write of another process would make it begin anew."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _settle(file: Path) -> None:
    """Everything in the one file, and on the disk."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _need_empty(tx: Connection) -> None:
    for table in metadata.sorted_tables:
        if tx.execute(select(table).limit(1)).first() is not None:
            mend = "restore into a new database"
            raise Invalid("the database holds something already", where=table.name, mend=mend)


def _copy_rows(source: Connection, target: Connection) -> None:
    """All rows of all tables, those first that others refer to."""
    reading = source.execution_options(stream_results=True, yield_per=_AT_ONCE)
    for table in metadata.sorted_tables:
        names = table.c.keys()
        for rows in reading.execute(select(table)).partitions():
            columns = {name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
            dialect.insert_new_columns(target, table, columns)
