"""The database as the rest of kbgap sees it: open it, write in a transaction, read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from sqlalchemy import Connection, Engine, inspect, select, table
from sqlalchemy import column as sql_column
from sqlalchemy.exc import (
    DataError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
)

from kbgap.core.errors import Unavailable
from kbgap.store import dialect, schema
from kbgap.store.dialect import Begin, Limits
from kbgap.store.effects import Effects
from kbgap.store.exposed import ExposedMachines
from kbgap.store.open_cves import OpenCves
from kbgap.store.recent import Recent

Transaction = Connection  # for those above the store, who pass it on and do not look inside

_NO_LIMITS = Limits()
_INSTALL_SETS = 50_000  # of profiles, kept once they are worked out
_OUR_MISTAKES = (IntegrityError, ProgrammingError, DataError, NotSupportedError)
_alembic_version = table("alembic_version", sql_column("version_num"))


class Database:
    """One database, safe to share between threads; every failure of the driver leaves it as one Unavailable."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 8,
        foreign_keys: bool = True,
        limits: Limits = _NO_LIMITS,
        read_url: str = "",
    ) -> None:
        """Prepare to connect; nothing is opened yet.

        Args:
            url: as in ``dialect.read_url``.
            pool_size: how many connections there are at most, and as many to ``read_url``.
            foreign_keys: as in ``dialect.make_engine``.
            limits: how long PostgreSQL may take.
            read_url: a copy of the database that follows it; ``answers`` reads there.
        """
        self.url = dialect.read_url(url)
        self._engine = dialect.make_engine(self.url, pool_size=pool_size, foreign_keys=foreign_keys, limits=limits)
        self._by_begin = {begin: dialect.for_transactions(self._engine, begin) for begin in Begin}
        self._copy = Database(read_url, pool_size=pool_size, limits=limits) if read_url else None
        self.effects = Effects()
        self.exposed = ExposedMachines()
        self.open_cves = OpenCves()
        self.install_sets: Recent[tuple[str, bytes], tuple[str, ...]] = Recent(_INSTALL_SETS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def answers(self) -> "Database":
        """Where answers that only read are read: the copy when there is one, which may be behind by a moment.

        The epoch that an answer is remembered under is read here too, so that it is the epoch of what was read.
        """
        return self._copy or self

    @property
    def engine(self) -> Engine:
        """The engine itself, for tests that make statements fail."""
        return self._engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that writes: all of it is durable when the block ends, none of it when the block raises."""
        with self._translated(), self._by_begin[Begin.WRITE].begin() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Several reads of one and the same state of the database."""
        with self._translated(), self._by_begin[Begin.SNAPSHOT].begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Single reads, each of the newest state: the fastest way to read."""
        with self._translated(), self._by_begin[Begin.AUTOCOMMIT].connect() as connection:
            yield connection

    def check_schema(self) -> None:
        """Raise Unavailable unless the tables are those that this version of kbgap writes and reads."""
        with self.snapshot() as connection:
            found = schema_version(connection)
        if found == schema.MIGRATED_TO:
            return
        where = self.url.render_as_string(hide_password=True)
        if found is None:
            raise Unavailable("the database has no kbgap tables", where=where, mend="run kbgap db migrate")
        if found > schema.MIGRATED_TO:
            raise Unavailable(
                f"the database was made by a newer kbgap (schema {found}; this one knows {schema.MIGRATED_TO})",
                where=where,
                mend="use that version of kbgap",
            )
        raise Unavailable(
            f"the tables of the database are old (schema {found}, needed {schema.MIGRATED_TO})",
            where=where,
            mend="run kbgap db migrate",
        )

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._engine.dispose()
        if self._copy is not None:
            self._copy.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _OUR_MISTAKES:
            raise  # a broken rule of the schema is our mistake, not the database's
        except SQLAlchemyError as error:
            raise dialect.explain_failure(error, self.url) from error


def open_database(url: str, *, pool_size: int = 8, limits: Limits = _NO_LIMITS, read_url: str = "") -> Database:
    """A database whose tables are up to date; Unavailable tells what to do when they are not."""
    database = Database(url, pool_size=pool_size, limits=limits, read_url=read_url)
    try:
        database.check_schema()
        database.answers.check_schema()
    except BaseException:
        database.close()
        raise
    return database


def schema_version(connection: Connection) -> str | None:
    """The last migration that ran on this database; None for an empty one."""
    if not inspect(connection).has_table(_alembic_version.name):
        return None
    found: str | None = connection.scalar(select(_alembic_version.c.version_num))
    return found
