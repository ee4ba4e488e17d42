"""Answer which software a tenant's machines have, with how many of them are exposed."""

from collections.abc import Sequence

from kbgap.core.errors import NotFound
from kbgap.store import views
from kbgap.store.database import Database
from kbgap.store.tenants import tenant_key
from kbgap.store.views import Software


def list_software(database: Database, tenant: str) -> Sequence[Software]:
    """Every software that some machine has, by id."""
    with database.snapshot() as connection:
        return views.software_rows(connection, tenant_key(tenant), database.effects)


def one_software(database: Database, tenant: str, software_id: str) -> Software:
    """One software by its id; with zeros when it is known and no machine has it, NotFound when it is not known."""
    key, name = tenant_key(tenant), views.software_name(software_id)
    if name is not None:
        with database.snapshot() as connection:
            for row in views.software_rows(connection, key, database.effects, software=name):
                return row
            if views.is_known_software(connection, key, name):
                return views.software_row(name)
    raise NotFound(f"Software {software_id} was not found")
