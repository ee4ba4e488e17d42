"""Read the list of updates that ``wmic qfe`` prints: its table, ``/format:list`` and ``/format:csv``.

The names of columns are names of WMI properties, the same in every language. A table of a few columns only, and an
empty file under a name like ``ws-17_qfe.txt``, are such lists too.
"""

import re
from itertools import pairwise

from kbgap.inventory.formats.records import records
from kbgap.inventory.formats.shapes import host_in, whole_or_cut
from kbgap.inventory.formats.tables import find_table
from kbgap.inventory.kb import find_kb, find_kbs
from kbgap.inventory.partial import ListedKbs, Partial

NAME = "wmic qfe"

_LISTED = re.compile(r"^HotFixID=", re.MULTILINE | re.IGNORECASE)
_COLUMN = re.compile(r"\S+")
_EMPTY_NAME = re.compile(r"_(?:qfe|hotfix|hotfixes)\.\w+$", re.IGNORECASE)


def recognise(text: str, name: str) -> bool:
    """Tell the list by the property HotFixID, or an empty one by its file's name."""
    if not text.strip():
        return _EMPTY_NAME.search(name) is not None
    table = find_table(text)
    return _LISTED.search(text) is not None or (table is not None and not table.underline)


def read(text: str, name: str) -> Partial:  # noqa: ARG001 - every format is asked the same question
    """The KBs that the list names, and the machine when a column names it."""
    if not text.strip():
        empty = "the list of updates is empty, which a failed command prints too: it proves nothing"
        return Partial(format=NAME, updates=ListedKbs(kbs=(), complete=False, source="qfe", doubt=empty))
    kbs, host, listed = _from_records(text) if _LISTED.search(text) else _from_table(text)
    return Partial(format=NAME, host=host, updates=whole_or_cut(kbs, text, listed))


def _from_records(text: str) -> tuple[tuple[str, ...], str, int]:
    found = [record for record in records(text) if "hotfixid" in record]
    named = (kb for record in found if (kb := find_kb(record["hotfixid"]) or _of_file(record)))
    hosts = {record.get("csname", "") for record in found}
    return tuple(dict.fromkeys(named)), host_in(hosts.pop()) if len(hosts) == 1 else "", len(found)


def _of_file(record: dict[str, str]) -> str | None:
    """Windows XP lists files of an update under "File 1" and names the update as the service pack in effect."""
    return find_kb(record.get("servicepackineffect", ""))


def _from_table(text: str) -> tuple[tuple[str, ...], str, int]:
    table = find_table(text)
    assert table is not None  # noqa: S101 - recognise has found it
    names = {_cell(table.head, row) for row in table.rows}
    return find_kbs("\n".join(table.rows)), host_in(names.pop()) if len(names) == 1 else "", len(table.rows)


def _cell(header: str, row: str) -> str:
    """What a row has under CSName (``Node`` in comma-separated tables); empty when there is no such column."""
    if "," in header:
        columns = [column.strip().lower() for column in header.split(",")]
        at = next((columns.index(name) for name in ("csname", "node") if name in columns), None)
        cells = row.split(",")
        return cells[at].strip() if at is not None and at < len(cells) else ""
    starts = [(match[0].lower(), match.start()) for match in _COLUMN.finditer(header)]
    for (name, start), (_, end) in pairwise(starts):
        if name == "csname":
            return row[start:end].strip()
    return ""
