"""Load what states add to the counts, and keep it in memory: it is asked for with every report."""

import math
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from sys import intern
from typing import TypeVar

from sqlalchemy import Connection, select

from kbgap.core.errors import Unavailable
from kbgap.core.exposure import points_of
from kbgap.store import cves, schema, software_sets, states
from kbgap.store.cves import Addressed, CveFact, UpdateFact
from kbgap.store.effect import Effect
from kbgap.store.packing import in_pieces, unpack
from kbgap.store.recent import Recent
from kbgap.store.software_sets import Items
from kbgap.store.states import Profile, SavedStates
from kbgap.store.tenants import TenantKey

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Member = tuple[int | None, tuple[bytes, ...]]

_LEAST = points_of("Low", exploited=False)  # a CVE of which nothing is known weighs as little as any
_LISTS = 10_000  # of a hundred programs each, a kilobyte together: the programs themselves are shared
_REVISIONS = 2  # of which the facts are kept, ten thousand CVEs each: the one in use, and the next one
_CVES = 2_500_000  # in gaps, about 50 bytes each: a machine that was never patched has thousands


class _Points(dict[str, float]):
    """What each CVE weighs, also one of which nothing is known: a gap of a machine never patched has thousands."""

    def __missing__(self, cve: str) -> float:
        return _LEAST


class Effects:
    """Gaps of states, effects of gaps and members of profiles, read once and then kept in memory.

    All are facts about digests (a state at a revision, a gap, a profile), true for every tenant and for ever.
    """

    def __init__(self, *, limit: int = 50_000) -> None:
        self._gaps: Recent[tuple[str, bytes], bytes] = Recent(limit)
        self._effects: Recent[bytes, Effect] = Recent(_CVES, _weight_of)
        self._members: Recent[bytes, Member] = Recent(limit)
        self._facts: Recent[tuple[str, str], Mapping[str, CveFact]] = Recent(_REVISIONS)
        self._addressed: Recent[str, Addressed] = Recent(_REVISIONS)
        self._updates: Recent[str, Mapping[str, UpdateFact]] = Recent(_REVISIONS)
        self._listed: Recent[bytes, Items] = Recent(_LISTS)
        self._points: Recent[tuple[str, str], _Points] = Recent(_REVISIONS)
        self._weights: Recent[tuple[str, str, bytes], float] = Recent(limit)

    def gaps(
        self, connection: Connection, tenant: TenantKey, revision: str, keys: Collection[bytes]
    ) -> dict[bytes, bytes]:
        """The key of the gap of each state at a revision; Unavailable when one was not judged there."""
        wanted = {(revision, key) for key in keys}
        found = _through(self._gaps, wanted, lambda absent: _load_gaps(connection, tenant, revision, absent))
        if len(found) < len(wanted):
            raise Unavailable(
                f"{len(wanted) - len(found)} software states are not judged at revision {revision}",
                mend="run kbgap db check",
            )
        return {key: gap for (_, key), gap in found.items()}

    def effects(self, connection: Connection, tenant: TenantKey, gaps: Collection[bytes]) -> dict[bytes, Effect]:
        """What each gap adds."""
        return _through(self._effects, gaps, lambda absent: _load_effects(connection, tenant, absent))

    def members(self, connection: Connection, tenant: TenantKey, profiles: Collection[bytes]) -> dict[bytes, Member]:
        """The OS build and the states of each profile."""
        return _through(self._members, profiles, lambda absent: states.load_members(connection, tenant, absent))

    def remember_states(self, revision: str, saved: SavedStates, profiles: Iterable[Profile]) -> None:
        """Keep what was saved just now: it is about to be counted."""
        for key, gap in saved.gaps.items():
            self._gaps.put((revision, key), gap)
        for gap, effect in saved.effects.items():
            self._effects.put(gap, effect)
        for profile in profiles:
            self._members.put(profile.key, (profile.os_build, tuple(profile.states)))

    def listed(self, connection: Connection, tenant: TenantKey, keys: Collection[bytes]) -> dict[bytes, Items]:
        """The programs of each list."""
        return _through(self._listed, keys, lambda absent: software_sets.load(connection, tenant, absent))

    def remember_listed(self, sets: Mapping[bytes, Items]) -> None:
        """Keep lists that are at hand: their machines are about to be counted."""
        for key, items in sets.items():
            self._listed.put(key, items)

    def cve_facts(self, connection: Connection, revision: str) -> Mapping[str, CveFact]:
        """Every CVE of a revision, with the lists of CISA and FIRST as they are now."""
        return self._facts_of(connection, revision, cves.edition(connection))

    def addressed(self, connection: Connection, revision: str) -> Addressed:
        """The CVEs that each KB closes for each software, as the catalogue says."""
        known = self._addressed.get(revision)
        if known is None:
            known = cves.addressed(connection, revision)
            self._addressed.put(revision, known)
        return known

    def updates(self, connection: Connection, revision: str) -> Mapping[str, UpdateFact]:
        """Every KB of a revision."""
        known = self._updates.get(revision)
        if known is None:
            known = cves.updates(connection, revision)
            self._updates.put(revision, known)
        return known

    def weights(
        self, connection: Connection, tenant: TenantKey, revision: str, gaps: Collection[bytes]
    ) -> dict[bytes, float]:
        """How many points the open CVEs of each gap have, by what is known of CVEs now."""
        edition = cves.edition(connection)

        def weigh(absent: list[tuple[str, str, bytes]]) -> dict[tuple[str, str, bytes], float]:
            points = self._points_of(connection, revision, edition)
            found = self.effects(connection, tenant, [gap for _, _, gap in absent])
            return {
                (revision, edition, gap): math.fsum(map(points.__getitem__, effect.open_cves))
                for gap, effect in found.items()
            }

        weighed = _through(self._weights, [(revision, edition, gap) for gap in gaps], weigh)
        return {gap: points for (_, _, gap), points in weighed.items()}

    def _facts_of(self, connection: Connection, revision: str, edition: str) -> Mapping[str, CveFact]:
        known = self._facts.get((revision, edition))
        if known is None:
            known = cves.facts(connection, revision)
            self._facts.put((revision, edition), known)
        return known

    def _points_of(self, connection: Connection, revision: str, edition: str) -> "_Points":
        """What each CVE weighs."""
        known = self._points.get((revision, edition))
        if known is None:
            facts = self._facts_of(connection, revision, edition)
            known = _Points({cve: points_of(fact.severity, exploited=fact.is_exploited) for cve, fact in facts.items()})
            self._points.put((revision, edition), known)
        return known


def _weight_of(effect: Effect) -> int:
    """How many texts it refers to, and what it is itself, in the same coin."""
    return len(effect.open_cves) + len(effect.missing) + 10


def _through(recent: Recent[K, V], keys: Collection[K], load: Callable[[list[K]], Mapping[K, V]]) -> dict[K, V]:
    """The values of these keys, from memory where they are there."""
    found: dict[K, V] = {}
    absent: list[K] = []
    for key in keys:
        value = recent.get(key)
        if value is None:
            absent.append(key)
        else:
            found[key] = value
    for key, value in load(absent).items() if absent else ():
        recent.put(key, value)
        found[key] = value
    return found


def _load_gaps(
    connection: Connection, tenant: TenantKey, revision: str, keys: Collection[tuple[str, bytes]]
) -> dict[tuple[str, bytes], bytes]:
    judgement = schema.judgement.c
    found: dict[tuple[str, bytes], bytes] = {}
    for piece in in_pieces(key for _, key in keys):
        mine = (judgement.tenant_id == tenant) & (judgement.revision == revision) & judgement.state.in_(piece)
        for row in connection.execute(select(judgement.state, judgement.gap).where(mine)):
            found[revision, row.state] = row.gap
    return found


def _load_effects(connection: Connection, tenant: TenantKey, keys: Collection[bytes]) -> dict[bytes, Effect]:
    gap = schema.gap.c
    found: dict[bytes, Effect] = {}
    for piece in in_pieces(keys):
        mine = (gap.tenant_id == tenant) & gap.gap.in_(piece)
        for row in connection.execute(select(gap.gap, gap.body).where(mine)):
            found[row.gap] = _sharing_texts(unpack(row.body, Effect))
    return found


def _sharing_texts(effect: Effect) -> Effect:
    """The same with each CVE once in memory, however many gaps have it."""
    return Effect(
        software=intern(effect.software),
        missing=frozenset(map(intern, effect.missing)),
        open_cves=frozenset(map(intern, effect.open_cves)),
    )
