"""Tenants are made once, found by id or name, and leave nothing behind."""

import pytest
from sqlalchemy import func, select

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid, NotFound
from kbgap.operations.check_database import check
from kbgap.operations.manage_tenants import create_tenant, delete_tenant, ensure_tenant, find_tenant, list_tenants
from kbgap.operations.read_missing import missing_for_software
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import schema
from kbgap.store.columns import metadata
from kbgap.store.database import Database
from kbgap.store.tenants import tenant_key
from tests.builders import NOW, OTHER_TENANT, TENANT, a_report


def test_a_tenant_is_made_once(database: Database) -> None:
    """Its id is a GUID in one spelling, and a name stands for one tenant only."""
    create_tenant(database, TENANT.upper(), "north", NOW)

    with pytest.raises(Invalid, match=f"there is a tenant {TENANT} already"):
        create_tenant(database, TENANT, "south", NOW)
    with pytest.raises(Invalid, match="a tenant's id is a GUID, not 'north'"):
        create_tenant(database, "north", "west", NOW)
    with pytest.raises(Invalid, match="there is a tenant North already"):
        create_tenant(database, OTHER_TENANT, "North", NOW)
    assert [(tenant.guid, tenant.name) for tenant in list_tenants(database)] == [(TENANT, "north")]


def test_ensuring_a_tenant_makes_it_when_it_is_not_there(database: Database) -> None:
    """A first start needs no command."""
    made = ensure_tenant(database, TENANT, "north", NOW)
    again = ensure_tenant(database, TENANT, "another name", NOW)

    assert made == again


@pytest.mark.parametrize("asked", [TENANT, TENANT.upper(), "north", "North"])
def test_a_tenant_is_found_by_id_or_name(fleet: Database, asked: str) -> None:
    """As people write it."""
    assert find_tenant(fleet, asked) == TENANT


def test_deleting_a_tenant_deletes_every_row_of_it(fleet: Database, catalogue: CatalogueFile) -> None:
    """And none of another tenant's."""
    for tenant in (TENANT, OTHER_TENANT):
        report_inventory(fleet, catalogue, tenant, [a_report("ws-1")], NOW)

    delete_tenant(fleet, "north", NOW)

    with pytest.raises(NotFound, match="there is no tenant north"):
        delete_tenant(fleet, "north", NOW)
    with fleet.snapshot() as connection:
        left = {
            table.name: connection.scalar(
                select(func.count()).select_from(table).where(table.c.tenant_id == tenant_key(TENANT))
            )
            for table in metadata.sorted_tables
            if "tenant_id" in table.c
        }
    assert set(left.values()) == {0}
    assert schema.machine.name in left
    assert len(missing_for_software(fleet, OTHER_TENANT, "microsoft-_-windows_10")) == 1
    assert check(fleet) == []
