"""Write every machine with all that it lists to Parquet: each machine and each thing once, joined while written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from kbgap.store.parquet import Columns, Tables, columns_of
from kbgap.store.parquet_rows import Spell
from kbgap.store.walking import Path as Walk
from kbgap.store.walking import Walked, batches

_KEPT = 200_000  # things whose numbers are known; one that is forgotten is written a second time, which does no harm
_OF_MACHINE = (
    "device_id",
    "rbac_group_id",
    "rbac_group_name",
    "device_name",
    "os_platform",
    "software_last_seen_timestamp",
)
_OF_FEW = ("rbac_group_name", "os_platform")  # different texts, for all machines
_FROM = "(SELECT * EXCLUDE (items), unnest(items) AS item FROM machine) AS m JOIN item AS i ON i.item = m.item"


class ItemTables:
    """Takes in the machines of a walk, batch after batch, and then writes the rows of all of them.

    The rows of the walk are of two parts: what ``_OF_MACHINE`` names is the machine's, the rest is the same on every
    machine that has the same thing.
    """

    def __init__(self, tables: Tables, walk: Walk[Any, Any], of: type[msgspec.Struct]) -> None:
        self._tables = tables
        self._walk = walk
        self._of = of
        columns = columns_of(of)
        self._of_machine = tuple(name for name in columns if name in _OF_MACHINE)
        self._of_item = tuple(name for name in columns if name not in _OF_MACHINE)
        self._machine: Columns = {**{name: columns[name] for name in self._of_machine}, "items": ["INTEGER"]}
        self._item: Columns = {**{name: columns[name] for name in self._of_item}, "item": "INTEGER"}
        self._numbers: dict[object, int] = {}
        self._items = 0
        self._new: list[Mapping[str, object]] = []  # things that are not in the table yet

    def read(self, connection: Connection) -> None:
        """Take in every machine of the walk that has something."""
        self._tables.create("machine", self._machine)
        self._tables.create("item", self._item)
        for machines in batches(connection, self._walk.where):
            found = self._walk.read(machines, None)
            rows = [self._row(machine, items) for machine, items in zip(machines, found, strict=True) if items]
            self._tables.add("machine", self._machine, rows)
            self._tables.add("item", self._item, self._new)
            self._new.clear()

    def write(self, spell: Spell, file: Path, notes: Mapping[str, str]) -> int:
        """Write the rows; how many they are."""
        for name in ("item", "machine"):
            self._tables.may_be_null(name)
        self._tables.share_texts("item", [name for name in self._of_item if self._item[name] == "VARCHAR"])
        self._tables.share_texts("machine", _OF_FEW)
        names = {field.name: spell(field.encode_name) for field in msgspec.structs.fields(self._of)}
        members = {
            public: f'm."{name}"' if name in self._of_machine else f'i."{name}"' for name, public in names.items()
        }
        return self._tables.write(members, _FROM, file, notes)

    def _row(self, machine: Walked, items: Sequence[object]) -> Mapping[str, object]:
        if len(self._numbers) > _KEPT:
            self._numbers.clear()
        row = self._walk.build(machine, items[0])
        known = self._numbers.get
        numbers = [known(item) or self._number(machine, item) for item in items]
        return {**{name: getattr(row, name) for name in self._of_machine}, "items": numbers}

    def _number(self, machine: Walked, item: object) -> int:
        number = self._numbers[item] = self._items = self._items + 1
        row = self._walk.build(machine, item)
        self._new.append({**{name: getattr(row, name) for name in self._of_item}, "item": number})
        return number
