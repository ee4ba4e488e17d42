"""Read what PowerShell's ``Get-HotFix`` prints: its table, and its list form with any selection of properties."""

import re

from kbgap.inventory.formats.records import records
from kbgap.inventory.formats.shapes import host_in, whole_or_cut
from kbgap.inventory.kb import find_kb, find_kbs
from kbgap.inventory.partial import Partial

NAME = "Get-HotFix"

_TABLE = re.compile(r"^((?:\w+ +)*HotFixID\b[^\n]*)\n( ?-[- ]+)$", re.MULTILINE | re.IGNORECASE)
_LISTED = re.compile(r"^HotFixID\s*:", re.MULTILINE | re.IGNORECASE)
_DASHES = re.compile(r"-+")
_NAMES = ("csname", "source", "pscomputername", "__server")


def recognise(text: str, name: str) -> bool:  # noqa: ARG001 - every format is asked the same question
    """Tell it by the property HotFixID in PowerShell's table or list."""
    return _LISTED.search(text) is not None or _TABLE.search(text) is not None


def read(text: str, name: str) -> Partial:  # noqa: ARG001 - as above
    """The KBs that the list names, and the machine when it is named."""
    kbs, hosts = _from_records(text) if _LISTED.search(text) else _from_table(text)
    updates = whole_or_cut(kbs, text, len(kbs))
    return Partial(format=NAME, host=hosts.pop() if len(hosts) == 1 else "", updates=updates)


def _from_records(text: str) -> tuple[tuple[str, ...], set[str]]:
    found = [record for record in records(text) if "hotfixid" in record]
    kbs = dict.fromkeys(kb for record in found if (kb := find_kb(record["hotfixid"])))
    hosts = {host for record in found for name in _NAMES if (host := host_in(record.get(name, "")))}
    return tuple(kbs), hosts


def _from_table(text: str) -> tuple[tuple[str, ...], set[str]]:
    table = _TABLE.search(text)
    assert table is not None  # noqa: S101 - recognise has found it
    rows = [row for row in text[table.end() :].splitlines() if row.strip()]
    columns = [
        (table[1][dash.start() : dash.end() + 1].strip().lower(), dash.span()) for dash in _DASHES.finditer(table[2])
    ]
    spans = [span for name, span in columns if name in _NAMES]
    hosts = {host for row in rows for start, end in spans if (host := host_in(row[start:end]))}
    return find_kbs("\n".join(rows)), hosts
