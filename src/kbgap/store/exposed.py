"""Tell on how many machines each CVE is open, from the counts of exposures: worked out once for each epoch.

Machines are never walked: those with the same exposure are counted as one. When a new epoch comes, only what has
changed since the last one is worked out again.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, Connection, and_, func, select

from kbgap.store import exposures, schema
from kbgap.store.effects import Effects
from kbgap.store.exposures import Gaps
from kbgap.store.recent import Recent
from kbgap.store.schema_answers import profile_exposure
from kbgap.store.tenants import Pointer, TenantKey
from kbgap.store.visible import in_scopes

_KEPT = 64  # pairs of tenant and scopes whose numbers are kept
_KEPT_GAPS = 100_000


@dataclass(frozen=True, slots=True)
class Exposed:
    """How many machines have each exposure and each open CVE, as of one epoch; ``gaps`` are those of each exposure."""

    revision: str
    epoch: int
    exposures: Mapping[bytes, int]
    cves: Mapping[str, int]
    gaps: Mapping[bytes, Gaps]

    @property
    def machines(self) -> int:
        """How many machines count."""
        return sum(self.exposures.values())

    @property
    def by_gap(self) -> Mapping[bytes, int]:
        """How many machines have each gap."""
        found: Counter[bytes] = Counter()
        for key, machines in self.exposures.items():
            for gap in self.gaps[key]:
                found[gap] += machines
        return found


class ExposedMachines:
    """The numbers of the last epochs, kept in memory and safe to share between threads."""

    def __init__(self) -> None:
        self._kept: Recent[tuple[int, frozenset[int]], Exposed] = Recent(_KEPT)
        self._gaps: Recent[bytes, Gaps] = Recent(_KEPT_GAPS)

    def at(
        self,
        connection: Connection,
        tenant: TenantKey,
        pointer: Pointer,
        scopes: Collection[int],
        effects: Effects,
    ) -> Exposed:
        """The numbers at this epoch. To be called in the snapshot in which the pointer was read."""
        revision = pointer.revision or ""
        key = (tenant, frozenset(scopes))
        known = self._kept.get(key)
        if known is not None and (known.revision, known.epoch) == (revision, pointer.epoch):
            return known
        now = _machines_by_exposure(connection, tenant, revision, scopes)
        found = self._worked_out(connection, tenant, pointer, now, known, effects)
        self._kept.put(key, found)
        return found

    def _worked_out(
        self,
        connection: Connection,
        tenant: TenantKey,
        pointer: Pointer,
        now: Mapping[bytes, int],
        before: Exposed | None,
        effects: Effects,
    ) -> Exposed:
        were = {} if before is None else before.exposures
        changes = {key: now.get(key, 0) - were.get(key, 0) for key in now.keys() | were.keys()}
        changes = {key: machines for key, machines in changes.items() if machines}
        gaps = dict(self._gaps_of(connection, tenant, now.keys()))
        changed = gaps | {key: before.gaps[key] for key in changes.keys() - gaps.keys() if before is not None}
        cves = Counter({} if before is None else before.cves)
        wanted = {gap for key in changes for gap in changed[key]}
        opened = effects.effects(connection, tenant, wanted)
        if len(opened) < len(wanted):  # a gap that nobody has any more is deleted: begin anew
            return self._worked_out(connection, tenant, pointer, now, None, effects)
        for key, machines in changes.items():
            for cve in frozenset().union(*(opened[gap].open_cves for gap in changed[key])):
                cves[cve] += machines
        return Exposed(
            revision=pointer.revision or "",
            epoch=pointer.epoch,
            exposures=now,
            cves={cve: machines for cve, machines in cves.items() if machines},
            gaps=gaps,
        )

    def _gaps_of(self, connection: Connection, tenant: TenantKey, keys: Collection[bytes]) -> Mapping[bytes, Gaps]:
        found = {key: gaps for key in keys if (gaps := self._gaps.get(key)) is not None}
        loaded = exposures.gaps_by_exposure(connection, tenant, [key for key in keys if key not in found])
        for key, gaps in loaded.items():
            self._gaps.put(key, gaps)
        return found | loaded


def _machines_by_exposure(
    connection: Connection, tenant: TenantKey, revision: str, scopes: Collection[int]
) -> dict[bytes, int]:
    population = schema.population
    joined = population.join(
        profile_exposure,
        and_(
            profile_exposure.c.tenant_id == population.c.tenant_id,
            profile_exposure.c.profile == population.c.profile,
        ),
    )
    machines = func.sum(population.c.machines).cast(BigInteger)
    statement = select(profile_exposure.c.exposure, machines).select_from(joined)
    mine = and_(
        population.c.tenant_id == tenant,
        population.c.machines > 0,
        profile_exposure.c.revision == revision,
        in_scopes(population.c.group_id, scopes),
    )
    rows = connection.execute(statement.where(mine).group_by(profile_exposure.c.exposure))
    return dict(map(tuple, rows))
