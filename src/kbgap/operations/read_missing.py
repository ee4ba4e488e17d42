"""Answer which KBs are missing: on all machines for one software, or on one machine."""

from collections.abc import Sequence

from kbgap.core.errors import NotFound
from kbgap.store import machines, tenants, views
from kbgap.store.database import Database
from kbgap.store.tenants import tenant_key
from kbgap.store.views import MissingKb


def missing_for_software(database: Database, tenant: str, software_id: str) -> Sequence[MissingKb]:
    """The KBs that machines of a tenant miss for one software (``microsoft-_-edge``), newest release first.

    Empty when nothing is missing; NotFound when neither the catalogue nor the tenant's inventory knows the software.
    """
    key, software = tenant_key(tenant), views.software_name(software_id)
    if software is not None:
        with database.reading() as connection:
            rows = views.missing_for_software(connection, key, software)
            if rows or views.is_known_software(connection, key, software):
                return rows
    raise NotFound(f"Software {software_id} was not found")


def missing_for_machine(database: Database, tenant: str, machine: str) -> Sequence[MissingKb]:
    """The KBs that one machine (its id or DNS name) misses, newest release first; NotFound for an unknown machine.

    Empty, too, for a machine outside the catalogue: this form of answer has no place to say so.
    """
    key = tenant_key(tenant)
    with database.snapshot() as connection:
        pointer = tenants.pointer(connection, tenant)
        found = machines.find(connection, key, machine)
        if pointer.revision is None:
            return []
        return views.missing_for_machine(connection, key, pointer.revision, found.profile)
