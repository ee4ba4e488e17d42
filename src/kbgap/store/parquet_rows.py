"""Write the rows of a walk to Parquet one by one as they are made: for what machines do not share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from kbgap.store.packing import in_pieces
from kbgap.store.parquet import Tables, columns_of
from kbgap.store.walking import Path as Walk
from kbgap.store.walking import every

_AT_ONCE = 2_000

Spell = Callable[[str], str]


class RowTables:
    """Takes in the rows of a walk, and then writes them."""

    def __init__(self, tables: Tables, walk: Walk[Any, Any], of: type[msgspec.Struct]) -> None:
        self._tables = tables
        self._walk = walk
        self._of = of

    def read(self, connection: Connection) -> None:
        """Take in every row."""
        columns = {**columns_of(self._of), "is_row": "BOOLEAN"}
        self._tables.create("whole", columns)
        for piece in in_pieces(every(connection, self._walk), _AT_ONCE):
            self._tables.add("whole", columns, [{**msgspec.structs.asdict(row), "is_row": True} for row in piece])

    def write(self, spell: Spell, file: Path, notes: Mapping[str, str]) -> int:
        """Write the rows; how many they are."""
        self._tables.may_be_null("whole")
        members = {spell(field.encode_name): f'"{field.name}"' for field in msgspec.structs.fields(self._of)}
        return self._tables.write(members, "(SELECT * FROM whole WHERE is_row)", file, notes)
