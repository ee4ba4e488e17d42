"""What is told of a whole installation is the sum of its tenants."""

from datetime import timedelta
from pathlib import Path

from kbgap.catalogue.file import CatalogueFile
from kbgap.operations.fleet_totals import fleet_totals
from kbgap.operations.manage_machines import sweep_machines
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import catalogue as stored
from kbgap.store.catalogue import Revision
from kbgap.store.database import Database
from tests.builders import NOW, OTHER_TENANT, TENANT, a_report, later


def test_tenants_are_added_up(fleet: Database, catalogue: CatalogueFile) -> None:
    """Two that have the same machines have twice as much of everything."""
    reports = [a_report("ws-1"), a_report("ws-2"), a_report("ws-3", ubr=None, update_list=None)]
    report_inventory(fleet, catalogue, TENANT, reports, NOW)
    one = fleet_totals(fleet)
    report_inventory(fleet, catalogue, OTHER_TENANT, reports, NOW)

    both = fleet_totals(fleet)

    assert (one.machines, one.silent, one.states_to_judge) == (3, 0, 0)
    assert min(one.states, one.missing_on_machines, one.missing, one.unknown) > 0
    assert both == one.plus(one)


def test_machines_gone_silent_are_apart(fleet: Database, catalogue: CatalogueFile) -> None:
    """They miss nothing that counts."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)
    sweep_machines(fleet, TENANT, later(days=40), timedelta(days=30), timedelta(days=180))

    found = fleet_totals(fleet)

    assert (found.machines, found.silent, found.missing_on_machines) == (0, 1, 0)


def test_states_that_wait_for_a_newer_catalogue_are_counted(
    fleet: Database, catalogue: CatalogueFile, tmp_path: Path
) -> None:
    """From the moment on at which it is loaded, until the tenant is at it."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)
    newer = Revision(revision="f" * 16, newest="2020-Apr", loaded_at=later(days=1), checksum="")
    with fleet.transaction() as tx:
        stored.save(tx, newer, b"", ((), (), ()))

    found = fleet_totals(fleet)

    assert found.states_to_judge == found.states > 0
