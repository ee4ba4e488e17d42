"""The ``kbgap db`` commands that spread, back up and restore the fleet's database."""

from tests.cli.conftest import Run


def test_distributing_needs_citus(run: Run) -> None:
    """The embedded database cannot be spread; one line says what can."""
    run("db", "migrate")

    outcome = run("db", "distribute")

    assert outcome.code == 3
    assert "no Citus extension" in outcome.err
    assert len(outcome.err.splitlines()) == 1
