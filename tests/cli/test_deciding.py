"""The commands that list machines and software, plan what to install, and take decisions."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Run, Write


@pytest.fixture
def with_machines(run: Run, report: Write) -> Run:
    """Two machines that lack March 2020, one of them also February."""
    run("inventory", "import", str(report("a")), str(report("b", build="10.0.18363.418")))
    return run


def rows(run: Run, *words: str) -> Any:  # noqa: ANN401 - whatever JSON the command prints
    """What a command prints for programs."""
    return json.loads(run(*words, "--format", "json").out)


def audited(run: Run) -> list[str]:
    """The actions of the audit log, the oldest first, without clients and tenants."""
    return [row["action"] for row in reversed(rows(run, "log")) if row["action"].split(".")[0] in {"risk", "machine"}]


# --- lists --------------------------------------------------------------------------------------------------------


def test_machines_are_listed_as_the_api_shows_them(with_machines: Run) -> None:
    """All of them, or those that meet a filter in the API's own words."""
    names = [row["computerDnsName"] for row in rows(with_machines, "machine", "list")]
    chosen = rows(with_machines, "machine", "list", "--filter", "computerDnsName eq 'a'")

    assert sorted(names) == ["a", "b"]
    assert [(row["computerDnsName"], row["osPlatform"], row["version"]) for row in chosen] == [
        ("a", "Windows10", "1909")
    ]


def test_a_table_of_machines_keeps_their_ids_whole(with_machines: Run) -> None:
    """They are what other commands take; CSV has more columns."""
    (first, *_) = rows(with_machines, "machine", "list")

    table, csv = with_machines("machine", "list").out, with_machines("machine", "list", "--format", "csv").out

    assert f"{first['id']}  {first['computerDnsName']} " in table
    assert csv.startswith("id,computerDnsName,osPlatform,")
    assert "machineTags" in csv.splitlines()[0]
    assert f"{first['lastSeen'][:16]}\n" in table


def test_a_filter_that_cannot_be_read_is_refused(with_machines: Run) -> None:
    """Never a list that was filtered by half."""
    outcome = with_machines("machine", "list", "--filter", "nothing eq 'a'")

    assert outcome.code == 2
    assert outcome.out == ""
    assert "$filter at 1" in outcome.err


def test_a_list_is_read_page_by_page(with_machines: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a page ends, the next one goes on: by token and by number of rows."""
    monkeypatch.setattr("kbgap.cli.pages._PAGE", 1)

    assert len(rows(with_machines, "machine", "list")) == 2
    assert [row["id"] for row in rows(with_machines, "software", "list")] == [
        "microsoft-_-edge",
        "microsoft-_-windows_10",
    ]


def test_software_is_listed_with_its_numbers(with_machines: Run) -> None:
    """What machines have, and on how many of them something is open."""
    found = {row["id"]: row for row in rows(with_machines, "software", "list")}

    assert found["microsoft-_-windows_10"]["installedMachines"] == 2
    assert found["microsoft-_-windows_10"]["exposedMachines"] == 2
    assert "distributions" not in found["microsoft-_-windows_10"]
    assert "microsoft-_-edge" in with_machines("software", "list").out


# --- plans --------------------------------------------------------------------------------------------------------


def test_what_would_stay_open_is_told(with_machines: Run) -> None:
    """The update that came last on this line closes everything that the earlier ones close."""
    found = rows(with_machines, "what-if", "KB4551762")
    outcome = with_machines("what-if", "4540673")

    assert (found["kbs"], found["machines"], found["machinesChanged"]) == (["4551762"], 2, 2)
    assert "everywhere would close something on 2 of 2 machines" in outcome.err
    assert "CVE-2020-0796" in outcome.out
    assert "CVE-2020-0645" not in outcome.out
    assert with_machines("what-if", "KB1").code == 2


def test_the_install_set_is_that_of_a_machine_or_of_all(with_machines: Run) -> None:
    """Each KB with the machines that need it."""
    of_all = rows(with_machines, "install")
    of_one = rows(with_machines, "install", "--machine", "a")

    assert [(row["id"], row["machines"]) for row in of_all] == [("4551762", 2)]
    assert [(row["id"], row["machines"]) for row in of_one] == [("4551762", 1)]
    assert with_machines("install", "--machine", "nobody").code == 2


def test_nothing_to_install_is_said_in_words(run: Run, report: Write) -> None:
    """An empty table looks like a failure."""
    run("inventory", "import", str(report("a", build="10.0.18363.720")))

    assert run("install").out == "nothing to install\n"
    assert rows(run, "install") == []


# --- decisions ----------------------------------------------------------------------------------------------------


def test_a_risk_is_accepted_listed_and_withdrawn(with_machines: Run) -> None:
    """Nothing leaves the lists, and the audit log tells who decided."""
    before = rows(with_machines, "missing", "microsoft-_-edge")
    (made,) = rows(with_machines, "risk", "accept", "kb4540673", "--until", "2999-12-31", "--reason", "no restart")

    assert (made["subject"], made["group"], made["reason"], made["isActive"]) == ("4540673", None, "no restart", True)
    assert made["expiresOn"] == "3000-01-01T00:00:00Z"
    assert rows(with_machines, "missing", "microsoft-_-edge") == before
    assert [row["id"] for row in rows(with_machines, "risk", "list", "--active")] == [made["id"]]

    assert with_machines("risk", "withdraw", made["id"]).out == "the risk of 4540673 is no longer accepted\n"
    assert rows(with_machines, "risk", "list", "--active") == []
    assert [row["isActive"] for row in rows(with_machines, "risk", "list")] == [False]
    assert audited(with_machines) == ["risk.accept", "risk.withdraw"]


@pytest.mark.parametrize(
    "words",
    [
        ["KB4540673", "--until", "2020-01-01", "--reason", "late"],
        ["KB4540673", "--until", "soon", "--reason", "vague"],
        ["KB4540673", "--until", "2999-12-31", "--reason", " "],
        ["KB4540673", "--until", "2999-12-31", "--reason", "x", "--group", "nowhere"],
        ["KB9999999", "--until", "2999-12-31", "--reason", "x"],
        ["nonsense", "--until", "2999-12-31", "--reason", "x"],
    ],
)
def test_a_decision_that_says_nothing_is_refused(with_machines: Run, words: list[str]) -> None:
    """One line, and nothing is written down."""
    outcome = with_machines("risk", "accept", *words)

    assert outcome.code == 2
    assert rows(with_machines, "risk", "list") == []
    assert audited(with_machines) == []


def test_a_tag_is_given_and_taken_away(with_machines: Run) -> None:
    """Machines are found by it."""
    tagged = "machineTags/any(tag: tag eq 'berlin')"

    assert with_machines("machine", "tag", "a", "berlin").code == 0
    assert [row["computerDnsName"] for row in rows(with_machines, "machine", "list", "--filter", tagged)] == ["a"]
    assert "has no tags" in with_machines("machine", "tag", "a", "berlin", "--remove").out
    assert rows(with_machines, "machine", "list", "--filter", tagged) == []
    assert with_machines("machine", "tag", "a", " ").code == 2
    assert with_machines("machine", "tag", "nobody", "berlin").code == 2
    assert audited(with_machines) == ["machine.tag.add", "machine.tag.remove"]


def test_decisions_about_machines_are_in_the_audit_log(with_machines: Run) -> None:
    """As those that come over the API are."""
    with_machines("machine", "exclude", "a", "--reason", "DuplicateDevice")
    with_machines("machine", "include", "a")
    with_machines("machine", "delete", "a")

    assert audited(with_machines) == ["machine.exclude", "machine.include", "machine.delete"]
