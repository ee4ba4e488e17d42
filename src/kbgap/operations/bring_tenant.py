"""Bring one tenant to another catalogue: judge beside the revision in use, step by step, then switch in one.

Each step is a short transaction under the tenant's lock, so that reports come in between, and what it judged is there
when the process is killed: whoever begins again finds it. Answers stay at the old revision until the switch, which
points machines and counts to what was judged before, and leads anew only what came in meanwhile (docs/adr/0007).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from kbgap.catalogue.offers import Progress
from kbgap.core.errors import Unavailable
from kbgap.operations.judging import Judge, Led
from kbgap.store import catalogue as stored
from kbgap.store import counts, exposures, history, rejudging, software_sets, states, tenants
from kbgap.store.database import Database, Transaction
from kbgap.store.packing import unpacked
from kbgap.store.states import KnownEvidence
from kbgap.store.tenants import Pointer, TenantKey, tenant_key
from kbgap.store.unused import drop_unused

_WALKS = 3  # the second is for what came in during the first; what comes in after the last is led at the switch

_Piece = Sequence[tuple[bytes, KnownEvidence, bytes]]


def bring_tenant(database: Database, tenant: str, judge: Judge, now: datetime, progress: Progress) -> None:
    """Lead all evidence of a tenant (its GUID) to states anew, judge those, count, and move the pointer.

    Raises:
        Unavailable: the database failed, or another load has taken this revision away meanwhile.
    """
    key = tenant_key(tenant)
    with database.reading() as connection:
        if tenants.pointer(connection, tenant).revision == judge.revision:
            return
    ready: dict[bytes, KnownEvidence] = {}
    for _ in range(_WALKS):
        if not _judge_beside(database, tenant, judge, ready, progress):
            break
    with database.transaction() as tx:
        pointer = tenants.lock(tx, tenant)
        if pointer.revision != judge.revision:
            _switch(database, tx, tenant, pointer, judge, ready, now)
    with database.transaction() as tx:
        pointer = tenants.lock(tx, tenant)
        if not rejudging.is_awaited(tx, pointer.revision):
            drop_unused(tx, key, pointer.revision)


# --- beside the revision in use -----------------------------------------------------------------------------------


def _judge_beside(
    database: Database, tenant: str, judge: Judge, ready: dict[bytes, KnownEvidence], progress: Progress
) -> bool:
    """Walk once over the evidence and save what it leads to, adding it to ``ready``; False when nothing was new."""
    key, last, found_new = tenant_key(tenant), b"", False
    with database.reading() as connection:
        total = rejudging.evidence(connection, key)
    while True:
        with database.reading() as connection:
            piece = next(states.all_evidence(connection, key, after=last), None)
        if piece is None:
            return found_new
        last = piece[-1][0]
        led = {name: judge.lead_stored(unpacked(body)) for name, _, body in piece if name not in ready}
        if led:
            found_new = True
            _save_step(database, tenant, judge, led)
            ready |= {name: item.known for name, item in led.items()}
            progress("judging", min(len(ready), total), total)


def _save_step(database: Database, tenant: str, judge: Judge, led: Mapping[bytes, Led]) -> None:
    key = tenant_key(tenant)
    with database.reading() as connection:
        new = states.unjudged(connection, key, judge.revision, [item.profile for item in led.values()])
    judge.assess_ahead(new)
    with database.transaction() as tx:
        tenants.lock(tx, tenant)
        _require_stored(tx, judge.revision)
        _save_led(database, tx, key, judge, led)


def _save_led(database: Database, tx: Transaction, tenant: TenantKey, judge: Judge, led: Mapping[bytes, Led]) -> None:
    profiles = [item.profile for item in led.values()]
    saved = states.save_profiles(tx, tenant, judge.revision, profiles, judge.assess)
    database.effects.remember_states(judge.revision, saved, profiles)
    software_sets.save(tx, tenant, {name: items for item in led.values() for name, items in item.listed.items()})
    exposures.save(tx, tenant, judge.revision, {item.profile.key for item in led.values()}, database.effects)


def _require_stored(tx: Transaction, revision: str) -> None:
    if not stored.is_stored(tx, revision):
        raise Unavailable(
            f"another load has taken catalogue {revision} away meanwhile", mend="let one end, then load again"
        )


# --- the switch ---------------------------------------------------------------------------------------------------


def _switch(
    database: Database,
    tx: Transaction,
    tenant: str,
    pointer: Pointer,
    judge: Judge,
    ready: Mapping[bytes, KnownEvidence],
    now: datetime,
) -> None:
    """Point evidence and machines to what was judged, count them, and move the pointer."""
    key = tenant_key(tenant)
    _require_stored(tx, judge.revision)
    for piece in states.all_evidence(tx, key):
        after = _led_to(database, tx, key, judge, piece, ready)
        moved = {evidence: after[evidence] for evidence, before, _ in piece if after[evidence] != before}
        states.repoint_evidence(tx, key, moved)
        _note_changes(tx, key, pointer.revision, judge.revision, piece, after, now)
    exposures.weigh_anew(tx, key, judge.revision, database.effects)  # the new documents may weigh a CVE otherwise
    counts.rebuild(tx, key, judge.revision, database.effects)
    tenants.move(tx, tenant, pointer, revision=judge.revision)


def _led_to(
    database: Database,
    tx: Transaction,
    tenant: TenantKey,
    judge: Judge,
    piece: _Piece,
    ready: Mapping[bytes, KnownEvidence],
) -> dict[bytes, KnownEvidence]:
    """What each evidence leads to; led now where it came in lately, or where somebody deleted what was ready."""
    before = {name: ready[name] for name, _, _ in piece if name in ready}
    there = exposures.of_profiles(tx, tenant, judge.revision, {known.profile for known in before.values()})
    after = {name: known for name, known in before.items() if known.profile in there}
    late = {name: judge.lead_stored(unpacked(body)) for name, _, body in piece if name not in after}
    _save_led(database, tx, tenant, judge, late)
    return after | {name: item.known for name, item in late.items()}


def _note_changes(
    tx: Transaction,
    tenant: TenantKey,
    old: str | None,
    new: str,
    piece: _Piece,
    after: Mapping[bytes, KnownEvidence],
    now: datetime,
) -> None:
    """Write down of which evidence the exposure changed; nothing is known of it before the first catalogue."""
    if old is None:
        return
    were = exposures.of_profiles(tx, tenant, old, {before.profile for _, before, _ in piece})
    become = exposures.of_profiles(tx, tenant, new, {known.profile for known in after.values()})
    changes = {
        evidence: (were[before.profile], become[after[evidence].profile])
        for evidence, before, _ in piece
        if before.profile in were
    }
    history.note_refresh(tx, tenant, now, changes)
