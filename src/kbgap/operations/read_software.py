"""Answer which software a tenant's machines have, with how many of them are exposed."""

from collections.abc import Collection, Sequence
from datetime import datetime

from kbgap.core.errors import NotFound
from kbgap.odata.model import defender_model
from kbgap.odata.options import Query
from kbgap.operations.looking import EVERYTHING, Look, looking
from kbgap.store import inventory_views, references, software_view, views, vulnerabilities
from kbgap.store.database import Database
from kbgap.store.inventory_views import Distribution
from kbgap.store.listing import Listed, choose, page
from kbgap.store.references import MachineReference
from kbgap.store.software_view import SoftwareId
from kbgap.store.tenants import tenant_key
from kbgap.store.views import Software
from kbgap.store.vulnerabilities import Vulnerability


def list_software(database: Database, tenant: str) -> Sequence[Software]:
    """Every software with KBs that some machine has, by id."""
    with database.answers.snapshot() as connection:
        return views.software_rows(connection, tenant_key(tenant), database.effects)


def one_software(database: Database, tenant: str, software_id: str) -> Software:
    """One software by its id; with zeros when it is known and no machine has it, NotFound when it is not known."""
    key, name = tenant_key(tenant), views.software_name(software_id)
    if name is not None:
        with database.answers.snapshot() as connection:
            for row in views.software_rows(connection, key, database.effects, software=name):
                return row
            if views.is_known_software(connection, key, name):
                return views.software_row(name)
    raise NotFound(f"Software {software_id} was not found")


def find_software(
    database: Database, tenant: str, now: datetime, query: Query, scopes: Collection[int] = EVERYTHING
) -> Listed[Software]:
    """Every software that some machine has, by id: with KBs or without."""
    with looking(database, tenant, scopes, now) as look:
        return choose(look.software, query, defender_model().type("Software"))


def get_software(
    database: Database, tenant: str, software_id: str, now: datetime, scopes: Collection[int] = EVERYTHING
) -> Software:
    """One software by its id; with zeros when it is known and no machine has it, NotFound when it is not known."""
    with looking(database, tenant, scopes, now) as look:
        of = known_software(look, software_id)
        return next((row for row in look.software if row.id == str(of)), software_view.row(of))


def software_distributions(
    database: Database,
    tenant: str,
    software_id: str,
    now: datetime,
    query: Query,
    scopes: Collection[int] = EVERYTHING,
) -> Listed[Distribution]:
    """The versions of one software on machines, lowest first; NotFound when it is not known."""
    with looking(database, tenant, scopes, now) as look:
        of = known_software(look, software_id)
        rows = inventory_views.distributions(look.connection, look.tenant, look.revision, of, look.effects, look.scopes)
        return choose(rows, query, defender_model().type("PublicDistributionDto"))


def software_machines(
    database: Database,
    tenant: str,
    software_id: str,
    now: datetime,
    query: Query,
    scopes: Collection[int] = EVERYTHING,
) -> Listed[MachineReference]:
    """The machines that have a software, by id; NotFound when it is not known."""
    with looking(database, tenant, scopes, now) as look:
        which = software_view.has_software(look.tenant, known_software(look, software_id))
        return page(look.connection, references.references(look.tenant, scopes, which), query)


def software_vulnerabilities(
    database: Database,
    tenant: str,
    software_id: str,
    now: datetime,
    query: Query,
    scopes: Collection[int] = EVERYTHING,
) -> Listed[Vulnerability]:
    """The CVEs of a software that are open on some machine, by id; NotFound when it is not known."""
    with looking(database, tenant, scopes, now) as look:
        of = known_software(look, software_id)
        opened = look.gaps.open_cves().get(of.name, set()) if of.is_judged else set()
        return page(look.connection, vulnerabilities.vulnerabilities(look.revision, look.standing, opened), query)


def known_software(look: Look, software_id: str) -> SoftwareId:
    """The parts of the id of a software that the catalogue or the inventory knows; NotFound for any other."""
    of = software_view.read_id(software_id)
    if of is None or not software_view.is_known(look.connection, look.tenant, of):
        raise NotFound(f"Software {software_id} was not found")
    return of
