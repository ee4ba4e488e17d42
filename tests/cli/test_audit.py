"""``kbgap audit``: the gap of machines without a server, in the documented form and with the documented exit codes."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, Write


def test_a_machine_behind_misses_updates(run: Run, report: Write) -> None:
    """Exit code 1, and one object with the members of ARCHITECTURE 5."""
    outcome = run("audit", "--format", "json", str(report()))

    (answer,) = map(json.loads, outcome.out.splitlines())
    assert outcome.code == 1
    assert list(answer) == ["machine", "missing", "unknown", "install", "outsideCatalogue", "catalogue"]
    assert answer["machine"]["products"] == ["Windows 10 Version 1909 for x64-based Systems"]
    assert [row["id"] for row in answer["missing"]] == ["4551762", "4540673"]
    assert answer["install"] == ["4551762"]
    row = answer["missing"][1]
    assert row == {
        "id": "4540673",
        "name": "March 2020 Security Updates",
        "osBuild": 18363,
        "productsNames": ["windows_10", "edge"],
        "url": "https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB4540673",
        "machineMissedOn": 1,
        "cveAddressed": 2,
        "cves": ["CVE-2020-0645", "CVE-2020-0768"],
        "supersededBy": [],
        "evidence": "build 18363.657 is below 18363.719, which KB4540673 brings",
    }


def test_a_patched_machine_misses_nothing(run: Run, report: Write) -> None:
    """Exit code 0 and an empty list."""
    outcome = run("audit", "--format", "json", str(report(build="10.0.18363.720")))

    answer = json.loads(outcome.out)
    assert (outcome.code, answer["missing"], answer["install"]) == (0, [], [])


def test_an_earlier_day_leaves_out_later_rows(run: Run, report: Write) -> None:
    """``--as-of`` says that it is today's knowledge of that day."""
    outcome = run("audit", "--format", "json", "--as-of", "2020-03-11", str(report()))

    assert [row["id"] for row in json.loads(outcome.out)["missing"]] == ["4540673"]
    assert "2020-03-11" in outcome.err


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2020-03-20", ""),
        ("2021-12-01", ""),  # Home and Pro have ended, Enterprise has not
        ("2022-05-11", "Microsoft's support of this Windows ended on 2022-05-10"),
    ],
)
def test_a_windows_without_support_is_told(run: Run, report: Write, day: str, told: str) -> None:
    """As of the day that is asked for, beside the answer; while it is years away, or editions differ, nothing is."""
    outcome = run("audit", "--format", "json", "--as-of", day, str(report()))

    assert json.loads(outcome.out)["outsideCatalogue"] is False
    assert ("support" in outcome.err) == bool(told)
    assert told in outcome.err


def test_a_machine_outside_the_catalogue_is_no_empty_list(run: Run, report: Write) -> None:
    """Exit code 4 (semantics 3.9)."""
    outcome = run("audit", "--format", "json", str(report(build="5.1.2600", os="Microsoft Windows XP Professional")))

    assert (outcome.code, json.loads(outcome.out)["outsideCatalogue"]) == (4, True)


def test_what_is_not_known_is_told_with_its_way_out(run: Run, report: Write) -> None:
    """Exit code 4 when nothing is missing but something is unknown."""
    outcome = run("audit", "--format", "json", str(report(build="10.0.18363")))

    answer = json.loads(outcome.out)
    assert (outcome.code, answer["missing"]) == (4, [])
    assert {row["settle"].split(" (")[0] for row in answer["unknown"]} == {"send the UBR"}


def test_a_bad_input_leaves_its_neighbours_alone(run: Run, report: Write, tmp_path: Path) -> None:
    """Exit code 2, one clear line, and the others answered in input order."""
    broken = tmp_path / "broken.json"
    broken.write_text('{"schema": "kbgap.report/1", "os": {')

    outcome = run("audit", "--format", "json", str(report("a")), str(broken), str(report("b")))

    assert outcome.code == 2
    assert [json.loads(line)["machine"]["computerDnsName"] for line in outcome.out.splitlines()] == ["a", "b"]
    assert len([line for line in outcome.err.splitlines() if "broken.json" in line]) == 1
    assert "Traceback" not in outcome.err


def test_a_contradicting_report_is_refused(run: Run, report: Write) -> None:
    """A name and a build that do not belong together are never judged."""
    outcome = run("audit", str(report(build="10.0.18363.657", os="Microsoft Windows Server 2022 Standard")))

    assert outcome.code == 2
    assert "contradicts itself" in outcome.err


@pytest.mark.parametrize("form", ["table", "csv"])
def test_people_see_what_is_missing_and_why(run: Run, report: Write, form: str) -> None:
    """The other forms hold the same facts."""
    outcome = run("audit", "--format", form, str(report()))

    assert "4540673" in outcome.out
    assert "18363.719" in outcome.out


def test_nothing_to_read_is_said(run: Run, tmp_path: Path) -> None:
    """An empty folder is bad input, not an empty gap."""
    (tmp_path / "empty").mkdir()

    outcome = run("audit", str(tmp_path / "empty"))

    assert outcome.code == 2
    assert outcome.out == ""
