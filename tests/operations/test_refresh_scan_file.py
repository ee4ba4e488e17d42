"""``kbgap catalogue refresh --wsus``: the scan file is read, kept, judged with and shown."""

import json
from pathlib import Path

import pytest

from kbgap.catalogue.shelf import Shelf
from kbgap.cli.main import main
from tests.catalogue.cab import MSZIP
from tests.catalogue.cvrf import cvrf_xml, entry_xml, fix_xml
from tests.catalogue.scan_files import Listed, ScanFile

SEVEN = "Windows 7 for x64-based Systems Service Pack 1"
SCAN = ScanFile([Listed(revision=7, kb="3999991", superseded_by=(900,)), Listed(revision=900, kb="4534310")])
BROKEN = {"x/7": b"<cut>"}


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    """A folder with one document, of an update from before there were rollups."""
    folder = tmp_path / "feed"
    folder.mkdir()
    fix = fix_xml("3999991", products=["10047"])
    document = cvrf_xml("2016-May", entry_xml("CVE-2016-0170", fix), products={"10047": SEVEN})
    (folder / "2016-May.xml").write_text(document)
    return folder


def scan_file(folder: Path, scan: ScanFile = SCAN) -> Path:
    """The scan file on disk."""
    path = folder / "wsusscn2.cab"
    path.write_bytes(scan.made(MSZIP))
    return path


def refresh(data: Path, *words: object) -> int:
    """One refresh, as the shell would run it."""
    return main(["catalogue", "refresh", "--data-dir", str(data), *map(str, words)])


def missing(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What a Windows 7 machine misses whose list holds the rollup of January 2020 alone."""
    report = {
        "schema": "kbgap.report/1",
        "os": {"name": SEVEN, "build": "6.1.7601", "architecture": "x64"},
        "installedUpdates": [{"kb": "4534310"}],
        "updateList": {"complete": True, "sources": ["qfe"]},
    }
    path = tmp_path / "seven.json"
    path.write_text(json.dumps(report))
    capsys.readouterr()
    main(["audit", str(path), "--format", "json", "--data-dir", str(data)])
    return [row["id"] for row in json.loads(capsys.readouterr().out)["missing"]]


def test_a_scan_file_tells_what_a_rollup_contains(
    feed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it the machine is told to install what it has; it is read beside the documents."""
    data = tmp_path / "data"

    assert refresh(data, "--from", feed) == 0
    before = missing(data, tmp_path, capsys)
    assert refresh(data, "--from", feed, "--wsus", scan_file(tmp_path)) == 0
    told = capsys.readouterr().out

    assert before == ["3999991"]
    assert missing(data, tmp_path, capsys) == []
    assert "scan file of 2025-02-11: 2 updates, 1 times one supersedes another" in told


def test_a_scan_file_alone_needs_no_service(feed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The documents at hand are compiled again: tests open no connection."""
    data = tmp_path / "data"
    refresh(data, "--from", feed)

    assert refresh(data, "--wsus", scan_file(tmp_path)) == 0
    assert missing(data, tmp_path, capsys) == []


def test_what_a_scan_file_said_is_kept(feed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A later refresh goes on counting it, also after the file is gone."""
    data = tmp_path / "data"
    path = scan_file(tmp_path)
    refresh(data, "--from", feed, "--wsus", path)
    path.unlink()

    assert refresh(data, "--from", feed) == 0
    assert missing(data, tmp_path, capsys) == []


def test_revisions_are_never_joined_over_files(feed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the next month's file the same numbers are other updates, and they mean nothing to this month's."""
    data = tmp_path / "data"
    first = ScanFile(
        [Listed(revision=7, id="a" * 8 + "-0000-4000-8000-000000000001", kb="3999991", superseded_by=(900,))]
    )
    second = ScanFile(
        [Listed(revision=900, id="b" * 8 + "-0000-4000-8000-000000000002", kb="4534310")], day="2025-03-11"
    )

    assert refresh(data, "--from", feed, "--wsus", scan_file(tmp_path, first)) == 0
    assert refresh(data, "--wsus", scan_file(tmp_path, second)) == 0

    assert missing(data, tmp_path, capsys) == ["3999991"]


def test_a_bad_scan_file_leaves_the_catalogue(feed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says what is wrong; the old revision stays current."""
    data = tmp_path / "data"
    refresh(data, "--from", feed)
    before = (data / "catalogue" / "current").read_text()
    path = scan_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-50])
    capsys.readouterr()

    assert refresh(data, "--from", feed, "--wsus", path) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert (data / "catalogue" / "current").read_text() == before


def test_entries_left_out_are_told(feed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """How many, and the first of them."""
    path = scan_file(tmp_path, ScanFile(SCAN.updates, replaced=BROKEN))

    assert refresh(tmp_path / "data", "--from", feed, "--wsus", path) == 0
    assert "1 entries of it left out, such as" in capsys.readouterr().err


def test_a_scan_file_without_documents_names_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says which updates contain which, not what they fix."""
    assert refresh(tmp_path / "data", "--wsus", scan_file(tmp_path)) == 2
    assert "there is no document at all; run: kbgap catalogue refresh" in capsys.readouterr().err


def test_show_names_every_source(feed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Microsoft's documents and the scan file apart, each with its day."""
    data = tmp_path / "data"
    refresh(data, "--from", feed, "--wsus", scan_file(tmp_path))
    capsys.readouterr()

    main(["catalogue", "show", "3999991", "--format", "json", "--data-dir", str(data)])

    shown = json.loads(capsys.readouterr().out)
    assert shown["supersededBy"] == []
    assert shown["supersededBySources"] == [{"source": "wsusscn2", "date": "2025-02-11", "kbs": ["4534310"]}]


def test_explain_names_the_source(feed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where only the scan file says that the listed KB contains another."""
    data = tmp_path / "data"
    refresh(data, "--from", feed, "--wsus", scan_file(tmp_path))
    missing(data, tmp_path, capsys)

    main(["explain", str(tmp_path / "seven.json"), "KB3999991", "--data-dir", str(data)])

    told = " ".join(capsys.readouterr().out.split())
    assert "names KB4534310, which supersedes KB3999991 (says wsusscn2 of 2025-02-11)" in told


def test_the_same_scan_file_gives_the_same_revision(feed: Path, tmp_path: Path) -> None:
    """The catalogue comes out the same each time, with and without giving the file again."""
    data = tmp_path / "data"
    revisions = []
    for words in (["--wsus", scan_file(tmp_path)], [], ["--wsus", scan_file(tmp_path)]):
        refresh(data, "--from", feed, *words)
        with Shelf(data / "catalogue").current() as catalogue:
            revisions.append(catalogue.revision)

    assert len(set(revisions)) == 1
