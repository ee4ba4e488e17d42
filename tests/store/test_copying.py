"""A backup is the whole database at one moment, whoever writes meanwhile, and becomes a database of either kind."""

import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid, Unavailable
from kbgap.operations.back_up import back_up, restore
from kbgap.operations.check_database import check
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import schema
from kbgap.store.columns import metadata
from kbgap.store.database import Database, open_database
from kbgap.store.migrate import migrate, steps
from tests.builders import NOW, TENANT, a_report
from tests.failing import FailingStatement
from tests.faults.ingest import seeded_reports

Rows = dict[str, list[tuple[object, ...]]]


def everything(database: Database) -> Rows:
    """Every row of every table, in the order of its key."""
    with database.snapshot() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }


def machines(database: Database) -> int:
    """How many there are."""
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(schema.machine)) or 0


def ingest(database: Database, catalogue: CatalogueFile, first: int, number: int) -> None:
    """Take in some seeded reports."""
    reports = [report for *_, report in seeded_reports(7, first, number)]
    assert all(answer.machine_id for answer in report_inventory(database, catalogue, TENANT, reports, NOW))


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that holds nothing, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'kbgap.sqlite'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


def test_a_backup_restores_every_row(fleet: Database, catalogue: CatalogueFile, tmp_path: Path, new_url: str) -> None:
    """From each kind of database to each: this is also how a fleet moves from one to the other."""
    ingest(fleet, catalogue, 0, 300)

    back_up(fleet, tmp_path / "backup")
    restore(tmp_path / "backup", new_url)

    with open_database(new_url) as restored:
        assert everything(restored) == everything(fleet)
        assert check(restored) == []
        ingest(restored, catalogue, 300, 50)  # it is written as before
        assert check(restored) == []


def test_a_backup_is_of_one_moment_while_reports_come_in(
    fleet: Database, catalogue: CatalogueFile, tmp_path: Path, new_url: str
) -> None:
    """All that was acknowledged before it began is in it, counts equal a recount, and the writer waits for nobody."""
    ingest(fleet, catalogue, 0, 400)
    before, stop, failures = machines(fleet), threading.Event(), list[BaseException]()

    def write() -> None:
        try:
            for first in range(400, 100_000, 20):
                if stop.is_set():
                    return
                ingest(fleet, catalogue, first, 20)
        except BaseException as error:  # noqa: BLE001 - what a thread raises is lost otherwise
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    back_up(fleet, tmp_path / "backup")
    stop.set()
    writer.join()
    after = machines(fleet)
    restore(tmp_path / "backup", new_url)

    assert failures == []
    with open_database(new_url) as restored:
        assert check(restored) == []
        assert before <= machines(restored) <= after


def test_a_backup_is_one_private_file(fleet: Database, tmp_path: Path) -> None:
    """It holds the keys that sign tokens; and nothing beside it has to be kept with it."""
    folder = tmp_path / "backups"

    back_up(fleet, folder / "backup")

    assert [path.name for path in folder.iterdir()] == ["backup"]
    assert stat.S_IMODE((folder / "backup").stat().st_mode) == 0o600


def test_nothing_that_is_there_is_overwritten(
    fleet: Database, catalogue: CatalogueFile, tmp_path: Path, new_url: str
) -> None:
    """Neither a backup nor a database."""
    back_up(fleet, tmp_path / "backup")
    restore(tmp_path / "backup", new_url)

    with pytest.raises(Invalid, match="the file is there already; give another name"):
        back_up(fleet, tmp_path / "backup")
    with pytest.raises(Invalid, match=r"there is a database already|the database holds something already"):
        restore(tmp_path / "backup", new_url)


@pytest.mark.parametrize("damage", ["absent", "text", "another database", "cut"])
def test_what_is_no_backup_is_refused(sqlite_url: str, tmp_path: Path, damage: str, new_url: str) -> None:
    """In one line that names the file, and no database is made."""
    backup = tmp_path / "backup"
    migrate(sqlite_url)
    with open_database(sqlite_url) as database:
        back_up(database, backup)
    match damage:
        case "absent":
            backup.unlink()
        case "text":
            backup.write_text("a backup, honestly")
        case "another database":
            backup.unlink()
            with sqlite3.connect(backup) as other:
                other.execute("CREATE TABLE notes (note)")
            other.close()
        case _:
            backup.write_bytes(backup.read_bytes()[:40_000])

    with pytest.raises(Invalid, match=f"^{backup}: (this file is no backup of kbgap|the backup is damaged)"):
        restore(backup, new_url)

    with pytest.raises(Unavailable):
        open_database(new_url)


def test_a_backup_of_an_older_version_is_brought_up_to_date(tmp_path: Path, new_url: str) -> None:
    """As the database itself would be by an upgrade; the backup stays as it was."""
    backup = tmp_path / "old"
    migrate(f"sqlite:///{backup}", to=steps()[2])
    old = backup.read_bytes()

    restore(backup, new_url)

    with open_database(new_url) as restored:
        restored.check_schema()
    assert backup.read_bytes() == old


def test_a_backup_of_a_newer_version_is_told(sqlite_url: str, tmp_path: Path, new_url: str) -> None:
    """What it holds is not known here."""
    migrate(sqlite_url)
    with open_database(sqlite_url) as database:
        with database.transaction() as tx:
            tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(Unavailable, match="made by a newer kbgap"):
            back_up(database, tmp_path / "backup")
    backup = Path(sqlite_url.removeprefix("sqlite:///"))

    with pytest.raises(Unavailable, match="made by a newer kbgap"):
        restore(backup, new_url)


def test_a_backup_that_fails_leaves_nothing(fleet: Database, tmp_path: Path) -> None:
    """A part of one could be taken for a backup."""
    folder = tmp_path / "backups"

    late = 2 if fleet.url.drivername == "sqlite" else 20  # of the statements that read the tables

    with pytest.raises((OSError, Unavailable), match="the power went"), FailingStatement(fleet, late):
        back_up(fleet, folder / "backup")

    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(fleet: Database, tmp_path: Path) -> None:
    """With the path."""
    (tmp_path / "file").write_text("")

    with pytest.raises(Unavailable, match="file/backup: the file could not be written"):
        back_up(fleet, tmp_path / "file" / "backup")


def test_machines_that_were_restored_are_known(
    fleet: Database, catalogue: CatalogueFile, tmp_path: Path, new_url: str
) -> None:
    """The same report again changes nothing: its digest was restored too."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)
    back_up(fleet, tmp_path / "backup")
    restore(tmp_path / "backup", new_url)

    with open_database(new_url) as restored:
        before = everything(restored)
        report_inventory(restored, catalogue, TENANT, [a_report("ws-1")], NOW)

        assert everything(restored) == before
