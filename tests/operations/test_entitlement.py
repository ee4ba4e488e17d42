"""Extended security updates, from a report and the setting to what audit, explain, counts and vulnerabilities say."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kbgap.cli.main import main
from kbgap.odata.options import Query
from kbgap.operations.read_vulnerabilities import get_vulnerability, machines_vulnerabilities
from kbgap.store.database import open_database
from tests.catalogue.cvrf import cvrf_xml, entry_xml, fix_xml

WINDOWS_10 = "Windows 10 Version 22H2 for x64-based Systems"
TENANT = "00000000-0000-4000-8000-000000000001"  # the one that is there when no setting names another
OLD, NEW = "5066791", "5068781"
OLD_CVE, NEW_CVE = "CVE-2025-59287", "CVE-2025-62215"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with the last free update of Windows 10 and the first one that needs ESU."""
    feed = tmp_path / "feed"
    feed.mkdir()
    for month, day, kb, cve in (("2025-Oct", "2025-10-14", OLD, OLD_CVE), ("2025-Nov", "2025-11-11", NEW, NEW_CVE)):
        fix = fix_xml(kb, products=["12097"])
        document = cvrf_xml(month, entry_xml(cve, fix), products={"12097": WINDOWS_10})
        (feed / f"{month}.xml").write_text(document.replace("2020-03-10", day))
    folder = tmp_path / "data"
    assert main(["catalogue", "refresh", "--from", str(feed), "--data-dir", str(folder)]) == 0
    return folder


def report(tmp_path: Path, ubr: int = 6000, **os: object) -> Path:
    """A machine that lacks both."""
    path = tmp_path / "ws-1.json"
    machine = {"name": WINDOWS_10, "build": f"10.0.19045.{ubr}", "architecture": "x64", **os}
    content = {"schema": "kbgap.report/1", "machine": {"computerDnsName": "ws-1"}, "os": machine}
    path.write_text(json.dumps(content))
    return path


def told(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, Any]:
    """The exit code of a command, and the JSON that it prints."""
    capsys.readouterr()
    code = main([*map(str, words), "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


def ids(rows: list[dict[str, object]]) -> list[object]:
    """Which KBs they are."""
    return [row["id"] for row in rows]


def test_without_a_word_every_update_is_missing(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The default counts a CVE as fixable that can be fixed for money."""
    code, answer = told(capsys, "audit", report(tmp_path), "--data-dir", data)

    assert (code, ids(answer["missing"]), answer["install"]) == (1, [NEW, OLD], [NEW])
    assert "notEntitled" not in answer


def test_a_machine_that_says_no_gets_an_answer_of_its_own(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is missing any more once it has the last free update, and the rest is told beside."""
    code, answer = told(capsys, "audit", report(tmp_path, esu=False), "--data-dir", data)
    patched, patched_answer = told(capsys, "audit", report(tmp_path, 6456, esu=False), "--data-dir", data)

    assert (code, ids(answer["missing"]), answer["install"]) == (1, [OLD], [OLD])
    assert ids(answer["notEntitled"]) == [NEW]
    assert "after 2025-10-14" in answer["notEntitled"][0]["reason"]
    assert (patched, patched_answer["missing"], ids(patched_answer["notEntitled"])) == (0, [], [NEW])


@pytest.mark.parametrize(
    ("setting", "lists"),
    [
        ("entitled", ([NEW, OLD], [], [])),
        ("not-entitled", ([OLD], [], [NEW])),
        ("unknown", ([OLD], [NEW], [])),
    ],
)
def test_the_setting_speaks_for_machines_that_do_not(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    lists: tuple[list[str], list[str], list[str]],
) -> None:
    """Not for one that does, or that has an update which needs them."""
    monkeypatch.setenv("KBGAP_ESU", setting)

    _, answer = told(capsys, "audit", report(tmp_path), "--data-dir", data)
    _, entitled = told(capsys, "audit", report(tmp_path, esu=True), "--data-dir", data)

    assert (ids(answer["missing"]), ids(answer["unknown"]), ids(answer.get("notEntitled", []))) == lists
    assert ids(entitled["missing"]) == [NEW, OLD]


def test_a_fleet_counts_only_what_its_machines_get(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No row of getmissingkbs for the other, though its CVE is open on the machine as before."""
    main(["inventory", "import", str(report(tmp_path, esu=False)), "--data-dir", str(data)])

    _, rows = told(capsys, "missing", "microsoft-_-windows_10", "--data-dir", data)
    _, mine = told(capsys, "missing", "--machine", "ws-1", "--data-dir", data)
    _, software = told(capsys, "software", "list", "--data-dir", data)

    assert (ids(rows), ids(mine)) == ([OLD], [OLD])
    assert {row["id"]: row["weaknesses"] for row in software}["microsoft-_-windows_10"] == 2


def test_what_nobody_can_install_is_open_all_the_same(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A machine with all that it gets misses nothing, and still counts as exposed, wherever CVEs are counted."""
    main(["inventory", "import", str(report(tmp_path, 6456, esu=False)), "--data-dir", str(data)])

    _, rows = told(capsys, "missing", "--machine", "ws-1", "--data-dir", data)
    _, software = told(capsys, "software", "list", "--data-dir", data)
    database = open_database(f"sqlite:///{data / 'kbgap.sqlite'}")
    now = datetime.now(UTC)
    try:
        exposed = {cve: get_vulnerability(database, TENANT, cve, now).exposed_machines for cve in (OLD_CVE, NEW_CVE)}
        listed = machines_vulnerabilities(database, TENANT, now, Query()).rows
    finally:
        database.close()

    assert rows == []
    counted = {row["id"]: (row["exposedMachines"], row["weaknesses"]) for row in software}
    assert counted["microsoft-_-windows_10"] == (1, 1)
    assert exposed == {OLD_CVE: 0, NEW_CVE: 1}
    assert [(row.cve_id, row.fixing_kb_id) for row in listed] == [(NEW_CVE, NEW)]
    assert main(["db", "check", "--data-dir", str(data)]) == 0


def test_explain_says_it(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the day, whether the machine is in the fleet or in a file."""
    path = report(tmp_path, esu=False)
    main(["inventory", "import", str(path), "--data-dir", str(data)])

    for machine in ("ws-1", path):
        _, answer = told(capsys, "explain", machine, NEW, "--data-dir", data)

        (software,) = answer["software"]
        assert software["verdict"] == "not entitled"
        assert software["because"].startswith("after 2025-10-14 updates need extended security updates (ESU)")


def test_the_table_tells_it_too(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the title, and in a row with its reason."""
    capsys.readouterr()
    main(["audit", str(report(tmp_path, esu=False)), "--data-dir", str(data)])

    out = " ".join(capsys.readouterr().out.split())
    assert "1 missing, 0 unknown, 1 not entitled; install KB5066791" in out
