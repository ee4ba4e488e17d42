"""Record what machines report, and what they are missing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid
from kbgap.core.model import Entitlement, Value
from kbgap.inventory.report import Report
from kbgap.operations.arrivals import Answer, Arrivals, sort_out
from kbgap.operations.judging import Judge, Led, require_current
from kbgap.operations.telling import Told, evidence_of, identity_of, tell
from kbgap.store import counts, exposures, history, machines, software_sets, states, tenants
from kbgap.store.counts import Moves
from kbgap.store.database import Database, Transaction
from kbgap.store.effects import Effects
from kbgap.store.history import Change
from kbgap.store.machines import Heard, Stored, Written
from kbgap.store.packing import digest, in_pieces, pack
from kbgap.store.states import Profile
from kbgap.store.tenants import TenantKey, tenant_key

_BATCH = 1_000  # reports in one transaction


class _Prepared(Value, frozen=True):
    """A new report, worked out before the transaction; ``led`` is None when its evidence was known already.

    ``evidence`` is the key of ``body``, which is what can be judged of the report; ``packed`` is it as it is stored.
    """

    evidence: bytes
    body: bytes
    packed: bytes = b""
    led: Led | None = None


def report_inventory(
    database: Database,
    catalogue: CatalogueFile,
    tenant: str,
    reports: Iterable[Report | Invalid],
    now: datetime,
    untold: Entitlement = Entitlement.ENTITLED,
) -> tuple[Answer, ...]:
    """Record reports and judge what they tell; one answer for each, in order, given when it is durable.

    Args:
        database: an open database.
        catalogue: the catalogue that the tenant is at.
        tenant: its GUID.
        reports: what was read; an Invalid in a report's place is answered as rejected, and loses no neighbour.
        now: when they came, with a time zone.
        untold: what counts for a machine of which nothing says whether it gets extended security updates.

    Raises:
        NotFound: there is no such tenant.
        Unavailable: the database failed, or the tenant is at another catalogue. Some reports may have been recorded;
            sending all of them again does no harm.
    """
    judge = Judge(catalogue, untold)
    answers: list[Answer] = []
    for piece in in_pieces(reports, _BATCH):
        answers += _record(database, judge, tenant, [_tell(report, tenant, now) for report in piece], now)
    return tuple(answers)


def _tell(report: Report | Invalid, tenant: str, now: datetime) -> Told | Invalid:
    if isinstance(report, Invalid):
        return report
    try:
        return tell(report, tenant, now)
    except Invalid as error:
        return error


def _record(
    database: Database, judge: Judge, tenant: str, told: Sequence[Told | Invalid], now: datetime
) -> tuple[Answer, ...]:
    """One batch in one transaction."""
    key = tenant_key(tenant)
    batch, prepared = _prepare(database, judge, key, told)
    ids = {item.machine_id for item in batch if isinstance(item, Told)}
    with database.transaction() as tx:
        pointer = tenants.lock(tx, tenant)
        require_current(pointer, judge.revision)
        arrivals = sort_out(batch, machines.heard(tx, key, ids), now)
        stored = machines.load(tx, key, arrivals.changed.keys() | arrivals.returned)
        written = _written(tx, key, judge, _Batch(arrivals.changed, prepared, stored, now), database.effects)
        machines.write(tx, key, written, arrivals.heard)
        _note_changes(tx, key, judge.revision, written, stored, now)
        moves = _moves(arrivals, stored, written)
        if counts.apply(tx, key, judge.revision, moves, database.effects) or written:
            tenants.move(tx, tenant, pointer)
    return arrivals.answers


def _prepare(
    database: Database, judge: Judge, tenant: TenantKey, told: Sequence[Told | Invalid]
) -> tuple[list[Told | Invalid], dict[bytes, _Prepared]]:
    """Do before the transaction what takes time and needs no lock; a report that contradicts itself is taken out."""
    batch = list(told)
    prepared: dict[bytes, _Prepared] = {}
    with database.reading() as connection:
        heard = machines.heard(connection, tenant, {item.machine_id for item in batch if isinstance(item, Told)})
        new = {item.report: item for item in batch if isinstance(item, Told) and not _is_repeated(item, heard)}
        ready = {report: _ready(item) for report, item in new.items()}
        known = states.known_evidence(connection, tenant, {item.evidence for item in ready.values()})
    led: dict[bytes, Led | Invalid] = {}
    for report, item in ready.items():
        if item.evidence not in known and item.evidence not in led:
            led[item.evidence] = _lead(judge, new[report].content)
        match led.get(item.evidence):
            case Invalid() as error:
                batch = [error if isinstance(t, Told) and t.report == report else t for t in batch]
            case made:
                prepared[report] = _Prepared(
                    evidence=item.evidence, body=item.body, packed=pack(item.body) if made else b"", led=made
                )
    with database.reading() as connection:
        new_states = states.unjudged(connection, tenant, judge.revision, _profiles(led))
    judge.assess_ahead(new_states)
    return batch, prepared


def _profiles(led: Mapping[bytes, Led | Invalid]) -> list[Profile]:
    return [item.profile for item in led.values() if isinstance(item, Led)]


def _ready(told: Told) -> _Prepared:
    body = evidence_of(told.content, told.programs)
    return _Prepared(evidence=digest([body]), body=body)


def _is_repeated(told: Told, heard: Mapping[str, Heard]) -> bool:
    last = heard.get(told.machine_id)
    return last is not None and last.report == told.report


def _lead(judge: Judge, report: Report) -> Led | Invalid:
    try:
        return judge.lead(report)
    except Invalid as error:
        return error


class _Batch(NamedTuple):
    """What comes together: new reports by machine, what was worked out of them, and the machines as they are stored."""

    changed: Mapping[str, Told]
    prepared: Mapping[bytes, _Prepared]
    stored: Mapping[str, Stored]
    now: datetime


def _written(tx: Transaction, tenant: TenantKey, judge: Judge, batch: _Batch, effects: Effects) -> list[Written]:
    """The machines to write, after saving the evidence, profiles and states that they lead to."""
    changed, prepared, stored, now = batch
    ready = {name: prepared.get(told.report) or _ready(told) for name, told in changed.items()}
    known = states.known_evidence(tx, tenant, {item.evidence for item in ready.values()})
    new = {item.evidence: item for item in ready.values() if item.evidence not in known}
    led = {key: item.led or judge.lead_stored(item.body) for key, item in new.items()}
    profiles = [item.profile for item in led.values()]
    saved = states.save_profiles(tx, tenant, judge.revision, profiles, judge.assess)
    effects.remember_states(judge.revision, saved, profiles)
    exposures.save(tx, tenant, judge.revision, {item.profile.key for item in led.values()}, effects)
    listed = {key: items for item in led.values() for key, items in item.listed.items()}
    software_sets.save(tx, tenant, listed)
    effects.remember_listed(listed)
    known |= {key: item.known for key, item in led.items()}
    states.save_evidence(tx, tenant, {key: item.packed or pack(item.body) for key, item in new.items()}, known)
    identities = {name: identity_of(told.content) for name, told in changed.items()}
    groups = {name: _group(identity.group, stored.get(name)) for name, identity in identities.items()}
    numbers = machines.group_ids(tx, tenant, {group for group in groups.values() if group is not None})
    return [
        Written(
            machine_id=name,
            identity=identity,
            evidence=ready[name].evidence,
            known=known[ready[name].evidence],
            group_id=numbers.get(groups[name] or "", machines.NO_GROUP),
            evidence_since=_evidence_since(ready[name].evidence, stored.get(name), now),
        )
        for name, identity in identities.items()
    ]


def _group(reported: str | None, stored: Stored | None) -> str | None:
    """The group that counts: what an administrator set wins."""
    return reported if stored is None or stored.set_group is None else stored.set_group


def _evidence_since(evidence: bytes, stored: Stored | None, now: datetime) -> datetime:
    """Since when a machine has the evidence that it has now."""
    same = stored is not None and stored.evidence == evidence
    return stored.evidence_since if same and stored is not None and stored.evidence_since is not None else now


def _note_changes(
    tx: Transaction,
    tenant: TenantKey,
    revision: str,
    written: Sequence[Written],
    stored: Mapping[str, Stored],
    now: datetime,
) -> None:
    """Write down whose exposure changed; who leaves his evidence takes along what catalogues changed meanwhile."""
    profiles = {machine.known.profile for machine in written} | {before.profile for before in stored.values()}
    found = exposures.of_profiles(tx, tenant, revision, profiles)
    left = {machine.machine_id for machine in written if machine.evidence_since == now} & stored.keys()
    refreshed = history.of_evidence(tx, tenant, {stored[machine_id].evidence for machine_id in left})
    changes = {}
    for machine in written:
        before = stored.get(machine.machine_id)
        was = exposures.NOTHING_OPEN if before is None else found[before.profile]
        meanwhile = []
        if before is not None and machine.machine_id in left:
            meanwhile = history.since(refreshed.get(before.evidence, ()), before.evidence_since)
        changes[machine.machine_id] = [*meanwhile, Change(now, was, found[machine.known.profile])]
    history.note_machines(tx, tenant, changes)


def _moves(arrivals: Arrivals, stored: Mapping[str, Stored], written: Iterable[Written]) -> Moves:
    """What the batch changes in the counts."""
    moves = Moves()
    for machine in written:
        before = stored.get(machine.machine_id)
        if before is not None and before.is_counted:
            moves.leave(before.profile, before.group_id, before.software_set)
        if before is None or before.exclusion is None:
            moves.enter(machine.known.profile, machine.group_id, machine.known.software_set)
    for machine_id in arrivals.returned:
        before = stored[machine_id]
        if before.exclusion is None:
            moves.enter(before.profile, before.group_id, before.software_set)
    return moves
