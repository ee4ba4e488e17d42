"""Tell how many machines of a tenant count, without looking at each of them."""

from collections.abc import Collection

from kbgap.operations.looking import EVERYTHING
from kbgap.store import populations
from kbgap.store.database import Database
from kbgap.store.tenants import tenant_key


def count_machines(database: Database, tenant: str, scopes: Collection[int] = EVERYTHING) -> int:
    """The machines that are neither left out by an administrator nor silent."""
    with database.reading() as connection:
        return sum(populations.by_profile(connection, tenant_key(tenant), scopes).values())
