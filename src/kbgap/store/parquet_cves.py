"""Write every machine with every CVE that is open on it to Parquet, without making the rows one by one.

Machines alike share what is open on them. So each such list goes to DuckDB once, each machine once with the numbers of
its lists, and DuckDB joins the two while it writes. What of a row differs from machine to machine within a list is when
the CVE was first seen. A list says which of a few moments that is, and the machine has the moments: the first is when
it was first seen itself, the others are when something changed on it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection

from kbgap.store.cve_exports import CveExport
from kbgap.store.export_rows import AssetVulnerability, timestamp
from kbgap.store.open_cves import StateCves
from kbgap.store.parquet import Columns, Tables, columns_of
from kbgap.store.parquet_rows import Spell
from kbgap.store.recent import Recent
from kbgap.store.timelines import Event
from kbgap.store.walking import Walked, batches

_KEPT = 50_000  # lists whose numbers are known; one that is forgotten is written a second time, which does no harm
_TYPES = columns_of(AssetVulnerability)
_MACHINE: Columns = {
    **{
        name: _TYPES[name]
        for name in (
            "device_id",
            "rbac_group_id",
            "rbac_group_name",
            "device_name",
            "os_platform",
            "os_version",
            "os_architecture",
            "last_seen_timestamp",
        )
    },
    "links": [{"number": "INTEGER", "moments": ["VARCHAR"]}],
}
_OPENED: Columns = {
    "number": "INTEGER",
    "software_name": "VARCHAR",
    "software_version": "VARCHAR",
    "cves": ["VARCHAR"],
    "kbs": ["VARCHAR"],  # for each CVE the one that closes it
    "moments": ["TINYINT"],  # and since which of a machine's moments it is open
}
_LISTED = """
    CREATE TABLE listed AS
    SELECT o.number, o.moment, s.*, c.*, k.* EXCLUDE (kb)
    FROM (
      SELECT * EXCLUDE (cves, kbs, moments), unnest(cves) AS cve_id, unnest(kbs) AS kb, unnest(moments) AS moment
      FROM opened
    ) AS o
    JOIN software AS s
      ON s.software_name = o.software_name AND s.software_version IS NOT DISTINCT FROM o.software_version
    JOIN cve AS c ON c.cve_id = o.cve_id
    JOIN kb AS k ON k.kb = o.kb
    ORDER BY o.number
"""
_ROWS = """
    (SELECT * EXCLUDE (links), unnest(links) AS link FROM machine) AS m
    JOIN listed AS l ON l.number = m.link.number
"""
_OF_ROW = {
    "id": "m.device_id || concat('_', l.software_vendor, '_', l.software_name, '_', l.software_version, '_', l.cve_id)",
    "first_seen_timestamp": "m.link.moments[l.moment]",
}
_OF_NOBODY = {
    "disk_paths": "[]::VARCHAR[]",
    "registry_paths": "[]::VARCHAR[]",
    "cve_mitigation_status": "NULL::VARCHAR",
}
_OF_FEW = ("rbac_group_name", "os_platform", "os_version", "os_architecture")  # different texts, for all machines

_NOTHING = frozenset[str]()
_Sets = tuple[frozenset[str], ...]
_Key = tuple[bytes, str | None, _Sets]


class _Numbered(NamedTuple):
    """A list by its number, and which of a machine's changes are its moments."""

    number: int
    changes: tuple[int, ...]


class CveTables:
    """Takes in machines, batch after batch, and then writes the rows of all of them."""

    def __init__(self, tables: Tables, export: CveExport, wanted: ColumnElement[bool]) -> None:
        self._tables = tables
        self._export = export
        self._on_machines, self._timelines = export.on_machines, export.timelines
        self._wanted = wanted
        self._lists = 0
        self._numbers: Recent[_Key, int] = Recent(_KEPT)
        self._known: Recent[_Key, _Numbered] = Recent(_KEPT)
        self._new: list[Mapping[str, object]] = []  # rows of lists that are not in the table yet
        self._software: set[tuple[str, str | None]] = set()
        self._cves: set[str] = set()
        self._kbs: set[str] = set()

    def read(self, connection: Connection) -> None:
        """Take in every machine of the walk that has something open."""
        self._tables.create("machine", _MACHINE)
        self._tables.create("opened", _OPENED)
        for machines in batches(connection, self._wanted):
            self._tables.add("machine", _MACHINE, list(self._with_links(machines)))
            self._tables.add("opened", _OPENED, self._new)
            self._new.clear()

    def write(self, spell: Spell, file: Path, notes: Mapping[str, str]) -> int:
        """Write the rows; how many they are."""
        export = self._export
        software = [export.of_software(name, version) for name, version in self._software]
        cves = [export.of_cve(cve) for cve in self._cves]
        kbs = [{"kb": kb, **export.of_kb(kb)} for kb in self._kbs]
        of_list: dict[str, object] = {}
        for name, example, rows in (
            ("software", export.of_software("", None), software),
            ("cve", export.of_cve(""), cves),
            ("kb", {"kb": "", **export.of_kb("")}, kbs),
        ):
            columns = {column: _TYPES.get(column, "VARCHAR") for column in example}
            self._tables.create(name, columns)
            self._tables.add(name, columns, rows)
            of_list |= columns
        del of_list["kb"]
        self._tables.run(_LISTED)
        for name in ("listed", "machine"):
            self._tables.may_be_null(name)
        self._tables.share_texts("listed", [name for name, of in of_list.items() if of == "VARCHAR"])
        self._tables.share_texts("machine", _OF_FEW)
        fields = msgspec.structs.fields(AssetVulnerability)
        members = {spell(field.encode_name): _expression(field.name, of_list) for field in fields}
        return self._tables.write(members, _ROWS, file, notes)

    def _with_links(self, machines: Sequence[Walked]) -> Iterator[Mapping[str, object]]:
        states, events = self._on_machines.states(machines), self._timelines.of(machines)
        for machine in machines:
            mine = events[machine.machine_id]
            links = [self._link(machine, state, mine) for state in states[machine.profile] if state.open_cves]
            if links:
                yield {**self._export.of_machine(machine), "links": links}

    def _link(self, machine: Walked, state: StateCves, events: Sequence[Event]) -> Mapping[str, object]:
        version = self._on_machines.version(machine, state)
        before = tuple(event.was.cves.get(state.software, _NOTHING) for event in events)
        key = (state.key, version, before)
        known = self._known.get(key)
        if known is None:
            known = self._number(state, version, before)
            self._known.put(key, known)
        moments = [machine.first_seen, *(events[change].at for change in known.changes)]
        return {"number": known.number, "moments": [timestamp(moment) for moment in moments]}

    def _number(self, state: StateCves, version: str | None, before: _Sets) -> _Numbered:
        changes, began = _beginnings({one.cve for one in state.open_cves}, before)
        key = (state.key, version, began)
        number = self._numbers.get(key)
        if number is None:
            number = self._lists = self._lists + 1
            self._numbers.put(key, number)
            self._new.append(self._list(number, state, version, began))
        return _Numbered(number, changes)

    def _list(self, number: int, state: StateCves, version: str | None, began: _Sets) -> Mapping[str, object]:
        moments = {cve: moment for moment, cves in enumerate(began, 2) for cve in cves}  # SQL counts from 1
        opened = self._export.first_kbs(state.open_cves)
        cves, kbs = [one.cve for one in opened], [one.kb for one in opened]
        self._software.add((state.software, version))
        self._cves.update(cves)
        self._kbs.update(kbs)
        return {
            "number": number,
            "software_name": state.software,
            "software_version": version,
            "cves": cves,
            "kbs": kbs,
            "moments": [moments.get(cve, 1) for cve in cves],
        }


def _beginnings(opened: set[str], before: _Sets) -> tuple[tuple[int, ...], _Sets]:
    """Which changes made CVEs be open that are so now, the last one first, and which CVEs each did.

    ``before``: what was open before each change, oldest first. A CVE is open since the last change before which it was
    not, as ``timelines.first_seen`` has it; one that no change brought is in none of these sets.
    """
    changes: list[int] = []
    began: list[frozenset[str]] = []
    for change in reversed(range(len(before))):
        brought = frozenset(opened - before[change])
        if brought:
            changes.append(change)
            began.append(brought)
            opened = opened - brought
    return tuple(changes), tuple(began)


def _expression(name: str, of_list: Collection[str]) -> str:
    known = _OF_ROW.get(name) or _OF_NOBODY.get(name)
    return known or (f"l.{name}" if name in of_list else f"m.{name}")
