"""A count that is wrong, however it became so, is found."""

import pytest
from sqlalchemy import text

from kbgap.catalogue.file import CatalogueFile
from kbgap.operations.check_database import check
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from tests.builders import NOW, TENANT, a_report


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        ("UPDATE missing_count SET machines = 7 WHERE software = 'edge'", "missing_count 0/edge/4540673/18363: (7,)"),
        ("DELETE FROM gap_count WHERE software = 'edge'", "(0,) stored, (1,) counted"),
        ("UPDATE software_count SET exposed = 0 WHERE software = 'edge'", "software_count 0/edge: (1, 0) stored"),
        ("UPDATE population SET machines = 2", "(2,) stored, (1,) counted"),
        ("UPDATE machine_seen SET is_silent = (1 = 1)", "(1,) stored, (0,) counted"),
    ],
)
def test_a_wrong_count_is_named(fleet: Database, catalogue: CatalogueFile, damage: str, line: str) -> None:
    """With the tenant, the table, the key, and both numbers."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)
    assert check(fleet) == []

    with fleet.transaction() as tx:
        tx.execute(text(damage))

    assert any(found.startswith(f"{TENANT}: ") and line in found for found in check(fleet))
