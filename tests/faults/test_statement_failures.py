"""Whatever statement of an operation fails, the whole of it happened or nothing did."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kbgap.catalogue.file import CatalogueFile
from kbgap.inventory.report import Machine
from kbgap.operations.check_database import check
from kbgap.operations.manage_machines import delete_machine, exclude_machine, sweep_machines
from kbgap.operations.manage_tenants import create_tenant, delete_tenant
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.columns import metadata
from kbgap.store.database import Database
from tests.builders import BY, NOW, TENANT, a_report, later
from tests.failing import FailingStatement

Operation = Callable[[Database, CatalogueFile], object]


def _report(database: Database, catalogue: CatalogueFile) -> None:
    new = a_report(machine=Machine(computer_dns_name="ws-3", rbac_group_name="berlin"), ubr=None, kbs=["4540673"])
    report_inventory(database, catalogue, TENANT, [a_report("ws-1", ubr=719), new, a_report("ws-2")], later(hours=1))


OPERATIONS: dict[str, Operation] = {
    "report": _report,
    "exclude": lambda database, _: exclude_machine(database, TENANT, "ws-1", "Other", BY),
    "delete": lambda database, _: delete_machine(database, TENANT, "ws-1", BY),
    "sweep": lambda database, _: sweep_machines(
        database, TENANT, later(days=61), timedelta(days=30), timedelta(days=60)
    ),
    "create tenant": lambda database, _: create_tenant(database, "3" * 32, "west", NOW),
    "delete tenant": lambda database, _: delete_tenant(database, TENANT, NOW),
}


def contents(database: Database) -> dict[str, list[Any]]:
    """Every row of every table."""
    with database.snapshot() as connection:
        return {
            table.name: sorted(map(str, connection.execute(select(table)).all())) for table in metadata.sorted_tables
        }


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_happens_whole_or_not_at_all(fleet: Database, catalogue: CatalogueFile, operation: str) -> None:
    """A failure at any statement leaves every row as it was, and the same operation succeeds afterwards."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1"), a_report("ws-2")], NOW)
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-4", ubr=418)], later(days=40))
    before = contents(fleet)

    for number in range(1, 200):
        with FailingStatement(fleet, number) as failing, contextlib.suppress(OSError):
            OPERATIONS[operation](fleet, catalogue)
        if not failing.came:
            break
        assert contents(fleet) == before

    assert number > 3
    assert contents(fleet) != before
    assert check(fleet) == []
