"""Write rows to Parquet files through DuckDB, which only this module imports: tables, which it joins while it writes.

What goes in is small: each row once, as JSON. What comes out may be as large as it likes: DuckDB streams it to the file
within a fixed amount of memory, and puts what does not fit there into the folder.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kbgap.core.errors import Unavailable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Columns = Mapping[str, object]  # a column's type as JSON has it: "VARCHAR", ["VARCHAR"] for a list of texts

_MEMORY = "512MB"
_MOST_THREADS = 8  # each of them holds the rows that it packs
_CONFIG: dict[str, Any] = {
    "memory_limit": _MEMORY,
    "preserve_insertion_order": False,  # else it would hold rows back
    "autoinstall_known_extensions": False,  # nothing is fetched
    "autoload_known_extensions": False,
}
_ENCODER = msgspec.json.Encoder()
_PACKING = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
_TYPES: Mapping[object, object] = {
    bool: "BOOLEAN",
    int: "BIGINT",
    int | None: "BIGINT",
    float: "DOUBLE",
    str: "VARCHAR",
    str | None: "VARCHAR",
    datetime: "TIMESTAMPTZ",
    tuple[str, ...]: ["VARCHAR"],
}


class Tables:
    """Tables in a folder, until the block of ``tables_in`` ends."""

    def __init__(self, connection: "DuckDBPyConnection") -> None:
        self._connection = connection

    def create(self, name: str, columns: Columns) -> None:
        """A table; ``name`` and the columns' names are ours, and never from outside."""
        self.run(f"CREATE TABLE {name} ({_members(columns)})")

    def add(self, name: str, columns: Columns, rows: Sequence[Mapping[str, object]]) -> None:
        """Add rows, given by columns; a few thousand at a time."""
        if not rows:
            return
        shape = msgspec.json.encode([columns]).decode()
        self.run(
            f"INSERT INTO {name} SELECT r.* FROM (SELECT unnest(from_json(?::JSON, '{shape}')) r)",
            _ENCODER.encode(rows).decode(),
        )

    def run(self, statement: str, *values: object) -> None:
        """Run a statement of DuckDB's SQL."""
        self._connection.execute(statement, values)

    def may_be_null(self, name: str) -> None:
        """Add a row of nulls, which no join meets: else a column without nulls is declared so in this file alone."""
        self.run(f"INSERT INTO {name} DEFAULT VALUES")

    def share_texts(self, name: str, columns: Sequence[str]) -> None:
        """Keep each text of these columns once: they join and pack several times as fast; files have plain texts."""
        if not columns:
            return
        for column in columns:
            distinct = f'SELECT DISTINCT "{column}" AS x FROM {name} WHERE x IS NOT NULL ORDER BY x'
            self.run(f"CREATE TYPE {name}_{column} AS ENUM ({distinct})")
        shared = ", ".join(f'CAST("{column}" AS {name}_{column}) AS "{column}"' for column in columns)
        self.run(f"CREATE TABLE shared_{name} AS SELECT * REPLACE ({shared}) FROM {name}")
        self.run(f"DROP TABLE {name}")
        self.run(f"ALTER TABLE shared_{name} RENAME TO {name}")

    def write(self, members: Mapping[str, str], source: str, file: Path, notes: Mapping[str, str]) -> int:
        """Write a file, with notes about the whole of it; how many rows it has.

        ``members``: by the name in the file, what it is in SQL. ``source``: the tables, as in FROM.
        """
        selected = ", ".join(f'{expression} AS "{name}"' for name, expression in members.items())
        said = ", ".join(f"{name}: {_quoted(text)}" for name, text in notes.items())
        copy = f"COPY (SELECT {selected} FROM {source}) TO {_quoted(str(file))} ({_PACKING}, KV_METADATA {{{said}}})"
        found = self._connection.execute(copy).fetchone()
        return int(found[0]) if found else 0


@contextmanager
def tables_in(folder: Path, where: str) -> Iterator[Tables]:
    """Tables in an empty folder; ``where`` is the file that people asked for.

    Raises:
        Unavailable: DuckDB is not installed, or it failed, as with a disk that is full.
    """
    try:
        import duckdb  # noqa: PLC0415 - it is large, and optional
    except ImportError as error:
        mend = 'run: pip install "kbgap[parquet]", or take --format jsonl.gz'
        raise Unavailable("Parquet files are written with DuckDB, which is not installed", mend=mend) from error
    config = {**_CONFIG, "threads": min(os.cpu_count() or 1, _MOST_THREADS), "temp_directory": str(folder / "spilled")}
    try:
        with duckdb.connect(folder / "tables.duckdb", config=config) as connection:
            yield Tables(connection)
    except (duckdb.OperationalError, duckdb.FatalException) as error:  # anything else is our mistake
        # What the system said stands behind the name of a file of ours, which tells nobody anything.
        said = str(error).partition("\n")[0].rpartition('": ')[2]
        raise Unavailable(f"the file cannot be written ({said})", where=where) from error


def columns_of(row: type[msgspec.Struct]) -> dict[str, object]:
    """The columns of rows of a type, by the names of its attributes."""
    return {field.name: _TYPES[field.type] for field in msgspec.structs.fields(row)}


def _members(columns: Columns) -> str:
    return ", ".join(f'"{name}" {_sql(of)}' for name, of in columns.items())


def _sql(of: object) -> str:
    match of:
        case str():
            return of
        case [inner]:
            return f"{_sql(inner)}[]"
        case dict():
            return f"STRUCT({_members(of)})"
        case _:
            raise TypeError(of)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
