"""A catalogue becomes current for a tenant in one step, and everything that is there is judged with it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, text

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.shelf import Shelf
from kbgap.core.errors import Invalid, NotFound, Unavailable
from kbgap.operations.check_database import check
from kbgap.operations.fetch_catalogue import fetch_catalogue
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.manage_tenants import create_tenant
from kbgap.operations.read_missing import missing_for_machine, missing_for_software
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import catalogue as stored
from kbgap.store.columns import metadata
from kbgap.store.database import Database
from kbgap.store.schema_answers import exposure, profile_exposure
from tests.builders import APRIL, FEBRUARY, MARCH, NOW, OTHER_TENANT, TENANT, a_catalogue, a_report, later
from tests.failing import FailingStatement

WINDOWS_10 = "microsoft-_-windows_10"


@pytest.fixture
def with_april(tmp_path: Path) -> Iterator[CatalogueFile]:
    """The catalogue a month later."""
    with a_catalogue(tmp_path / "april", FEBRUARY, MARCH, APRIL) as opened:
        yield opened


def missing(database: Database) -> dict[str, int]:
    """How many machines miss each KB of Windows 10."""
    return {row.id: row.machine_missed_on for row in missing_for_software(database, TENANT, WINDOWS_10)}


def revisions(database: Database) -> set[str]:
    """Every revision that some row still names."""
    found: set[str] = set()
    with database.snapshot() as connection:
        for table in metadata.sorted_tables:
            if "revision" in table.c and table.name != "tenant_pointer":
                found |= set(connection.scalars(select(table.c.revision).distinct()))
    return found


def test_a_new_catalogue_judges_what_is_there(
    fleet: Database, catalogue: CatalogueFile, with_april: CatalogueFile
) -> None:
    """Machines do not have to report again; what no revision needs any more is gone."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1"), a_report("ws-2", ubr=719)], NOW)

    load_catalogue(fleet, with_april, later(days=30))

    assert missing(fleet) == {"4549951": 2, "4540673": 1}
    assert [row.id for row in missing_for_machine(fleet, TENANT, "ws-2")] == ["4549951"]
    assert check(fleet) == []
    assert revisions(fleet) == {with_april.revision}


def test_reports_are_judged_with_the_new_catalogue_from_then_on(
    fleet: Database, catalogue: CatalogueFile, with_april: CatalogueFile
) -> None:
    """The tenant's pointer decides, for reading and for writing."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)
    load_catalogue(fleet, with_april, later(days=30))

    report_inventory(fleet, with_april, TENANT, [a_report("ws-1", ubr=778), a_report("ws-2")], later(days=30))

    assert missing(fleet) == {"4549951": 1, "4540673": 1}
    assert check(fleet) == []


def test_a_kb_that_was_projected_away_comes_back(fleet: Database, catalogue: CatalogueFile, tmp_path: Path) -> None:
    """What a machine listed is kept whole, so that a later catalogue can need what an earlier one did not."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1", number=9600, ubr=None, kbs=["4541509"])], NOW)
    assert missing_for_machine(fleet, TENANT, "ws-1") == []
    with a_catalogue(tmp_path / "february", FEBRUARY) as without:
        load_catalogue(fleet, without, later(days=1))
        assert missing_for_machine(fleet, TENANT, "ws-1") == []

    load_catalogue(fleet, catalogue, later(days=2))

    assert missing_for_machine(fleet, TENANT, "ws-1") == []
    assert check(fleet) == []


def test_loading_the_same_catalogue_again_changes_nothing(fleet: Database, catalogue: CatalogueFile) -> None:
    """It is safe to repeat after anything that went wrong."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)
    before = missing(fleet)

    load_catalogue(fleet, catalogue, later(days=1))

    assert missing(fleet) == before
    assert check(fleet) == []


def test_a_load_that_breaks_off_leaves_each_tenant_whole(
    fleet: Database, catalogue: CatalogueFile, with_april: CatalogueFile
) -> None:
    """A tenant is at the old revision or at the new one, never between; loading again goes on."""
    for tenant in (TENANT, OTHER_TENANT):
        report_inventory(fleet, catalogue, tenant, [a_report("ws-1")], NOW)
    old, new = {"4540673": 1}, {"4549951": 1, "4540673": 1}
    seen: set[tuple[bool, bool]] = set()
    for number in range(1, 200):
        with FailingStatement(fleet, number) as failing, contextlib.suppress(OSError):
            load_catalogue(fleet, with_april, later(days=30))
        found = [
            {row.id: row.machine_missed_on for row in missing_for_software(fleet, tenant, WINDOWS_10)}
            for tenant in (TENANT, OTHER_TENANT)
        ]
        assert all(rows in (old, new) for rows in found)
        assert check(fleet) == []
        seen.add((found[0] == new, found[1] == new))
        if not failing.came:
            break

    assert seen == {(False, False), (True, False), (True, True)}


def test_a_damaged_file_is_refused(fleet: Database, with_april: CatalogueFile, tmp_path: Path) -> None:
    """What is in use stays."""
    damaged = tmp_path / with_april.path.name
    damaged.write_bytes(with_april.path.read_bytes().replace(b"April 2020", b"April 2021"))

    with CatalogueFile(damaged) as file, pytest.raises(Invalid, match="checksum is wrong"):
        load_catalogue(fleet, file, NOW)

    assert with_april.revision not in revisions(fleet)


def test_a_tenant_made_later_is_at_the_catalogue_in_use(fleet: Database, catalogue: CatalogueFile) -> None:
    """It can take reports at once."""
    third = "33333333-3333-4333-8333-333333333333"
    create_tenant(fleet, third, "west", NOW)

    answers = report_inventory(fleet, catalogue, third, [a_report("ws-1")], NOW)

    assert [answer.status.value for answer in answers] == ["accepted"]


def test_another_host_fetches_the_file_from_the_database(
    fleet: Database, catalogue: CatalogueFile, tmp_path: Path
) -> None:
    """Server hosts need no shared folder; the file is the same, byte by byte, and fetched once."""
    shelf = Shelf(tmp_path / "elsewhere")

    with fetch_catalogue(fleet, shelf, TENANT) as fetched, fetch_catalogue(fleet, shelf, TENANT) as again:
        assert fetched.path.read_bytes() == catalogue.path.read_bytes()
        assert again.path == fetched.path


def test_a_file_that_was_damaged_in_the_database_is_not_used(fleet: Database, tmp_path: Path) -> None:
    """Its sum is checked before it is written to the folder."""
    with fleet.transaction() as tx:
        tx.execute(text("UPDATE catalogue_file SET body = :body"), {"body": b"x"})

    with pytest.raises(Unavailable, match="is damaged in the database; run kbgap catalogue refresh"):
        fetch_catalogue(fleet, Shelf(tmp_path / "elsewhere"), TENANT)

    assert not (tmp_path / "elsewhere").exists()


def test_without_a_catalogue_there_is_nothing_to_fetch(database: Database, tmp_path: Path) -> None:
    """The command that brings one is named."""
    create_tenant(database, TENANT, "north", NOW)

    with pytest.raises(Unavailable, match="there is no catalogue in the database yet"):
        fetch_catalogue(database, Shelf(tmp_path), TENANT)
    with database.reading() as connection, pytest.raises(NotFound, match="is not in the database"):
        stored.file_bytes(connection, "2020-Mar-000000000000")


def test_a_cve_that_is_found_graver_weighs_more(fleet: Database, catalogue: CatalogueFile, tmp_path: Path) -> None:
    """What is open stays the same, and yet the machines are more exposed than the documents said before."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)

    def score() -> float:
        with fleet.snapshot() as connection:
            joined = exposure.join(profile_exposure, exposure.c.exposure == profile_exposure.c.exposure)
            return float(connection.scalars(select(exposure.c.score).select_from(joined)).one())

    before = score()
    graver = tuple(
        msgspec.structs.replace(entry, severities=dict.fromkeys(MARCH.products, "Critical")) for entry in MARCH.entries
    )
    with a_catalogue(tmp_path / "graver", FEBRUARY, msgspec.structs.replace(MARCH, entries=graver)) as file:
        load_catalogue(fleet, file, later(days=1))

    assert score() > before
    assert check(fleet) == []


def test_a_revision_that_another_load_takes_away_is_told(
    fleet: Database, catalogue: CatalogueFile, with_april: CatalogueFile
) -> None:
    """Two hosts that load different catalogues at once: one of them ends, and the tenant stays whole."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)
    before = missing(fleet)

    def take_away(_stage: str, _done: int, _total: int) -> None:
        with fleet.transaction() as tx:
            stored.drop_unused(tx, keep=catalogue.revision)

    with pytest.raises(Unavailable, match=r"another load has taken catalogue .* away meanwhile; let one end"):
        load_catalogue(fleet, with_april, later(days=30), take_away)

    assert missing(fleet) == before
    assert check(fleet) == []
    load_catalogue(fleet, with_april, later(days=30))
    assert missing(fleet) == {"4549951": 1, "4540673": 1}
