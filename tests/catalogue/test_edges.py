"""Scan files are joined by GUID into edges between KBs, each with its source, its day and where it holds."""

import json
from pathlib import Path

import msgspec
import pytest

from kbgap.catalogue.edges import ScanEdge, edges_of, join_scans, load_scan_products
from kbgap.catalogue.wsus import Scan, ScanUpdate, read_scan
from tests.catalogue.scan_files import OFFICE_2016, SERVER_2008_R2, SERVER_2012_R2, WINDOWS_7, Listed, ScanFile, guid

LINES = load_scan_products()


def an_update(number: int, kb: str = "", *products: str, titled: bool = True) -> ScanUpdate:
    """One update of a scan file."""
    return ScanUpdate(id=guid(number), kb=kb, titled=titled, products=products)


def a_scan(*pairs: tuple[ScanUpdate, ScanUpdate], day: str = "2025-02-11") -> Scan:
    """A scan file in which the first of each pair supersedes the second."""
    updates = tuple(dict.fromkeys(update for pair in pairs for update in pair))
    edges = tuple((updates.index(newer), updates.index(older)) for newer, older in pairs)
    return Scan(day=day, sha256="0" * 64, updates=updates, edges=edges)


def test_an_edge_holds_on_the_line_of_both_its_ends() -> None:
    """The client and the server of one line get the same KBs, and another line's prove nothing."""
    older = an_update(1, "3177186", WINDOWS_7, SERVER_2012_R2)
    newer = an_update(2, "4012215", SERVER_2008_R2)

    edges = join_scans([a_scan((newer, older))], LINES)

    assert edges == {
        "3177186": (ScanEdge(newer="4012215", source="wsusscn2", day="2025-02-11", lines=frozenset({"7601"})),)
    }


def test_programs_are_elsewhere() -> None:
    """Office and the rest are told from Windows by having no line."""
    edges = join_scans([a_scan((an_update(2, "5002687", OFFICE_2016), an_update(1, "5002351", OFFICE_2016)))], LINES)

    assert list(edges_of(edges, "5002351", "")) == ["5002687"]
    assert list(edges_of(edges, "5002351", "7601")) == []


def test_one_kb_for_two_lines_is_superseded_on_one_only() -> None:
    """Internet Explorer's cumulative updates have one KB everywhere, and newer ones are not for every Windows."""
    pairs = (an_update(3, "5051972", SERVER_2012_R2), an_update(1, "4480965", SERVER_2012_R2))
    other = (an_update(4, "4480966", WINDOWS_7), an_update(2, "4480965", WINDOWS_7))

    edges = join_scans([a_scan(pairs, other)], LINES)

    assert list(edges_of(edges, "4480965", "9600")) == ["5051972"]
    assert list(edges_of(edges, "4480965", "7601")) == ["4480966"]


def test_files_are_joined_by_guid() -> None:
    """A newer file names an update of which only an older one knows the KB; the edge has the newer file's day."""
    old = a_scan((an_update(2, "4012215", WINDOWS_7), an_update(1, "3177186", WINDOWS_7)), day="2017-03-14")
    new = a_scan((an_update(3, "4015549", WINDOWS_7), an_update(1)), day="2017-04-11")

    edges = join_scans([new, old], LINES)

    assert [(edge.newer, edge.day) for edge in edges["3177186"]] == [
        ("4012215", "2017-03-14"),
        ("4015549", "2017-04-11"),
    ]


def test_of_two_files_that_say_the_same_the_later_day_counts() -> None:
    """It is the last day on which Microsoft said so."""
    pair = (an_update(2, "4012215", WINDOWS_7), an_update(1, "3177186", WINDOWS_7))

    edges = join_scans([a_scan(pair, day="2017-04-11"), a_scan(pair, day="2017-03-14")], LINES)

    assert [edge.day for edge in edges["3177186"]] == ["2017-04-11"]


def test_a_page_about_many_updates_is_no_kb_of_one() -> None:
    """5007364 stands for every update of Visual Studio 2022, and so says nothing about any of them."""
    first, second = (an_update(n, "5007364", OFFICE_2016, titled=False) for n in (1, 2))
    other = an_update(3, "5002687", OFFICE_2016)

    edges = join_scans([a_scan((second, first), (second, other), (other, first))], LINES)

    assert edges == {}


def test_an_update_that_was_published_again_keeps_its_kb() -> None:
    """2992611 superseded its own first edition; its title has the KB, and what supersedes it counts."""
    first, second = (an_update(n, "2992611", WINDOWS_7) for n in (1, 2))

    edges = join_scans([a_scan((second, first), (an_update(3, "3010788", WINDOWS_7), first))], LINES)

    assert [(older, edge.newer) for older, found in edges.items() for edge in found] == [("2992611", "3010788")]


def test_ends_without_a_kb_give_no_edge() -> None:
    """None is made up."""
    assert join_scans([a_scan((an_update(2, "", WINDOWS_7), an_update(1, "3177186", WINDOWS_7)))], LINES) == {}
    assert join_scans([], LINES) == {}


@pytest.mark.parametrize("line", sorted(set(LINES.values())))
def test_only_lines_before_windows_10_are_in_the_table(line: str) -> None:
    """From Windows 10 on the build decides."""
    assert line in {"6003", "7601", "9200", "9600"}


def test_edges_compare_as_values() -> None:
    """They are kept in the catalogue, which has to come out the same each time."""
    edge = ScanEdge(newer="1", source="wsusscn2", day="2025-02-11")

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(edge), type=ScanEdge) == edge


@pytest.mark.shared_data
def test_another_projects_cases_of_turning_edges_round(shared_data: Path, tmp_path: Path) -> None:
    """Superseded-by becomes supersedes, and an end that is not there gives no edge; read from a file made of each.

    Two of eight are left out: one starts from edges that it does not give, one from an update without an id.
    """
    cases = json.loads((shared_data / "peer_cases.json").read_text(encoding="utf-8"))["cases"]
    answers = {}
    for case in (case for case in cases if case["kind"] == "derive_supersedes" and case["input"]["superseded_by"]):
        given, path = case["input"], tmp_path / f"{case['id']}.cab"
        if any(row["update"] and not row["by_update"] for row in given["superseded_by"]):
            continue
        rows = [row for row in given["superseded_by"] if row["by_kb"]]
        newer = {kb: [int(row["by_kb"]) for row in rows if row["kb"] == kb] for kb in given["known_kbs"]}
        listed = [Listed(revision=int(kb), kb=f"500000{kb}", superseded_by=found) for kb, found in newer.items()]
        path.write_bytes(ScanFile(listed).made())
        edges = join_scans([read_scan(path)], LINES)
        found = {(edge.newer, older) for older, by in edges.items() for edge in by}
        wanted = {(f"500000{row['kb']}", f"500000{row['older_kb']}") for row in case["expected"]["supersedes"]}
        answers[case["id"]] = found == wanted

    assert len(answers) == 6
    assert all(answers.values()), answers
