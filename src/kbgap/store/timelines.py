"""Read what was open on machines over time: when each CVE and each KB came to be open, and when it was closed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from kbgap.store import exposures, history, schema
from kbgap.store.effect import Effect
from kbgap.store.effects import Effects
from kbgap.store.history import Change
from kbgap.store.schema_answers import machine_change, refresh_change
from kbgap.store.tenants import TenantKey
from kbgap.store.walking import Walked

_KEPT = 10_000  # exposures of which is known what is open
_machine = schema.machine


class Opened(NamedTuple):
    """What is open under one exposure, by software."""

    cves: Mapping[str, frozenset[str]]
    kbs: Mapping[str, frozenset[str]]


class Event(NamedTuple):
    """At this moment one exposure of a machine became another."""

    at: datetime
    was: Opened
    became: Opened


class Timelines:
    """The history of machines, in one snapshot."""

    def __init__(self, connection: Connection, tenant: TenantKey, effects: Effects) -> None:
        self._connection = connection
        self._tenant = tenant
        self._effects = effects
        self._opened: dict[bytes, Opened] = {}

    def of(self, machines: Sequence[Walked], since: datetime | None = None) -> dict[str, list[Event]]:
        """What changed on each of these machines after a moment (or ever), oldest first."""
        own = history.of_machines(self._connection, self._tenant, [machine.machine_id for machine in machines])
        shared = history.of_evidence(self._connection, self._tenant, {machine.evidence for machine in machines})
        changes = {
            machine.machine_id: self._joined(own.get(machine.machine_id, ()), shared, machine, since)
            for machine in machines
        }
        self._load({key for mine in changes.values() for change in mine for key in (change.was, change.became)})
        return {
            machine_id: [Event(change.at, self._opened[change.was], self._opened[change.became]) for change in mine]
            for machine_id, mine in changes.items()
        }

    def at(self, machines: Sequence[Walked], revision: str, moment: datetime) -> list[Opened]:
        """What was open on each of these machines at a moment: what the first change after it found, or what is now."""
        later = self.of(machines, moment)
        now = exposures.of_profiles(
            self._connection, self._tenant, revision, {m.profile for m in machines if not later[m.machine_id]}
        )
        self._load(set(now.values()))
        return [later[m.machine_id][0].was if later[m.machine_id] else self._opened[now[m.profile]] for m in machines]

    @staticmethod
    def _joined(
        own: Sequence[Change], shared: Mapping[bytes, Sequence[Change]], machine: Walked, since: datetime | None
    ) -> list[Change]:
        mine = [*own, *history.since(shared.get(machine.evidence, ()), machine.evidence_since)]
        return sorted(history.since(mine, since))

    def _load(self, keys: Collection[bytes]) -> None:
        if len(self._opened) > _KEPT:
            self._opened.clear()  # a walk over all machines comes by every exposure that there is
        absent = [key for key in keys if key not in self._opened]
        gaps = exposures.gaps_by_exposure(self._connection, self._tenant, absent)
        effects = self._effects.effects(self._connection, self._tenant, {gap for mine in gaps.values() for gap in mine})
        for key, mine in gaps.items():
            self._opened[key] = _opened([effects[gap] for gap in mine])


def changed_since(tenant: TenantKey, since: datetime) -> ColumnElement[bool]:
    """The machines on which something may have changed after a moment."""
    own = and_(machine_change.c.tenant_id == tenant, machine_change.c.changed_at > since)
    shared = and_(refresh_change.c.tenant_id == tenant, refresh_change.c.changed_at > since)
    return or_(
        _machine.c.machine_id.in_(select(machine_change.c.machine_id).where(own)),
        _machine.c.evidence.in_(select(refresh_change.c.evidence).where(shared)),
    )


def first_seen(events: Sequence[Event], software: str, cve: str, otherwise: datetime) -> datetime:
    """Since when a CVE that is open now has been so; ``otherwise`` where the history does not go back that far."""
    for event in reversed(events):
        if cve not in event.was.cves.get(software, ()):
            return event.at
    return otherwise


def differences(
    was: Mapping[str, frozenset[str]], became: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, str, bool]]:
    """What came (True) and what went (False), by software: in order."""
    for software in sorted(was.keys() | became.keys()):
        before, after = was.get(software, frozenset()), became.get(software, frozenset())
        for item in sorted(before ^ after):
            yield software, item, item in after


def _opened(effects: Sequence[Effect]) -> Opened:
    return Opened(
        cves={effect.software: effect.open_cves for effect in effects},
        kbs={effect.software: effect.missing for effect in effects},
    )
