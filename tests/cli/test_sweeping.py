"""A server lets silent machines leave the counts by itself."""

from datetime import timedelta
from pathlib import Path

from kbgap.cli.main import main
from kbgap.cli.sweeping import sweep, sweeping
from kbgap.settings import Settings
from kbgap.store.database import open_database
from tests.cli.conftest import Run, Write


def test_a_machine_that_went_silent_leaves_the_counts(run: Run, report: Write, data_dir: Path) -> None:
    """After the time that the setting says (contract 13, Retention)."""
    run("inventory", "import", str(report("a")))
    settings = Settings(data_dir=data_dir, silent_after=timedelta(0))

    with open_database(settings.database) as database:
        sweep(database, settings)

    assert run("missing", "microsoft-_-edge", "--fail").code == 0
    assert '"isSilent":true' in run("machine", "show", "a", "--format", "json").out
    assert main(["db", "check", "--data-dir", str(data_dir)]) == 0


def test_sweeping_starts_at_once_and_ends_with_the_server(run: Run, report: Write, data_dir: Path) -> None:
    """Machines silent for very long are forgotten, once a sweep before has left them out."""
    run("inventory", "import", str(report("a")))
    settings = Settings(data_dir=data_dir, silent_after=timedelta(0), keep_machines=timedelta(0))

    with open_database(settings.database) as database:
        for _ in range(2):
            with sweeping(database, settings):
                pass

    assert run("machine", "show", "a").code == 2
