"""Show what is known of one machine."""

from kbgap.store import machines
from kbgap.store.database import Database
from kbgap.store.machines import Description
from kbgap.store.tenants import tenant_key


def show_machine(database: Database, tenant: str, machine: str) -> Description:
    """One machine by its id or DNS name; NotFound when there is none."""
    key = tenant_key(tenant)
    with database.snapshot() as connection:
        return machines.describe(connection, key, machines.find(connection, key, machine).machine_id)
