"""Our table of which update contains which is read whole or refused by line, and joined with scan files."""

import pytest

from kbgap.catalogue.edges import ScanEdge
from kbgap.catalogue.supersedence_table import load_supersedence, parse_supersedence, with_scans
from kbgap.core.errors import Invalid

HEAD = "older,where,newer,source,date\n"
GOOD = "3156013,7601,4015549,wsusscn2,2025-02-11\n"
TABLE = "kbgap's table, from wsusscn2"


def an_edge(newer: str, day: str, *lines: str, source: str = TABLE, elsewhere: bool = False) -> ScanEdge:
    """One edge to a newer KB."""
    return ScanEdge(newer=newer, source=source, day=day, lines=frozenset(lines), elsewhere=elsewhere)


def test_every_edge_has_its_place_its_source_and_its_day() -> None:
    """Several lines, and other software, may share a row, and so may several newer KBs."""
    text = HEAD + "3156013,7601 9600 elsewhere,4534310 4015549,wsusscn2,2025-02-11\n"

    edges = parse_supersedence(text, where="table")

    assert edges == {
        "3156013": tuple(an_edge(kb, "2025-02-11", "7601", "9600", elsewhere=True) for kb in ("4015549", "4534310"))
    }


def test_two_rows_of_one_pair_hold_at_both_places() -> None:
    """The later day's source counts."""
    text = HEAD + GOOD + "3156013,9600,4015549,another,2024-01-09\n"

    assert parse_supersedence(text, where="table") == {"3156013": (an_edge("4015549", "2025-02-11", "7601", "9600"),)}


@pytest.mark.parametrize(
    "row",
    [
        "KB3156013,7601,4015549,wsusscn2,2025-02-11",
        "3156013,19045,4015549,wsusscn2,2025-02-11",
        "3156013,,4015549,wsusscn2,2025-02-11",
        "3156013,7601,,wsusscn2,2025-02-11",
        "3156013,7601,4015549 MS16-097,wsusscn2,2025-02-11",
        "3156013,7601,4015549,,2025-02-11",
        "3156013,7601,4015549,wsusscn2,yesterday",
        "3156013,7601",
    ],
)
def test_a_row_that_cannot_be_read_is_refused_by_line(row: str) -> None:
    """A table that is wrong must not be used in part; on Windows 10 and later it may say nothing."""
    with pytest.raises(Invalid, match=r"table: line 3: the row cannot be read"):
        parse_supersedence(HEAD + GOOD + row + "\n", where="table")


def test_a_table_of_another_form_is_refused() -> None:
    """The head names the columns."""
    with pytest.raises(Invalid, match="line 2"):
        parse_supersedence("kb,superseded_by_kb\n3156013,4015549\n", where="table")


def test_a_scan_file_of_the_same_day_or_later_is_the_source() -> None:
    """What somebody gave himself goes before what we ship, unless ours is newer; the edge holds where either says."""
    table = {"3156013": (an_edge("4015549", "2025-02-11", "7601"),)}
    same = {"3156013": (an_edge("4015549", "2025-02-11", "9600", source="wsusscn2"),)}
    older = {"3156013": (an_edge("4015549", "2024-02-11", "9600", source="wsusscn2"),)}

    assert with_scans(table, same)["3156013"] == (an_edge("4015549", "2025-02-11", "7601", "9600", source="wsusscn2"),)
    assert with_scans(table, older)["3156013"] == (an_edge("4015549", "2025-02-11", "7601", "9600"),)


def test_what_only_one_of_both_says_stays() -> None:
    """Microsoft takes updates out of its file as they are superseded, so a newer file takes nothing back."""
    table = {"3156013": (an_edge("4015549", "2025-02-11", "7601"),)}
    scanned = {"3156013": (an_edge("4534310", "2025-11-11", "7601"),), "5000001": (an_edge("5000002", "2025-11-11"),)}

    joined = with_scans(table, scanned)

    assert [edge.newer for edge in joined["3156013"]] == ["4015549", "4534310"]
    assert joined["5000001"] == scanned["5000001"]
    assert with_scans(table, {}) == table
    assert with_scans({}, scanned) == scanned


def test_the_table_that_we_ship_can_be_read() -> None:
    """Each edge names it as the source, apart from a scan file that somebody gives."""
    edges = [edge for by in load_supersedence().values() for edge in by]

    assert len(edges) > 4_000
    assert {(edge.source, edge.day) for edge in edges} == {(TABLE, "2025-02-11")}
