"""Answer which KBs are missing: on all machines for one software, or on one machine."""

from collections.abc import Collection, Sequence

from kbgap.core.errors import NotFound
from kbgap.operations.looking import EVERYTHING
from kbgap.store import software_view, tenants, views, visible
from kbgap.store.database import Database
from kbgap.store.tenants import tenant_key
from kbgap.store.views import MissingKb


def missing_for_software(
    database: Database, tenant: str, software_id: str, scopes: Collection[int] = EVERYTHING
) -> Sequence[MissingKb]:
    """The KBs that machines of a tenant miss for one software (``microsoft-_-edge``), newest release first.

    Empty when nothing is missing; NotFound when neither the catalogue nor the tenant's inventory knows the software.
    """
    key, of = tenant_key(tenant), software_view.read_id(software_id)
    if of is not None:
        with database.answers.reading() as connection:
            rows = views.missing_for_software(connection, key, of.name, scopes) if of.is_judged else []
            if rows or software_view.is_known(connection, key, of):
                return rows
    raise NotFound(f"Software {software_id} was not found")


def missing_for_machine(
    database: Database, tenant: str, machine: str, scopes: Collection[int] = EVERYTHING
) -> Sequence[MissingKb]:
    """The KBs that one machine (its id or DNS name) misses, newest release first; NotFound for an unknown machine.

    Empty, too, for a machine outside the catalogue: this form of answer has no place to say so.
    """
    key = tenant_key(tenant)
    with database.answers.snapshot() as connection:
        pointer = tenants.pointer(connection, tenant)
        found = visible.find(connection, key, machine, scopes)
        if pointer.revision is None:
            return []
        return views.missing_for_machine(connection, key, pointer.revision, found.profile)
