"""What a plain ``kbgap catalogue refresh`` knows of which update contains which, and how that is told."""

import json
from pathlib import Path

import pytest

from kbgap.cli.main import main
from tests.catalogue.cab import MSZIP
from tests.catalogue.cvrf import cvrf_xml, entry_xml, fix_xml
from tests.catalogue.scan_files import Listed, ScanFile

SEVEN = "Windows 7 for x64-based Systems Service Pack 1"
SAYS = "kbgap's table, from wsusscn2"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory after a refresh from two updates of 2016, without a scan file."""
    feed = tmp_path / "feed"
    feed.mkdir()
    entries = [
        entry_xml(f"CVE-2016-{place}", fix_xml(kb, products=["10047"]))
        for place, kb in enumerate(("3156013", "3164035"))
    ]
    (feed / "2016-May.xml").write_text(cvrf_xml("2016-May", *entries, products={"10047": SEVEN}))
    assert main(["catalogue", "refresh", "--data-dir", str(tmp_path / "data"), "--from", str(feed)]) == 0
    return tmp_path / "data"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Windows 7 whose list holds one update of October 2020 alone."""
    report = {
        "schema": "kbgap.report/1",
        "os": {"name": SEVEN, "build": "6.1.7601", "architecture": "x64"},
        "installedUpdates": [{"kb": "4580387"}],
        "updateList": {"complete": True, "sources": ["qfe"]},
    }
    path = tmp_path / "seven.json"
    path.write_text(json.dumps(report))
    return path


def told(capsys: pytest.CaptureFixture[str], data: Path, *words: str) -> str:
    """What a command prints."""
    capsys.readouterr()
    main([*words, "--data-dir", str(data)])
    return capsys.readouterr().out


def test_a_plain_refresh_knows_what_a_newer_update_contains(
    data: Path, machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The documents name neither step, and nobody has to fetch Microsoft's scan file for it."""
    audited = json.loads(told(capsys, data, "audit", str(machine), "--format", "json"))

    assert audited["missing"] == []
    assert audited["unknown"] == []


def test_show_names_the_table_as_a_source(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the day of the facts, and only the next step: what follows from it has no row."""
    shown = json.loads(told(capsys, data, "catalogue", "show", "3156013", "--format", "json"))

    assert shown["supersededBySources"] == [{"source": SAYS, "date": "2025-02-11", "kbs": ["3164035"]}]


def test_explain_names_the_table_over_several_steps(
    data: Path, machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """3156013 is in 3164035, and that in the listed 4580387: both steps are the table's, which is named once."""
    said = " ".join(told(capsys, data, "explain", str(machine), "KB3156013").split())

    assert f"names KB4580387, which supersedes KB3156013 (says {SAYS} of 2025-02-11)." in said


def test_explain_names_each_source_on_the_way(
    data: Path, machine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A scan file that somebody gives is told from the table."""
    scan = ScanFile([Listed(revision=7, kb="3164035", superseded_by=(9,)), Listed(revision=9, kb="4580387")])
    (tmp_path / "wsusscn2.cab").write_bytes(scan.made(MSZIP))

    told(capsys, data, "catalogue", "refresh", "--wsus", str(tmp_path / "wsusscn2.cab"))
    said = " ".join(told(capsys, data, "explain", str(machine), "KB3156013").split())

    assert f"(says {SAYS} of 2025-02-11, wsusscn2 of 2025-02-11)" in said
