"""Read what PowerShell's ``Get-HotFix`` prints: its table, and its list form with any selection of properties."""

import re

from kbgap.inventory.formats.records import records
from kbgap.inventory.formats.shapes import host_in, whole_or_cut
from kbgap.inventory.formats.tables import find_table
from kbgap.inventory.kb import find_kb, find_kbs
from kbgap.inventory.partial import Partial

NAME = "Get-HotFix"

_LISTED = re.compile(r"^HotFixID[ \t]*:", re.MULTILINE | re.IGNORECASE)
_DASHES = re.compile(r"-+")
_NAMES = ("csname", "source", "pscomputername", "__server")


def recognise(text: str, name: str) -> bool:  # noqa: ARG001 - every format is asked the same question
    """Tell it by the property HotFixID in PowerShell's table or list."""
    table = find_table(text)
    return _LISTED.search(text) is not None or (table is not None and table.underline != "")


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
    table = find_table(text)
    assert table is not None  # noqa: S101 - recognise has found it
    columns = [dash.span() for dash in _DASHES.finditer(table.underline)]
    naming = [(start, end) for start, end in columns if table.head[start:end].strip().lower() in _NAMES]
    hosts = {host for row in table.rows for start, end in naming if (host := host_in(row[start:end]))}
    return find_kbs("\n".join(table.rows)), hosts
