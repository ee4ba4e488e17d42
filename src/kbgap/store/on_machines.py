"""Read what is open on machines, in one snapshot: states are read and filtered once for all machines with them."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection, and_, select

from kbgap.store import schema
from kbgap.store.effects import Effects
from kbgap.store.open_cves import OpenCve, OpenCves, StateCves
from kbgap.store.tenants import TenantKey
from kbgap.store.walking import Keeps, Walked, batches

Open = tuple[StateCves, OpenCve]


class OnMachines:
    """What is open on machines of one tenant at one revision."""

    def __init__(
        self, connection: Connection, tenant: TenantKey, revision: str, effects: Effects, open_cves: OpenCves
    ) -> None:
        self.connection = connection
        self.tenant = tenant
        self.revision = revision
        self.effects = effects
        self._open_cves = open_cves
        self._kept: dict[bytes, tuple[OpenCve, ...]] = {}
        self.facts = effects.cve_facts(connection, revision)
        self._systems = _systems(connection, revision)

    def states(self, machines: Sequence[Walked]) -> dict[bytes, list[StateCves]]:
        """What is open in each state of these machines' profiles, by software."""
        members = self.effects.members(self.connection, self.tenant, {machine.profile for machine in machines})
        wanted = {state for _, states in members.values() for state in states}
        found = self._open_cves.of(self.connection, self.tenant, self.revision, wanted)
        return {
            profile: sorted((found[key] for key in states), key=lambda state: state.software)
            for profile, (_, states) in members.items()
        }

    def read(
        self,
        machines: Sequence[Walked],
        keeps: Keeps | None,
        members: Callable[[OpenCve], Mapping[str, object]],
        choose: Callable[[tuple[OpenCve, ...]], tuple[OpenCve, ...]] = tuple,
    ) -> Sequence[Sequence[Open]]:
        """What is open on each machine, by software, CVE and KB: what ``choose`` leaves of it and the filter keeps."""
        states = self.states(machines)
        on_profile = {
            profile: [(state, one) for state in mine for one in self._kept_of(state, keeps, members, choose)]
            for profile, mine in states.items()
        }
        return [on_profile[machine.profile] for machine in machines]

    def version(self, machine: Walked, state: StateCves) -> str | None:
        """The version of a software on a machine; where its state is silent, Windows itself has the reported build."""
        return machine.build if state.version is None and state.software in self._systems else state.version

    def windows(self, machine_id: str) -> tuple[str, str | None] | None:
        """The software and version of a machine's operating system; None where nothing of it is judged."""
        wanted = and_(schema.machine.c.tenant_id == self.tenant, schema.machine.c.machine_id == machine_id)
        for machine in next(batches(self.connection, wanted), ()):
            for state in self.states([machine]).get(machine.profile, ()):
                if state.software in self._systems:
                    return state.software, self.version(machine, state)
        return None

    def severity(self, cve: str) -> str:
        """The API's word."""
        return self.facts[cve].severity if cve in self.facts else "Low"

    def _kept_of(
        self,
        state: StateCves,
        keeps: Keeps | None,
        members: Callable[[OpenCve], Mapping[str, object]],
        choose: Callable[[tuple[OpenCve, ...]], tuple[OpenCve, ...]],
    ) -> tuple[OpenCve, ...]:
        known = self._kept.get(state.key)
        if known is None:
            chosen = choose(state.open_cves)
            known = chosen if keeps is None else tuple(one for one in chosen if keeps(members(one)))
            self._kept[state.key] = known
        return known


def _systems(connection: Connection, revision: str) -> frozenset[str]:
    """The operating systems of a catalogue."""
    software = schema.catalogue_software.c
    mine = and_(software.revision == revision, software.is_system)
    return frozenset(connection.scalars(select(software.software).where(mine)))
