"""Save and load software states, the profiles that they make up, and the evidence that a profile comes from.

All three are kept once and shared by every machine alike; their keys are digests of what they hold.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Connection, bindparam, select, update

from kbgap.core.model import SoftwareState, Value
from kbgap.core.verdicts import Finding, IsMissing, IsNotEntitled, IsUnknown
from kbgap.store import dialect, schema
from kbgap.store.effect import Effect, effect_of
from kbgap.store.facts import Facts, decode_facts
from kbgap.store.packing import digest, encode, encode_text, in_pieces, pack, unpack
from kbgap.store.state_version import version_of
from kbgap.store.tenants import TenantKey

Assess = Callable[[SoftwareState], Iterable[Finding]]


class JudgedState(Value, frozen=True):
    """A software state with its findings at one catalogue revision: missing, not entitled and unknown ones alone."""

    state: SoftwareState
    findings: tuple[Finding, ...]


class Profile(Value, frozen=True):
    """All software states of a machine, by key, and the OS build that it reports (None when it reports none)."""

    key: bytes
    os_build: int | None
    states: dict[bytes, SoftwareState]


class SavedStates(Value, frozen=True):
    """What is known of states because they were saved just now: the gap of each, and what each gap adds."""

    gaps: dict[bytes, bytes]
    effects: dict[bytes, Effect]


class KnownEvidence(Value, frozen=True):
    """What a machine's evidence led to: its profile, the facts that it shows, and the programs that it lists."""

    profile: bytes
    facts: Facts
    software_set: bytes | None = None


def make_profile(os_build: int | None, states: Iterable[SoftwareState]) -> Profile:
    """The profile of a machine with these states; equal ones have equal keys."""
    by_key = {digest([encode(state)]): state for state in states}
    key = digest([str(os_build).encode(), *sorted(by_key)])
    return Profile(key=key, os_build=os_build, states=by_key)


def known_evidence(connection: Connection, tenant: TenantKey, keys: Collection[bytes]) -> dict[bytes, KnownEvidence]:
    """The evidence that is stored already, out of these keys."""
    table = schema.evidence
    found: dict[bytes, KnownEvidence] = {}
    for piece in in_pieces(keys):
        statement = select(table.c.evidence, *_known_columns())
        for row in connection.execute(statement.where(table.c.tenant_id == tenant, table.c.evidence.in_(piece))):
            found[row.evidence] = _known(row)
    return found


def evidence_body(connection: Connection, tenant: TenantKey, key: bytes) -> bytes:
    """What was reported, packed, of one evidence."""
    table = schema.evidence
    found = connection.scalar(select(table.c.body).where(table.c.tenant_id == tenant, table.c.evidence == key))
    return bytes(found or b"")


def save_evidence(
    tx: Connection, tenant: TenantKey, bodies: Mapping[bytes, bytes], known: Mapping[bytes, KnownEvidence]
) -> None:
    """Save evidence whose profiles are saved; ``bodies`` (packed) and ``known`` by evidence key."""
    rows: list[dict[str, object]] = [
        {
            "tenant_id": tenant,
            "evidence": key,
            "profile": known[key].profile,
            "facts": encode_text(known[key].facts),
            "body": body,
            "software_set": known[key].software_set,
        }
        for key, body in bodies.items()
    ]
    dialect.insert_new(tx, schema.evidence, rows)


def all_evidence(
    connection: Connection, tenant: TenantKey, *, after: bytes = b""
) -> Iterator[list[tuple[bytes, KnownEvidence, bytes]]]:
    """Every evidence of a tenant, by key, in pieces: its key, what it led to, and what was reported, packed."""
    table = schema.evidence
    last = after
    while True:
        statement = select(table.c.evidence, *_known_columns(), table.c.body)
        statement = statement.where(table.c.tenant_id == tenant, table.c.evidence > last)
        rows = connection.execute(statement.order_by(table.c.evidence).limit(1000)).all()
        if not rows:
            return
        last = rows[-1].evidence
        yield [(row.evidence, _known(row), row.body) for row in rows]


def repoint_evidence(tx: Connection, tenant: TenantKey, moved: Mapping[bytes, KnownEvidence]) -> None:
    """Let evidence, and the machines with it, show what another catalogue made of it."""
    if not moved:
        return
    shared: list[dict[str, object]] = [
        {"its_evidence": key, "new_profile": known.profile, "new_software_set": known.software_set}
        for key, known in moved.items()
    ]
    facts: list[dict[str, object]] = [{"new_facts": encode_text(known.facts)} for known in moved.values()]
    shown: list[dict[str, object]] = [
        {f"new_{name}": value for name, value in known.facts.columns().items()} for known in moved.values()
    ]
    for table, own in ((schema.evidence, facts), (schema.machine, shown)):
        mine = (table.c.tenant_id == tenant) & (table.c.evidence == bindparam("its_evidence"))
        names = (name.removeprefix("new_") for name in (*shared[0], *own[0]) if name.startswith("new_"))
        statement = update(table).where(mine).values({name: bindparam(f"new_{name}") for name in names})
        tx.execute(statement, [both | more for both, more in zip(shared, own, strict=True)])


def _known_columns() -> tuple[Column[Any], ...]:
    table = schema.evidence.c
    return table.profile, table.facts, table.software_set


def _known(row: Any) -> KnownEvidence:  # noqa: ANN401 - a row, whose type names its columns by number
    return KnownEvidence(profile=row.profile, facts=decode_facts(row.facts), software_set=row.software_set)


def save_profiles(
    tx: Connection, tenant: TenantKey, revision: str, profiles: Iterable[Profile], assess: Assess
) -> SavedStates:
    """Save profiles and their states; a state that is new at this revision is judged by ``assess``, once."""
    by_key = {profile.key: profile for profile in profiles}
    states = {key: state for profile in by_key.values() for key, state in profile.states.items()}
    here = _judged_at(tx, tenant, revision, states)
    new = {key: state for key, state in states.items() if key not in here}
    saved = _save_states(tx, tenant, revision, new, assess)
    mine: dict[str, object] = {"tenant_id": tenant}
    rows = [mine | {"profile": profile.key, "os_build": profile.os_build} for profile in by_key.values()]
    links = [mine | {"profile": profile.key, "state": key} for profile in by_key.values() for key in profile.states]
    dialect.insert_new(tx, schema.profile, rows)
    dialect.insert_new(tx, schema.profile_state, links)
    return saved


def unjudged(
    connection: Connection, tenant: TenantKey, revision: str, profiles: Iterable[Profile]
) -> list[SoftwareState]:
    """The states of these profiles that nobody has judged at this revision."""
    states = {key: state for profile in profiles for key, state in profile.states.items()}
    here = _judged_at(connection, tenant, revision, states)
    return [state for key, state in states.items() if key not in here]


def _judged_at(connection: Connection, tenant: TenantKey, revision: str, keys: Collection[bytes]) -> set[bytes]:
    table = schema.judgement
    here: set[bytes] = set()
    for piece in in_pieces(keys):
        mine = (table.c.tenant_id == tenant) & (table.c.revision == revision) & table.c.state.in_(piece)
        here.update(connection.scalars(select(table.c.state).where(mine)))
    return here


def _save_states(
    tx: Connection, tenant: TenantKey, revision: str, states: Mapping[bytes, SoftwareState], assess: Assess
) -> SavedStates:
    mine: dict[str, object] = {"tenant_id": tenant}
    bodies = [
        mine | {"state": key, "software": state.software, "body": pack(encode(state)), "version": version_of(state)}
        for key, state in states.items()
    ]
    judged = {key: _kept(assess(state)) for key, state in states.items()}
    effects = {key: effect_of(states[key].software, found) for key, found in judged.items()}
    encoded = {effect: encode(effect) for effect in set(effects.values())}  # many states have the same
    keys = {effect: digest([gap]) for effect, gap in encoded.items()}
    at_revision = mine | {"revision": revision}
    judgements = [
        at_revision | {"state": key, "gap": keys[effects[key]], "body": pack(encode(found)), **_numbers(found)}
        for key, found in judged.items()
    ]
    distinct = [mine | {"gap": keys[effect], "body": pack(gap)} for effect, gap in encoded.items()]
    dialect.insert_new(tx, schema.software_state, bodies)
    dialect.insert_new(tx, schema.gap, distinct)
    dialect.insert_new(tx, schema.judgement, judgements)
    return SavedStates(
        gaps={key: keys[effect] for key, effect in effects.items()},
        effects={gap: effect for effect, gap in keys.items()},
    )


def _numbers(findings: Collection[Finding]) -> dict[str, object]:
    """How many KBs a state misses, for one of its products at least, and of how many others it is not known."""
    missing = {finding.kb for finding in findings if isinstance(finding.verdict, IsMissing)}
    unknown = {finding.kb for finding in findings if isinstance(finding.verdict, IsUnknown)}
    return {"missing": len(missing), "unknown": len(unknown - missing)}


def _kept(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that are stored; ``explain`` judges the others again when somebody asks."""
    return tuple(finding for finding in findings if isinstance(finding.verdict, IsMissing | IsNotEntitled | IsUnknown))


def load_states(
    connection: Connection, tenant: TenantKey, revision: str, keys: Collection[bytes]
) -> dict[bytes, JudgedState]:
    """States with their findings at a revision, out of these keys."""
    state, judged = schema.software_state, schema.judgement
    joined = state.join(judged, (judged.c.tenant_id == state.c.tenant_id) & (judged.c.state == state.c.state))
    found: dict[bytes, JudgedState] = {}
    for piece in in_pieces(keys):
        statement = select(state.c.state, state.c.body, judged.c.body.label("findings")).select_from(joined)
        mine = (state.c.tenant_id == tenant) & state.c.state.in_(piece) & (judged.c.revision == revision)
        for row in connection.execute(statement.where(mine)):
            found[row.state] = JudgedState(
                state=unpack(row.body, SoftwareState),
                findings=unpack(row.findings, tuple[Finding, ...]),
            )
    return found


def bodies(connection: Connection, tenant: TenantKey, keys: Collection[bytes]) -> Iterator[tuple[bytes, SoftwareState]]:
    """States without their findings, out of these keys."""
    table = schema.software_state
    for piece in in_pieces(keys):
        mine = (table.c.tenant_id == tenant) & table.c.state.in_(piece)
        for row in connection.execute(select(table.c.state, table.c.body).where(mine)):
            yield row.state, unpack(row.body, SoftwareState)


def load_members(
    connection: Connection, tenant: TenantKey, profiles: Collection[bytes]
) -> dict[bytes, tuple[int | None, tuple[bytes, ...]]]:
    """The OS build and the keys of the states of each profile, out of these keys."""
    profile, link = schema.profile, schema.profile_state
    joined = profile.outerjoin(link, (link.c.tenant_id == profile.c.tenant_id) & (link.c.profile == profile.c.profile))
    found: dict[bytes, tuple[int | None, tuple[bytes, ...]]] = {}
    for piece in in_pieces(profiles):
        statement = select(profile.c.profile, profile.c.os_build, link.c.state).select_from(joined)
        mine = (profile.c.tenant_id == tenant) & profile.c.profile.in_(piece)
        for row in connection.execute(statement.where(mine)):
            _, states = found.get(row.profile, (None, ()))
            found[row.profile] = (row.os_build, states if row.state is None else (*states, row.state))
    return found
