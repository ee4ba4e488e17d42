"""Answer which KBs a fleet misses as a whole, on which machines, and what came and went (routes of ours)."""

from collections.abc import Collection
from datetime import datetime

from kbgap.core.errors import Invalid, NotFound
from kbgap.inventory.kb import parse_kb
from kbgap.odata.model import defender_model
from kbgap.odata.options import Query
from kbgap.operations.looking import EVERYTHING, Look, looking
from kbgap.store import fleet_kbs as stored
from kbgap.store import references, visible
from kbgap.store.database import Database
from kbgap.store.fleet_kbs import FleetKb
from kbgap.store.gap_changes import GapChange
from kbgap.store.gap_changes import gap_changes as path_of_changes
from kbgap.store.listing import Listed, choose, page
from kbgap.store.references import MachineReference
from kbgap.store.walking import walk


def fleet_kbs(
    database: Database, tenant: str, now: datetime, query: Query, scopes: Collection[int] = EVERYTHING
) -> Listed[FleetKb]:
    """Every KB that machines miss, newest release first."""
    with looking(database, tenant, scopes, now) as look:
        return choose(_every(look), query, defender_model().type("FleetMissingKb"))


def get_fleet_kb(
    database: Database, tenant: str, kb: str, now: datetime, scopes: Collection[int] = EVERYTHING
) -> FleetKb:
    """One KB that machines miss; NotFound when none does."""
    with looking(database, tenant, scopes, now) as look:
        number = _known(look, kb)
        found = next((row for row in _every(look) if row.id == number), None)
    if found is None:
        raise NotFound(f"KB{number} is missing on no machine")
    return found


def kb_machines(
    database: Database, tenant: str, kb: str, now: datetime, query: Query, scopes: Collection[int] = EVERYTHING
) -> Listed[MachineReference]:
    """The machines that miss a KB, whatever software it is for, by id; NotFound when the catalogue has no such KB."""
    with looking(database, tenant, scopes, now) as look:
        number = _known(look, kb)
        gaps = [gap for gap, effect in look.effects.items() if number in effect.missing]
        which = visible.has_gap(look.tenant, look.revision, gaps)
        return page(look.connection, references.references(look.tenant, scopes, which), query)


def gap_changes(
    database: Database,
    tenant: str,
    since: datetime,
    now: datetime,
    query: Query,
    scopes: Collection[int] = EVERYTHING,
) -> Listed[GapChange]:
    """The KBs that machines came to miss, or miss no longer, after a moment: as far as the history goes back."""
    if since > now:
        raise Invalid("the moment has not come yet", where="sinceTime")
    with looking(database, tenant, scopes, now) as look:
        updates = database.effects.updates(look.connection, look.revision)
        return walk(look.connection, path_of_changes(look.tenant, look.timelines, updates, scopes, since), query)


def _every(look: Look) -> list[FleetKb]:
    machines = stored.machines_by_kb(look.exposed, look.effects)
    addressed = look.database.effects.addressed(look.connection, look.revision)
    return stored.fleet_kbs(
        look.connection, look.tenant, look.revision, look.scopes, machines, look.kbs_accepted_on, addressed
    )


def _known(look: Look, kb: str) -> str:
    number = parse_kb(kb)
    if number is None or not stored.is_known_kb(look.connection, look.revision, number):
        raise NotFound(f"KB {kb} was not found")
    return number
