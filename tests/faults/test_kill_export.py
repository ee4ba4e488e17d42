"""An export that is killed, or whose disk is full, leaves no file that looks whole, and the old one as it was."""

import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Unavailable
from kbgap.operations.export_to_file import Assessment, Form, Wanted, export_to_file
from kbgap.operations.report_inventory import report_inventory
from kbgap.operations.whole_file import whole_file
from kbgap.store.database import Database
from tests.builders import NOW, TENANT, a_report, later
from tests.conftest import ROOT
from tests.faults.ingest import FAILED

MACHINES = 600
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # the files are alike on every store
STEPS = ("reading", "writing", "written")


@pytest.fixture
def many(fleet: Database, catalogue: CatalogueFile) -> Database:
    """So many machines that their rows do not fit into a small file."""
    reports = [a_report(f"ws-{number}", ubr=418 + number % 300) for number in range(MACHINES)]
    report_inventory(fleet, catalogue, TENANT, reports, NOW)
    return fleet


def command(database: Database, file: Path, form: Form, step: str, room: int | None = None) -> list[str]:
    """What exports in a process of its own, with room for so many bytes or with all there is."""
    wrapped = [] if room is None else ["tests.faults.limited", str(room)]
    url = database.url.render_as_string(hide_password=False)
    return [sys.executable, "-m", *wrapped, "tests.faults.export", url, str(file), form, step]


def export_and_kill(database: Database, file: Path, step: str) -> None:
    """Export in a process of its own, and kill it at this step."""
    with subprocess.Popen(
        command(database, file, Form.PARQUET, step), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGKILL)


def exported(database: Database, file: Path) -> int:
    """How many rows an export that is left in peace has, as another program counts them."""
    wanted = Wanted(Assessment.VULNERABILITIES)
    rows = export_to_file(database, TENANT, later(days=1), wanted, file, replace=True)
    with duckdb.connect() as reader:
        assert reader.read_parquet(str(file)).aggregate("count(*)").fetchall() == [(rows,)]
    return rows


@ON_SQLITE
@pytest.mark.parametrize("step", STEPS)
def test_a_killed_export_leaves_nothing_that_looks_whole(many: Database, tmp_path: Path, step: str) -> None:
    """Neither at its first export nor over an older one; the next one sweeps away what was left."""
    folder = tmp_path / "exports"
    file = folder / "out.parquet"

    export_and_kill(many, file, step)

    assert not file.exists()
    assert [path.name.endswith(".partial") for path in folder.iterdir()] == [True]
    assert exported(many, file) > MACHINES
    assert list(folder.iterdir()) == [file]

    file.write_text("an older one")
    export_and_kill(many, file, step)

    assert file.read_text() == "an older one"
    assert exported(many, file) > MACHINES
    assert list(folder.iterdir()) == [file]


def test_an_export_that_goes_on_is_not_swept_away(tmp_path: Path) -> None:
    """Two that write one file do not harm each other; the last one to end has the name."""
    file = tmp_path / "out"

    with whole_file(file, replace=True) as slow:
        slow.write_text("slow")
        other = file.with_name(f".{file.name}.1.partial")
        slow.parent.rename(other)  # as if another process had it
        with whole_file(file, replace=True) as quick:
            quick.write_text("quick")
        assert (other / file.name).read_text() == "slow"
        other.rename(slow.parent)

    assert file.read_text() == "slow"
    assert list(tmp_path.iterdir()) == [file]


@ON_SQLITE
@pytest.mark.parametrize(
    ("form", "room"),
    [(Form.PARQUET, 2_000), (Form.PARQUET, 600_000), (Form.LINES, 20_000), (Form.PACKED_LINES, 2_000)],
)
def test_a_full_disk_is_said_in_one_line(many: Database, tmp_path: Path, form: Form, room: int) -> None:
    """Wherever it stops: in the tables or in the file. Nothing is left behind."""
    file = tmp_path / "exports" / "out"

    done = subprocess.run(
        command(many, file, form, "end", room), cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stderr) == (
        FAILED,
        f"kbgap: {file}: the file cannot be written (File too large)\n",
    )
    assert list(file.parent.iterdir()) == []


@ON_SQLITE
def test_a_folder_that_cannot_be_made_is_said(fleet: Database, tmp_path: Path) -> None:
    """With the file that was asked for."""
    (tmp_path / "file").write_text("")

    with pytest.raises(Unavailable, match="cannot be written"):
        export_to_file(fleet, TENANT, NOW, Wanted(Assessment.INVENTORY), tmp_path / "file" / "out")
