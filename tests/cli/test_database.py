"""The ``kbgap db`` commands that spread, back up and restore the fleet's database."""

from pathlib import Path

from tests.cli.conftest import Run, Write


def test_distributing_needs_citus(run: Run) -> None:
    """The embedded database cannot be spread; one line says what can."""
    run("db", "migrate")

    outcome = run("db", "distribute")

    assert outcome.code == 3
    assert "no Citus extension" in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_a_backup_becomes_a_database_of_another_folder(run: Run, report: Write, tmp_path: Path) -> None:
    """With the same answers, counted anew."""
    run("inventory", "import", str(report("a")))
    before = run("missing", "--machine", "a", "--format", "json").out

    assert run("db", "backup", str(tmp_path / "backup")).code == 0
    (tmp_path / "data" / "kbgap.sqlite").rename(tmp_path / "old")
    restored = run("db", "restore", str(tmp_path / "backup"))

    assert (restored.code, restored.out) == (0, "restored, and every stored count equals a recount\n")
    assert run("missing", "--machine", "a", "--format", "json").out == before


def test_what_is_there_is_not_overwritten(run: Run, report: Write, tmp_path: Path) -> None:
    """Exit code 2, and what to do."""
    run("inventory", "import", str(report("a")))
    run("db", "backup", str(tmp_path / "backup"))

    assert run("db", "backup", str(tmp_path / "backup")).code == 2
    refused = run("db", "restore", str(tmp_path / "backup"))

    assert refused.code == 2
    assert "there is a database already; move it away first" in refused.err
