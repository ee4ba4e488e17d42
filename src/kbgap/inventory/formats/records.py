"""Read records of named values, as PowerShell (``Name : value``), WMIC (``Name=value``) and reg print them."""

import re
from collections.abc import Iterator

Record = dict[str, str]
"""The values of one record by their names in lower case."""

_VALUE = re.compile(r"([A-Za-z_]\w{0,63})(?:\s*:(?:\s+|$)|\s*=\s*)(.*)", re.ASCII)
_REGISTRY_VALUE = re.compile(r"\s+([A-Za-z_]\w{0,63})\s+REG_(?:SZ|EXPAND_SZ|DWORD|QWORD)\s+(.*)", re.ASCII)


def records(text: str) -> list[Record]:
    """The records of a listing: parted by blank lines, or begun anew by a name that the record already has.

    A line that begins with blanks continues the value before it, as where the window was too narrow.
    """
    found: list[Record] = []
    current: Record = {}
    for name, value in _lines(text):
        if name == "" or name in current:
            if current:
                found.append(current)
            current = {}
        if name:
            current[name] = value
    return [*found, current] if current else found


def one_record(text: str) -> Record:
    """All values of a listing that describes one thing; blank lines part nothing, the first of equal names counts."""
    merged: Record = {}
    for record in records(text):
        for name, value in record.items():
            merged.setdefault(name, value)
    return merged


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Name and value of each line with continuations joined; an empty name for a blank line."""
    name, parts = "", [""]
    for line in text.split("\n"):
        match = _VALUE.fullmatch(line.rstrip()) or _REGISTRY_VALUE.fullmatch(line.rstrip())
        if name and match is None and line.strip() and line[0].isspace():
            parts.append(line.strip())
            continue
        if name:
            yield name, "".join(parts)
        name, parts = (match[1].lower(), [match[2].strip()]) if match else ("", [""])
        if not line.strip():
            yield "", ""
    if name:
        yield name, "".join(parts)
