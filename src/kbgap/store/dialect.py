"""Everything that differs between SQLite and PostgreSQL: the only module that asks which database it is."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Table,
    TypeDecorator,
    bindparam,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from kbgap.core.errors import Invalid, Unavailable
from kbgap.store.failure_words import BY_SQLITE_TEXT, BY_SQLSTATE, BY_SQLSTATE_CLASS
from kbgap.store.functions import BYTES_FROM_HEX

SQLITE_WAITS_MS = 30_000  # how long a writer waits for another process before it gives up
_CONNECTS_WITHIN = 10  # seconds, for PostgreSQL
_MIGRATION_LOCK = 0x6B62676170  # "kbgap": any number will do, as long as every version uses the same
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",  # what was acknowledged survives a power cut
    f"busy_timeout = {SQLITE_WAITS_MS}",
    "cache_size = -16384",  # 16 MiB per connection, where the default of 2 MiB makes large batches read pages again
)


def file_of(url: URL) -> Path | None:
    """The file of an embedded database; None when a server has it."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


class Limits(NamedTuple):
    """How long PostgreSQL may take before it breaks off; zero is no limit. SQLite has none for statements."""

    statement: timedelta = timedelta(0)
    lock: timedelta = timedelta(0)  # that another transaction holds


class Begin(StrEnum):
    """How a transaction starts."""

    WRITE = "write"  # sees the newest state, and nobody else changes it before the end (SQLite)
    SNAPSHOT = "snapshot"  # reads one state of the database, however long it takes
    AUTOCOMMIT = "autocommit"  # each statement on its own


def read_url(text: str) -> URL:
    """The address of a database; Invalid names what is wrong with it."""
    where, mend = "database_url", "write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:  # ValueError: a port that is no number
        raise Invalid("this is no address of a database", where=where, mend=mend) from error
    backend = {"postgres": "postgresql"}.get(url.drivername, url.drivername.partition("+")[0])
    if backend not in {"sqlite", "postgresql"}:
        raise Invalid(f"kbgap cannot use a {backend} database", where=where, mend=mend)
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            raise Invalid("a SQLite database needs a file", where=where, mend=mend)
        return url.set(drivername="sqlite")
    return url.set(drivername="postgresql+psycopg")


def make_engine(url: URL, *, pool_size: int, foreign_keys: bool, limits: Limits) -> Engine:
    """An engine whose connections are set up for kbgap.

    ``foreign_keys=False`` is for migrations: SQLite changes a table by building it anew, while others point at it.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, pool_size, foreign_keys=foreign_keys)
    try:
        connecting = _connecting(url, limits)
        return create_engine(url, pool_size=pool_size, max_overflow=0, pool_pre_ping=True, connect_args=connecting)
    except NoSuchModuleError as error:
        raise Invalid("this database driver is not installed", where="database_url") from error


def _connecting(url: URL, limits: Limits) -> dict[str, object]:
    """What a connection to PostgreSQL is made with; what the address itself says wins."""
    given = {"statement_timeout": limits.statement, "lock_timeout": limits.lock}
    options = [f"-c {name}={value // timedelta(milliseconds=1)}" for name, value in given.items() if value]
    in_url = url.query.get("options", ())
    options += [in_url] if isinstance(in_url, str) else in_url  # the last one of two that are alike wins
    ours = {"application_name": "kbgap", "connect_timeout": _CONNECTS_WITHIN}
    return {"options": " ".join(options), **{name: value for name, value in ours.items() if name not in url.query}}


def _sqlite_engine(url: URL, pool_size: int, *, foreign_keys: bool) -> Engine:
    pragmas = (*_PRAGMAS, f"foreign_keys = {'ON' if foreign_keys else 'OFF'}")

    def set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # The driver's own idea of when to BEGIN is switched off: _begin says it.
        setattr(connection, "isolation_level", None)  # noqa: B010 - SQLAlchemy's type of a connection lacks it
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        getattr(connection, "create_function")(BYTES_FROM_HEX, 1, bytes.fromhex, deterministic=True)  # noqa: B009 - as above

    engine = create_engine(url, pool_size=pool_size, max_overflow=0, connect_args={"timeout": SQLITE_WAITS_MS / 1000})
    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    match connection.get_execution_options().get("kbgap_begin"):
        case Begin.WRITE:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        case Begin.SNAPSHOT:
            connection.exec_driver_sql("BEGIN")
        case _:
            pass


def for_transactions(engine: Engine, begin: Begin) -> Engine:
    """The same engine and pool, whose transactions start in this way."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(kbgap_begin=begin)
    match begin:
        case Begin.WRITE:
            return engine.execution_options(isolation_level="READ COMMITTED")
        case Begin.SNAPSHOT:
            return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        case Begin.AUTOCOMMIT:
            return engine.execution_options(isolation_level="AUTOCOMMIT")


def lock_for_migration(connection: Connection) -> None:
    """Let one process at a time migrate, until the transaction ends; SQLite's write transaction does so by itself."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")


def needs_statistics(connection: Connection) -> bool:
    """Whether the database has to be told how rows are spread."""
    return connection.dialect.name == "sqlite"


def has_citus(connection: Connection) -> bool:
    """Whether the database can distribute tables over nodes."""
    if connection.dialect.name != "postgresql":
        return False
    calls = select(func.count()).select_from(sql_table("pg_proc", sql_column("proname")))
    return bool(connection.scalar(calls.where(sql_column("proname") == "create_distributed_table")))


# --- writing many rows -----------------------------------------------------------------------------------------------

Row = dict[str, object]
_Insert = sqlite.Insert | postgresql.Insert


class _OnConflict(NamedTuple):
    """What becomes of a row whose primary key is there: columns that are added to, and columns written anew.

    With neither it is left alone; ``refuse`` makes it an error.
    """

    add: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    refuse: bool = False


def insert_all(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, none of which is there yet; all of them have the same columns."""
    _insert_rows(connection, table, rows, _OnConflict(refuse=True))


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, leaving alone those whose primary key is there already."""
    _insert_rows(connection, table, rows, _OnConflict())


def insert_one(connection: Connection, table: Table, row: Row) -> bool:
    """Insert a row, unless its primary key is there already (False); waits for a transaction that inserts it too."""
    made = sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
    statement = made.on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(statement, row).first() is not None


def insert_or_add(connection: Connection, table: Table, columns: Mapping[str, list[object]], *counts: str) -> None:
    """Insert rows, given by columns; where the primary key is there, add the counts to those of the row."""
    _insert_columns(connection, table, columns, _OnConflict(add=counts))


def insert_or_replace(connection: Connection, table: Table, rows: Sequence[Row], *, keep: Sequence[str] = ()) -> None:
    """Insert rows; where the primary key is there already, write their other columns anew, except ``keep``."""
    fixed = {*table.primary_key.columns.keys(), *keep}
    anew = tuple(name for name in rows[0] if name not in fixed) if rows else ()
    _insert_rows(connection, table, rows, _OnConflict(replace=anew))


def insert_or_replace_columns(connection: Connection, table: Table, columns: Mapping[str, list[object]]) -> None:
    """As ``insert_or_replace``, with the values of each column together."""
    anew = tuple(name for name in columns if name not in table.primary_key.columns)
    _insert_columns(connection, table, columns, _OnConflict(replace=anew))


def insert_new_columns(connection: Connection, table: Table, columns: Mapping[str, list[object]]) -> None:
    """As ``insert_new``, with the values of each column together: the way for very many rows."""
    _insert_columns(connection, table, columns, _OnConflict())


def _insert_rows(connection: Connection, table: Table, rows: Sequence[Row], on_conflict: _OnConflict) -> None:
    if rows:
        _insert_columns(connection, table, {name: [row[name] for row in rows] for name in rows[0]}, on_conflict)


def _insert_columns(
    connection: Connection, table: Table, columns: Mapping[str, list[object]], on_conflict: _OnConflict
) -> None:
    """Hand values to the driver as they are: SQLAlchemy's care for each of them takes longer than the database."""
    if not next(iter(columns.values()), ()):
        return
    names = tuple(sorted(columns, key=table.c.keys().index))  # in the order in which SQLAlchemy writes them
    text = _insert_text(connection.dialect, table, names, on_conflict)
    values = [_for_driver(connection.dialect, table.c[name], columns[name]) for name in names]
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(text, list(zip(*values, strict=True)))
    else:
        connection.exec_driver_sql(text, dict(zip(names, values, strict=True)))


@lru_cache(maxsize=1_024)
def _insert_text(dialect: Dialect, table: Table, names: tuple[str, ...], on_conflict: _OnConflict) -> str:
    """The SQL of an insert in the words of the driver."""
    if dialect.name == "sqlite":
        return str(_finished(sqlite.insert(table), table, on_conflict).compile(dialect=dialect, column_keys=names))
    # One array per column instead of one message per row: a third of the time on PostgreSQL.
    arrays = [bindparam(name, type_=postgresql.ARRAY(table.c[name].type)) for name in names]
    source = func.unnest(*arrays).table_valued(*names).render_derived()
    statement = postgresql.insert(table).from_select(list(names), select(*source.c))
    return str(_finished(statement, table, on_conflict).compile(dialect=dialect))


def _finished(statement: _Insert, table: Table, on_conflict: _OnConflict) -> _Insert:
    if on_conflict.refuse:
        return statement
    anew: dict[str, ColumnElement[Any]] = {name: statement.excluded[name] for name in on_conflict.replace}
    anew |= {name: table.c[name] + statement.excluded[name] for name in on_conflict.add}
    if not anew:
        return statement.on_conflict_do_nothing()
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns.keys()), set_=anew)


def _for_driver(dialect: Dialect, column: Column[Any], values: list[object]) -> list[object]:
    """The values of a column as drivers take them: they know all of our kinds but our own."""
    if not isinstance(column.type, TypeDecorator):
        return values
    return [column.type.process_bind_param(value, dialect) for value in values]


# --- failures --------------------------------------------------------------------------------------------------------


def explain_failure(error: SQLAlchemyError, url: URL) -> Unavailable:
    """One line on what the database could not do; the password in its address is hidden."""
    where = url.render_as_string(hide_password=True)
    if isinstance(error, PoolTimeout):
        return Unavailable("every connection to the database is in use", where=where, mend="try again")
    cause = error.orig if isinstance(error, DBAPIError) else None
    text = str(cause or error).strip().partition("\n")[0]
    sqlstate = getattr(cause, "sqlstate", None) or ""
    known = BY_SQLSTATE.get(sqlstate) or BY_SQLSTATE_CLASS.get(sqlstate[:2])
    if url.get_backend_name() == "sqlite":
        known = next((answer for sign, answer in BY_SQLITE_TEXT.items() if sign in text), None)
    elif not sqlstate and known is None:
        known = BY_SQLSTATE_CLASS["08"]  # psycopg gives no code when there is no server to give one
    if known is None:
        return Unavailable(f"the database failed: {text}", where=where)
    return Unavailable(known[0], where=where, mend=known[1])
