"""The commands around the fleet: import, missing, explain, machine, client, tenant and db."""

import json
from pathlib import Path

from tests.cli.conftest import Run, Write


def test_the_first_import_makes_the_database(run: Run, report: Write) -> None:
    """A newcomer needs no further command."""
    outcome = run("inventory", "import", "--format", "json", str(report("a")), str(report("b")))

    assert json.loads(outcome.out) == [{"accepted": 2, "unchanged": 0, "rejected": 0}]
    rows = json.loads(run("missing", "microsoft-_-edge", "--format", "json").out)
    assert [(row["id"], row["machineMissedOn"], row["cveAddressed"]) for row in rows] == [("4540673", 2, 1)]


def test_a_bad_report_does_not_lose_its_neighbours(run: Run, report: Write, tmp_path: Path) -> None:
    """Exit code 2, the others are in."""
    (tmp_path / "junk.txt").write_text("hello")

    outcome = run("inventory", "import", "--format", "json", str(tmp_path / "junk.txt"), str(report("a")))

    assert outcome.code == 2
    assert json.loads(outcome.out) == [{"accepted": 1, "unchanged": 0, "rejected": 1}]


def test_missing_can_fail_a_script(run: Run, report: Write) -> None:
    """``--fail`` gives exit code 1 when something is missing."""
    run("inventory", "import", str(report("a")))

    assert run("missing", "--machine", "a").code == 0
    assert run("missing", "--machine", "a", "--fail").code == 1
    assert run("missing", "microsoft-_-nowhere").code == 2
    assert run("missing").code == 2


def test_explaining_names_build_and_source(run: Run, report: Write) -> None:
    """For a machine of the fleet, and for a report at hand."""
    run("inventory", "import", str(report("a")))

    stored = run("explain", "a", "KB4540673").out
    at_hand = run("explain", str(report("b", build="10.0.18363.720")), "4540673").out

    assert "build 18363.657 is below 18363.719, which KB4540673 brings" in stored
    assert "build 18363.720 is at or above 18363.719, which KB4540673 brings" in at_hand


def test_a_machine_can_be_left_out_and_forgotten(run: Run, report: Write) -> None:
    """Counts follow at once."""
    run("inventory", "import", str(report("a")), str(report("b")))
    assert run("machine", "exclude", "a").code == 0
    assert run("machine", "delete", "b").code == 0

    assert json.loads(run("missing", "microsoft-_-edge", "--format", "json").out) == []
    assert run("machine", "include", "a").code == 0
    assert json.loads(run("machine", "show", "a", "--format", "json").out)["exclusionReason"] is None
    assert run("machine", "show", "b").code == 2
    assert run("db", "check").code == 0


def test_a_client_has_a_secret_that_is_shown_once(run: Run) -> None:
    """It can be listed and revoked; unknown roles are refused with the choices."""
    made = json.loads(run("client", "create", "power bi", "--format", "json").out)

    assert set(made) == {"tenant_id", "client_id", "client_secret"}
    assert made["client_secret"] not in run("client", "list", "--format", "json").out
    assert run("client", "revoke", made["client_id"]).code == 0
    assert run("client", "create", "x", "--role", "Nothing.Read").code == 2


def test_tenants_are_made_and_deleted(run: Run) -> None:
    """A tenant is named by its name or its id."""
    made = json.loads(run("tenant", "create", "contoso", "--format", "json").out)[0]

    assert made["tenant_id"] in run("tenant", "list", "--format", "json").out
    assert run("tenant", "delete", "contoso").code == 0
    assert run("tenant", "delete", "contoso").code == 2


def test_no_database_yet_names_the_command(run: Run) -> None:
    """Reading makes nothing."""
    outcome = run("missing", "microsoft-_-edge")

    assert outcome.code == 3
    assert "kbgap inventory import" in outcome.err
