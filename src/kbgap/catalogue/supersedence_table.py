"""Load our own table of which update contains which, and join it with what offline scan files say.

The table holds facts of Microsoft's offline scan file, each with its source and day, so that nobody has to fetch that
file for them. It is reduced: what follows from two of its rows has no row of its own (docs/adr/0011).
"""

import csv
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files

import msgspec

from kbgap.catalogue.edges import Edges, ScanEdge, lines_before_10
from kbgap.core.errors import Invalid

_TABLE = "supersedence.csv"
ELSEWHERE = "elsewhere"
_KB_DIGITS = range(6, 9)


@cache
def load_supersedence() -> Edges:
    """The package's table."""
    text = files("kbgap.data").joinpath(_TABLE).read_text(encoding="utf-8")
    return parse_supersedence(text, where=_TABLE)


def parse_supersedence(text: str, *, where: str) -> Edges:
    """Read a table of that form; Invalid names the line that cannot be read.

    ``where`` in a row is one or more lines before Windows 10, or "elsewhere" for all other software; ``newer`` one or
    more KBs.
    """
    known = lines_before_10() | {ELSEWHERE}
    found: dict[str, dict[str, ScanEdge]] = defaultdict(dict)
    for number, fields in enumerate(csv.DictReader(text.splitlines()), start=2):
        try:
            older, source, day = fields["older"], fields["source"], date.fromisoformat(fields["date"]).isoformat()
            held, newer = frozenset(fields["where"].split()), fields["newer"].split()
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _unreadable(where, number) from error
        if not (source and held and held <= known and newer and all(map(_is_kb, (older, *newer)))):
            raise _unreadable(where, number)
        for kb in newer:
            edge = ScanEdge(
                newer=kb,
                source=named(source),
                day=day,
                lines=held - {ELSEWHERE},
                elsewhere=ELSEWHERE in held,
            )
            found[older][kb] = _both(found[older].get(kb), edge)
    return _sorted(found)


def named(source: str) -> str:
    """How the table is named as a source of an edge: apart from a scan file that somebody gave."""
    return f"kbgap's table, from {source}"


def with_scans(table: Edges, scanned: Edges) -> Edges:
    """The table and the edges of scan files as one; of an edge that both have, the later day's source counts."""
    if not table or not scanned:
        return table or scanned
    found: dict[str, dict[str, ScanEdge]] = defaultdict(dict)
    for edges in (table, scanned):
        for older, by in edges.items():
            for edge in by:
                found[older][edge.newer] = _both(found[older].get(edge.newer), edge)
    return _sorted(found)


def _both(one: ScanEdge | None, other: ScanEdge) -> ScanEdge:
    """One edge that holds wherever either does; of one day the other's source counts."""
    if one is None:
        return other
    latest = max(other, one, key=lambda edge: edge.day)
    return msgspec.structs.replace(latest, lines=one.lines | other.lines, elsewhere=one.elsewhere or other.elsewhere)


def _sorted(found: Mapping[str, Mapping[str, ScanEdge]]) -> Edges:
    return {older: tuple(by[kb] for kb in sorted(by, key=int)) for older, by in sorted(found.items())}


def _is_kb(text: str) -> bool:
    return text.isdecimal() and len(text) in _KB_DIGITS


def _unreadable(where: str, number: int) -> Invalid:
    mend = "install kbgap again if you did not change it"
    return Invalid("the row cannot be read", where=f"{where}: line {number}", mend=mend)
