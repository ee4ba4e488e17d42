"""Answer which machines there are, and what is known of one of them."""

import ipaddress
from collections.abc import Collection
from datetime import datetime, timedelta

from kbgap.core.errors import Invalid, NotFound
from kbgap.odata.model import defender_model
from kbgap.odata.options import Query
from kbgap.odata.tree import Call, Compare, Function, Lambda, Literal, Operator, Property, Quantifier, Variable
from kbgap.operations.looking import EVERYTHING, Look, looking
from kbgap.operations.read_recommendations import recommendations_of
from kbgap.store import exposures, groups, machines_view, software_view, visible, vulnerabilities
from kbgap.store.database import Database
from kbgap.store.effect import Effect
from kbgap.store.filtering import condition
from kbgap.store.listing import Listed, choose, one, page
from kbgap.store.machines_view import Machine
from kbgap.store.recommendations import Recommendation
from kbgap.store.software_view import SoftwareId
from kbgap.store.tenants import tenant_key
from kbgap.store.views import SEPARATOR, Software
from kbgap.store.vulnerabilities import Vulnerability

_AROUND = timedelta(minutes=15)  # the contract's tolerance: an address belongs to a machine at a moment
_BACK = timedelta(days=30)


def list_machines(
    database: Database, tenant: str, query: Query, scopes: Collection[int] = EVERYTHING
) -> Listed[Machine]:
    """Every machine, whether it counts or not, by id."""
    with database.answers.reading() as connection:
        return page(connection, machines_view.machines(tenant_key(tenant), scopes), query)


def get_machine(database: Database, tenant: str, machine: str, scopes: Collection[int] = EVERYTHING) -> Machine:
    """One machine by its id or DNS name; NotFound when there is none."""
    key = tenant_key(tenant)
    # Not from a copy, which may be behind: who has just changed a machine is shown it.
    with database.snapshot() as connection:
        found = visible.find(connection, key, machine, scopes)
        row = one(connection, machines_view.machines(key, scopes, visible.has_id(found.machine_id)))
    if row is None:
        raise NotFound(f"Machine {machine} was not found")
    return row


def machines_by_tag(
    database: Database,
    tenant: str,
    tag: str,
    query: Query,
    scopes: Collection[int] = EVERYTHING,
    *,
    starts_with: bool = False,
) -> Listed[Machine]:
    """The machines that have a tag, or one that begins so; Invalid for an empty tag."""
    if not tag:
        raise Invalid("the tag is empty", where="tag", mend="give the tag of the machines")
    meets = (
        Call(Function.STARTS_WITH, (Variable("tag"), Literal(tag)))
        if starts_with
        else Compare(Operator.EQUAL, Variable("tag"), Literal(tag))
    )
    tagged = Lambda(Quantifier.ANY, Property("machineTags"), "tag", meets)
    with database.answers.reading() as connection:
        which = condition(tagged, machines_view.MACHINE_COLUMNS)
        return page(connection, machines_view.machines(tenant_key(tenant), scopes, which), query)


def machines_by_ip(
    database: Database,
    tenant: str,
    ip: str,
    moment: datetime,
    now: datetime,
    query: Query,
    scopes: Collection[int] = EVERYTHING,
) -> Listed[Machine]:
    """The machines that had an address within a quarter of an hour of a moment, as far as their last report tells.

    Invalid for a text that is no address, and for a moment more than 30 days ago.
    """
    try:
        address = str(ipaddress.ip_address(ip.strip()))
    except ValueError as error:
        raise Invalid(f"{ip[:60]!r} is no IP address", where="ip") from error
    if not now - _BACK <= moment <= now + _AROUND:
        raise Invalid("the moment is not within the past 30 days", where="timestamp")
    with database.answers.reading() as connection:
        which = visible.had_address(address, moment - _AROUND, moment + _AROUND)
        return page(connection, machines_view.machines(tenant_key(tenant), scopes, which), query)


def group_scopes(database: Database, tenant: str, names: Collection[str]) -> tuple[int, ...]:
    """The scopes of a caller who may see these machine groups; those that are not there yet are left out."""
    with database.answers.reading() as connection:
        return tuple(sorted(groups.numbers_of(connection, tenant_key(tenant), names).values()))


def machine_software(
    database: Database,
    tenant: str,
    machine: str,
    now: datetime,
    query: Query,
    scopes: Collection[int] = EVERYTHING,
) -> Listed[Software]:
    """The software of one machine, by id, with the numbers of all machines."""
    with looking(database, tenant, scopes, now) as look:
        return choose(_software_of(look, machine), query, defender_model().type("Software"))


def machine_vulnerabilities(
    database: Database,
    tenant: str,
    machine: str,
    now: datetime,
    query: Query,
    scopes: Collection[int] = EVERYTHING,
) -> Listed[Vulnerability]:
    """The CVEs that are open on one machine, by id, with the numbers of all machines."""
    with looking(database, tenant, scopes, now) as look:
        opened = {cve for effect in _effects_of(look, machine) for cve in effect.open_cves}
        return page(look.connection, vulnerabilities.vulnerabilities(look.revision, look.standing, opened), query)


def machine_recommendations(
    database: Database,
    tenant: str,
    machine: str,
    now: datetime,
    query: Query,
    scopes: Collection[int] = EVERYTHING,
) -> Listed[Recommendation]:
    """What to do on one machine, by id, with the numbers of all machines."""
    with looking(database, tenant, scopes, now) as look:
        open_here = {effect.software for effect in _effects_of(look, machine)}
        rows = recommendations_of(look, [row for row in look.software if row.name in open_here])
        return choose(rows, query, defender_model().type("Recommendation"))


def _effects_of(look: Look, machine: str) -> list[Effect]:
    """What is open on one machine."""
    found = visible.find(look.connection, look.tenant, machine, look.scopes)
    effects = look.database.effects
    gaps = exposures.gaps_of(look.connection, look.tenant, look.revision, [found.profile], effects)
    return list(effects.effects(look.connection, look.tenant, gaps[found.profile]).values())


def _software_of(look: Look, machine: str) -> list[Software]:
    """The software of one machine; of one that does not count, also what no other machine has."""
    found = visible.find(look.connection, look.tenant, machine, look.scopes)
    judged = software_view.of_profile(look.connection, look.tenant, found.profile)
    lists = [] if found.software_set is None else [found.software_set]
    listed = look.database.effects.listed(look.connection, look.tenant, lists)
    ids = judged | {SoftwareId(*item.software.split(SEPARATOR, 1)) for items in listed.values() for item in items}
    rows = {row.id: row for row in look.software}
    return [rows.get(str(of), software_view.row(of)) for of in sorted(ids, key=str)]
