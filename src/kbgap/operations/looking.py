"""One look at a tenant: all answers that are made of it see the same catalogue, the same counts and the same moment."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from kbgap.store import accepted, risk, software_view, tenants
from kbgap.store.counts import WHOLE_TENANT
from kbgap.store.cves import Addressed
from kbgap.store.database import Database, Transaction
from kbgap.store.effect import Effect
from kbgap.store.exposed import Exposed
from kbgap.store.on_machines import OnMachines
from kbgap.store.risk import Accepted
from kbgap.store.software_view import Gaps
from kbgap.store.tenants import Pointer, TenantKey, tenant_key
from kbgap.store.timelines import Timelines
from kbgap.store.views import Software
from kbgap.store.vulnerabilities import Standing

EVERYTHING: Collection[int] = (WHOLE_TENANT,)

_Count = Callable[[Exposed, Accepted, Mapping[bytes, Effect], Addressed], Counter[str]]


@dataclass(frozen=True)
class Look:
    """A snapshot of the database, and whose rows are read in it: those of some scopes of a tenant."""

    database: Database
    connection: Transaction
    tenant: TenantKey
    pointer: Pointer
    scopes: Collection[int]
    now: datetime

    @property
    def revision(self) -> str:
        """The catalogue of the answers; empty before the first."""
        return self.pointer.revision or ""

    @cached_property
    def exposed(self) -> Exposed:
        """On how many machines each CVE is open."""
        return self._exposed(self.scopes)

    @cached_property
    def effects(self) -> Mapping[bytes, Effect]:
        """Every gap that some machine has."""
        gaps = {gap for mine in self.exposed.gaps.values() for gap in mine}
        return self.database.effects.effects(self.connection, self.tenant, gaps)

    @cached_property
    def on_machines(self) -> OnMachines:
        """What is open on each machine."""
        effects, open_cves = self.database.effects, self.database.open_cves
        return OnMachines(self.connection, self.tenant, self.revision, effects, open_cves)

    @cached_property
    def timelines(self) -> Timelines:
        """What was open on machines over time."""
        return Timelines(self.connection, self.tenant, self.database.effects)

    @cached_property
    def accepted(self) -> Mapping[int, Accepted]:
        """What is accepted at this moment, by machine group; 0 is everybody."""
        return risk.by_group(r for r in accepted.every(self.connection, self.tenant) if r.is_active(self.now))

    @cached_property
    def standing(self) -> Standing:
        """On how many machines each CVE is open, and whether that is accepted."""
        accepted_on = self._over_groups(risk.accepted_on) if self.accepted else Counter[str]()
        whole = frozenset(cve for cve, machines in accepted_on.items() if machines >= self.exposed.cves.get(cve, 0))
        return Standing(exposed=self.exposed.cves, accepted=whole, partly_accepted=frozenset(+accepted_on) - whole)

    @cached_property
    def software_accepted_on(self) -> Counter[str]:
        """On how many machines all that is open in a software is accepted, by software."""
        return self._over_groups(risk.software_accepted_on) if self.accepted else Counter()

    @cached_property
    def gaps(self) -> Gaps:
        """What machines lack, with what it weighs."""
        weights = self.database.effects.weights(self.connection, self.tenant, self.revision, set(self.effects))
        facts = self.database.effects.cve_facts(self.connection, self.revision)
        return Gaps(self.exposed, self.effects, weights, facts)

    @cached_property
    def software(self) -> Sequence[Software]:
        """Every software that some machine has, by id."""
        return software_view.software(self.connection, self.tenant, self.gaps, self.scopes)

    @cached_property
    def kbs_accepted_on(self) -> Counter[str]:
        """On how many machines each KB is missing and accepted."""
        return self._over_groups(risk.kbs_accepted_on) if self.accepted else Counter()

    def _over_groups(
        self, count: Callable[[Exposed, Accepted, Mapping[bytes, Effect], Addressed], Counter[str]]
    ) -> Counter[str]:
        """Machines counted for everybody's exceptions, and for those of each group that the caller sees."""
        addressed = self.database.effects.addressed(self.connection, self.revision)
        everybody = self.accepted.get(WHOLE_TENANT, Accepted())
        found = count(self.exposed, everybody, self.effects, addressed)
        for group in risk.groups_with(self.accepted, self.scopes):
            theirs = self._exposed((group,))
            found += count(theirs, everybody | self.accepted[group], self.effects, addressed)
            found -= count(theirs, everybody, self.effects, addressed)
        return found

    def _exposed(self, scopes: Collection[int]) -> Exposed:
        return self.database.exposed.at(self.connection, self.tenant, self.pointer, scopes, self.database.effects)


@contextmanager
def looking(database: Database, tenant: str, scopes: Collection[int], now: datetime) -> Iterator[Look]:
    """Look at a tenant (its GUID); NotFound when there is none."""
    with database.answers.snapshot() as connection:
        pointer = tenants.pointer(connection, tenant)
        yield Look(
            database=database,
            connection=connection,
            tenant=tenant_key(tenant),
            pointer=pointer,
            scopes=scopes,
            now=now,
        )
