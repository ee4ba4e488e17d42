"""The pages about machines: which there are, what one of them misses, what is not known of it, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kbgap.core.explain import doubt, settle
from kbgap.core.model import Entitlement
from kbgap.inventory.normalise import Outside
from kbgap.odata.options import Query
from kbgap.operations.audit import Judged
from kbgap.operations.explain import explain_stored
from kbgap.operations.judge_stored import judge_stored
from kbgap.operations.read_machines import get_machine, list_machines
from kbgap.operations.read_missing import missing_for_machine
from kbgap.operations.what_if import install_set_of_machine
from kbgap.server.entity_routes import SOFTWARE
from kbgap.server.pages.paging import Slice, having, mentions, numbered, slice_by_number, slice_by_walk, text_of, walked
from kbgap.server.pages.rendering import Visit
from kbgap.server.pages.software import FIXES
from kbgap.store.listing import Listed, choose
from kbgap.store.machines_view import Machine

_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NotKnown:
    """One KB of which it is not known whether it is missing: why, and what would settle it."""

    kb: str
    software: tuple[str, ...]
    reason: str
    settle: str


def machines(visit: Visit) -> Mapping[str, Any]:
    """``/machines``, by id, whether they count or not."""
    its, text = visit.its, text_of(visit, "q")
    query = having(walked(visit), mentions("computerDnsName", text))
    listed = list_machines(its.database, its.tenant, query, its.scopes)
    return {"list": slice_by_walk(visit, listed), "q": text}


def one_machine(visit: Visit) -> Mapping[str, Any]:
    """``/machines/{id}``; what is missing there only for those who may read it over the API."""
    its = visit.its
    machine = get_machine(its.database, its.tenant, its.id, its.scopes)
    return {"machine": machine, "gap": _gap(visit, machine) if visit.may(SOFTWARE) else None}


def explain(visit: Visit) -> Mapping[str, Any]:
    """``/machines/{id}/explain/{kb}``."""
    its = visit.its
    machine = get_machine(its.database, its.tenant, its.id, its.scopes)
    explained = explain_stored(its.database, its.catalogue, its.tenant, machine.id, its.part("kb"), _untold(visit))
    verdicts = [
        {
            "software": f"microsoft-_-{each.software}",
            "verdict": type(each.verdict).__name__.removeprefix("Is"),
            "because": each.because,
        }
        for each in explained.software
    ]
    return {"machine": machine, "explained": explained, "verdicts": verdicts}


def _gap(visit: Visit, machine: Machine) -> Mapping[str, Any]:
    """``outside`` says why no update of the catalogue is for the machine, else it is empty."""
    its = visit.its
    missing = choose(missing_for_machine(its.database, its.tenant, machine.id, its.scopes), numbered(visit), FIXES)
    judged = judge_stored(its.database, its.catalogue, its.tenant, machine.id, its.scopes, _untold(visit))
    if isinstance(judged, Outside):
        nothing = Slice(rows=(), count=0, first=None, previous=None, next=None)
        return {"outside": judged.reason, "missing": slice_by_number(visit, missing), "unknown": nothing, "install": ()}
    return {
        "outside": "",
        "missing": slice_by_number(visit, missing),
        "unknown": slice_by_number(visit, _some(_unknown(judged), numbered(visit, _UNKNOWN)), _UNKNOWN),
        "install": install_set_of_machine(its.database, its.catalogue, its.tenant, machine.id, its.now, its.scopes),
    }


def _unknown(judged: Judged) -> list[NotKnown]:
    return [
        NotKnown(kb=each.kb, software=each.software, reason=doubt(each.kb, each.reason), settle=settle(each.reason))
        for each in judged.gap.unknown
    ]


def _some(rows: Sequence[NotKnown], query: Query) -> Listed[NotKnown]:
    """The page of rows that are at hand."""
    end = query.skip + query.limit
    return Listed(rows=rows[query.skip : end], count=len(rows), goes_on=len(rows) > end)


def _untold(visit: Visit) -> Entitlement:
    return Entitlement(visit.call.service.settings.esu)
