"""What one machine in a state adds to the counts: the software, the KBs it misses there, the CVEs open there."""

from collections.abc import Collection

from sqlalchemy import Connection

from kbgap.core.errors import Unavailable
from kbgap.core.verdicts import IsMissing
from kbgap.store import states
from kbgap.store.recent import Recent
from kbgap.store.states import JudgedState
from kbgap.store.tenants import TenantKey


class Effect:
    """What a state adds to the counts; equal effects are one object within an ``Effects``, so that they add up fast."""

    __slots__ = ("missing", "open_cves", "software")

    def __init__(self, software: str, missing: frozenset[str], open_cves: frozenset[str]) -> None:
        self.software = software
        self.missing = missing
        self.open_cves = open_cves


def effect_of(judged: JudgedState) -> Effect:
    """What a judged state adds; unknown updates add nothing.

    A machine with the state has the software, also where a doubt remains which of its products: without the
    architecture, for example, it is certain that it is Windows 10.
    """
    missing = [finding for finding in judged.findings if isinstance(finding.verdict, IsMissing)]
    return Effect(
        judged.state.software,
        frozenset(finding.kb for finding in missing),
        frozenset(cve for finding in missing for cve in finding.open_cves),
    )


Member = tuple[int | None, tuple[bytes, ...]]


class Effects:
    """Effects of states and members of profiles, read once and then kept in memory.

    Both are facts about digests (a state at a revision, a profile), true for every tenant and for ever.
    """

    def __init__(self, *, limit: int = 50_000) -> None:
        self._effects: Recent[tuple[str, bytes], Effect] = Recent(limit)
        self._members: Recent[bytes, Member] = Recent(limit)
        self._same: Recent[tuple[str, frozenset[str], frozenset[str]], Effect] = Recent(limit)

    def of_states(
        self, connection: Connection, tenant: TenantKey, revision: str, keys: Collection[bytes]
    ) -> dict[bytes, Effect]:
        """The effect of each state at a revision."""
        found = {key: self._effects.get((revision, key)) for key in keys}
        absent = [key for key, effect in found.items() if effect is None]
        loaded = states.load_states(connection, tenant, revision, absent) if absent else {}
        if len(loaded) < len(absent):
            raise Unavailable(
                f"{len(absent) - len(loaded)} software states are not judged at revision {revision}",
                mend="run kbgap db check",
            )
        for key, judged in loaded.items():
            effect = self._shared(effect_of(judged))
            self._effects.put((revision, key), effect)
            found[key] = effect
        return {key: effect for key, effect in found.items() if effect is not None}

    def members(self, connection: Connection, tenant: TenantKey, profiles: Collection[bytes]) -> dict[bytes, Member]:
        """The OS build and the states of each profile."""
        found = {key: self._members.get(key) for key in profiles}
        absent = [key for key, member in found.items() if member is None]
        loaded = states.load_members(connection, tenant, absent) if absent else {}
        for key, member in loaded.items():
            self._members.put(key, member)
            found[key] = member
        return {key: member for key, member in found.items() if member is not None}

    def _shared(self, effect: Effect) -> Effect:
        key = (effect.software, effect.missing, effect.open_cves)
        known = self._same.get(key)
        if known is None:
            self._same.put(key, effect)
            return effect
        return known
