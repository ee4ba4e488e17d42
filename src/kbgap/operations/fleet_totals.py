"""Tell how large all fleets of an installation are together, and how they stand."""

from kbgap.store import catalogue, tenants, totals
from kbgap.store.database import Database
from kbgap.store.tenants import tenant_key
from kbgap.store.totals import Totals


def fleet_totals(database: Database) -> Totals:
    """All tenants together; a scan of each tenant's states."""
    with database.answers.snapshot() as connection:
        stored = catalogue.revisions(connection)
        found = Totals()
        for tenant in tenants.listed(connection):
            revision = tenants.pointer(connection, tenant.guid).revision
            awaited = stored[0].revision if stored and stored[0].revision != revision else None
            found = found.plus(totals.of_tenant(connection, tenant_key(tenant.guid), revision, awaited))
    return found
