"""Set the demo up: a catalogue of real facts, a fleet that is made up, and two clients to ask with.

Everything goes the way that real documents and real reports go; nothing is put in beside them.
"""

from datetime import datetime

from kbgap.auth.permissions import ApplicationPermission
from kbgap.catalogue.file import CatalogueFile, write_catalogue
from kbgap.catalogue.offers import Progress, silent
from kbgap.catalogue.shelf import Shelf
from kbgap.core.errors import Invalid
from kbgap.core.model import Value
from kbgap.operations.arrivals import Status
from kbgap.operations.clients import ALL_ROLES, create_client
from kbgap.operations.demo_facts import demo_documents
from kbgap.operations.demo_fleet import demo_fleet
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.manage_tenants import create_tenant
from kbgap.operations.refresh_catalogue import compile_documents
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database
from kbgap.store.packing import in_pieces

_BATCH = 1_000
_LITTLE = (ApplicationPermission.MACHINE_READ_ALL,)


class Plan(Value, frozen=True):
    """Which demo: the tenant by GUID and name, and the fleet by its seed and its number of machines."""

    tenant: str
    tenant_name: str
    seed: int
    machines: int


class Credentials(Value, frozen=True):
    """What a client signs in with."""

    client_id: str
    client_secret: str


class Demo(Value, frozen=True):
    """What a demo is asked with: ``may_all`` has every role, ``may_little`` only one that opens no software."""

    may_all: Credentials
    may_little: Credentials


def set_up_demo(database: Database, shelf: Shelf, plan: Plan, now: datetime, progress: Progress = silent) -> Demo:
    """Fill an empty database (its tables are there) and an empty shelf; the same plan gives the same answers."""
    progress("compiling", 0, 1)
    path = write_catalogue(compile_documents(demo_documents()), shelf.folder)
    shelf.make_current(path)
    progress("compiling", 1, 1)
    create_tenant(database, plan.tenant, plan.tenant_name, now)
    with CatalogueFile(path) as catalogue:
        load_catalogue(database, catalogue, now)
        _report(database, catalogue, plan, now, progress)
    return Demo(
        may_all=_client(database, plan, "demo", ALL_ROLES, now),
        may_little=_client(database, plan, "demo without Software.Read.All", _LITTLE, now),
    )


def _report(database: Database, catalogue: CatalogueFile, plan: Plan, now: datetime, progress: Progress) -> None:
    done = 0
    for batch in in_pieces(demo_fleet(plan.seed, plan.machines, catalogue.lines, now), _BATCH):
        progress("machines report", done, plan.machines)
        answers = report_inventory(database, catalogue, plan.tenant, batch, now)
        refused = next((answer for answer in answers if answer.status is Status.REJECTED), None)
        if refused is not None:
            raise Invalid(f"a machine of the demo is refused: {refused.reason}", where="data/demo/fleet.toml")
        done += len(batch)
    progress("machines report", done, plan.machines)


def _client(database: Database, plan: Plan, name: str, roles: tuple[str, ...], now: datetime) -> Credentials:
    client_id, secret = create_client(database, plan.tenant, name, roles, now)
    return Credentials(client_id=client_id, client_secret=secret)
