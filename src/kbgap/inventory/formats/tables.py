"""Find the table of updates in what a command prints: a head with the property HotFixID, then one row for each."""

import re

from kbgap.core.model import Value

_NAMES = re.compile(r"[A-Za-z_]\w*(?:[ ,\t]+[A-Za-z_]\w*)*", re.ASCII)
_UNDERLINE = re.compile(r"[- ]*-{2,}[- ]*")
_LONGEST = 2_000


class Table(Value, frozen=True):
    """The head, the line of dashes below it as PowerShell draws it (else empty), and the rows that are not blank."""

    head: str
    underline: str
    rows: tuple[str, ...]


def find_table(text: str) -> Table | None:
    """The first table of updates in a text, if there is any."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        # Windows XP prints a sentence right before the head when WMIC runs for the first time.
        head = line.rpartition(".")[2].rstrip()
        if len(head) <= _LONGEST and "hotfixid" in head.lower() and _NAMES.fullmatch(head.strip()):
            below = lines[at + 1] if at + 1 < len(lines) else ""
            underline = below if len(below) <= _LONGEST and _UNDERLINE.fullmatch(below) else ""
            rows = lines[at + 2 :] if underline else lines[at + 1 :]
            return Table(head=head, underline=underline, rows=tuple(row for row in rows if row.strip()))
    return None
