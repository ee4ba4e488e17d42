"""Write the rows of an export to Parquet one by one as they are made, with the names and types of their members."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from kbgap.store.packing import in_pieces
from kbgap.store.parquet import Columns, Tables, columns_of

_AT_ONCE = 2_000

Spell = Callable[[str], str]


def add_rows(tables: Tables, of: type[msgspec.Struct], rows: Iterable[msgspec.Struct]) -> None:
    """Add rows of a type to a table of their own, ``whole``."""
    add_all(tables, "whole", columns_of(of), (msgspec.structs.asdict(row) for row in rows))


def add_all(tables: Tables, name: str, columns: Columns, rows: Iterable[Mapping[str, object]]) -> None:
    """Create a table and add rows to it, given by columns."""
    tables.create(name, columns)
    for piece in in_pieces(rows, _AT_ONCE):
        tables.add(name, columns, piece)


def write_rows(tables: Tables, of: type[msgspec.Struct], spell: Spell, file: Path, notes: Mapping[str, str]) -> int:
    """Write the rows that were added; how many they are."""
    members = {spell(field.encode_name): f'"{field.name}"' for field in msgspec.structs.fields(of)}
    return tables.write(members, "whole", file, notes)
