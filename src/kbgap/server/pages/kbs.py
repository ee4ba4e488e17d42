"""The pages about KBs: which are missing, on which machines, and what installing one everywhere would change."""

from collections.abc import Mapping
from typing import Any

from kbgap.odata.ordering import Order
from kbgap.operations.read_fleet_kbs import fleet_kbs, get_fleet_kb, kb_machines
from kbgap.operations.what_if import what_if
from kbgap.server.entity_routes import VULNERABILITY
from kbgap.server.pages.paging import having, mentions, numbered, slice_by_number, slice_by_walk, text_of, walked
from kbgap.server.pages.rendering import Visit

_MOST_MISSED = (Order("machineMissedOn", is_descending=True),)


def kbs(visit: Visit) -> Mapping[str, Any]:
    """``/kbs``, those that most machines miss first."""
    its, text = visit.its, text_of(visit, "q")
    number = text.lower().removeprefix("kb")
    query = having(numbered(visit, order=_MOST_MISSED), mentions("id", number))
    listed = fleet_kbs(its.database, its.tenant, its.now, query, its.scopes)
    return {"list": slice_by_number(visit, listed), "q": text}


def one_kb(visit: Visit) -> Mapping[str, Any]:
    """``/kbs/{kb}``; with ``?suppose=yes`` also what its installation everywhere would change."""
    its, kb = visit.its, visit.its.part("kb")
    found = get_fleet_kb(its.database, its.tenant, kb, its.now, its.scopes)
    machines = kb_machines(its.database, its.tenant, kb, its.now, walked(visit), its.scopes)
    may_suppose = visit.may(VULNERABILITY)
    supposed = None
    if may_suppose and text_of(visit, "suppose") == "yes":
        supposed = what_if(its.database, its.catalogue, its.tenant, [found.id], its.now, its.scopes)
    return {
        "kb": found,
        "machines": slice_by_walk(visit, machines),
        "may_suppose": may_suppose,
        "supposed": supposed,
    }
