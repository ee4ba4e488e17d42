"""The longest list: every machine with every CVE that is open on it, and the KB that closes it there."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, and_, select

from kbgap.odata.model import defender_model
from kbgap.store import schema
from kbgap.store.effects import Effects
from kbgap.store.open_cves import OpenCve, OpenCves, StateCves
from kbgap.store.tenants import TenantKey
from kbgap.store.views import SEPARATOR, VENDOR
from kbgap.store.visible import in_scopes, is_counted
from kbgap.store.walking import Keeps, Path, Walked

_machine = schema.machine
_SHARED = frozenset({"cveId", "fixingKbId", "productName", "productVendor", "severity"})


class MachineVulnerability(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """PublicAssetVulnerabilityDto: one open CVE of one software on one machine, and one KB that closes it."""

    id: str | None
    cve_id: str | None
    machine_id: str | None
    fixing_kb_id: str | None
    product_name: str | None
    product_vendor: str | None
    product_version: str | None
    severity: str | None


class MachineCves:
    """Reads what is open on machines, in one snapshot; states are read and filtered once for all machines with them."""

    def __init__(
        self,
        connection: Connection,
        tenant: TenantKey,
        revision: str,
        effects: Effects,
        open_cves: OpenCves,
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self._revision = revision
        self._effects = effects
        self._open_cves = open_cves
        self._kept: dict[bytes, tuple[OpenCve, ...]] = {}
        self.facts = effects.cve_facts(connection, revision)
        self.systems = _systems(connection, revision)

    def path(self, scopes: Collection[int]) -> Path[MachineVulnerability, tuple[StateCves, OpenCve]]:
        """Every machine that counts, with every CVE that is open there."""
        return Path(
            of=defender_model().type("PublicAssetVulnerabilityDto"),
            where=and_(_machine.c.tenant_id == self._tenant, is_counted(), in_scopes(_machine.c.group_id, scopes)),
            columns={"machineId": _machine.c.machine_id},
            shared=_SHARED,
            read=self.read,
            key=lambda payload: SEPARATOR.join(payload[1]),
            build=self._row,
            by_machine="machineId",
        )

    def read(self, machines: Sequence[Walked], keeps: Keeps | None) -> Sequence[Sequence[tuple[StateCves, OpenCve]]]:
        """What is open on each of these machines: by software, CVE and KB."""
        members = self._effects.members(self._connection, self._tenant, {machine.profile for machine in machines})
        wanted = {state for _, states in members.values() for state in states}
        found = self._open_cves.of(self._connection, self._tenant, self._revision, wanted)
        for key in wanted - self._kept.keys():
            opened = found[key].open_cves
            kept = opened if keeps is None else tuple(one for one in opened if keeps(self._members(one)))
            self._kept[key] = kept
        on_profile = {
            profile: [
                (found[key], one)
                for key in sorted(states, key=lambda state: found[state].software)
                for one in self._kept[key]
            ]
            for profile, (_, states) in members.items()
        }
        return [on_profile[machine.profile] for machine in machines]

    def version(self, machine: Walked, state: StateCves) -> str | None:
        """The version of a software on a machine; where its state is silent, Windows itself has the reported build."""
        return machine.build if state.version is None and state.software in self.systems else state.version

    def severity(self, cve: str) -> str:
        """The API's word."""
        return self.facts[cve].severity if cve in self.facts else "Low"

    def _members(self, one: OpenCve) -> Mapping[str, object]:
        return {
            "cveId": one.cve,
            "fixingKbId": one.kb,
            "productName": one.software,
            "productVendor": VENDOR,
            "severity": self.severity(one.cve),
        }

    def _row(self, machine: Walked, payload: tuple[StateCves, OpenCve]) -> MachineVulnerability:
        state, one = payload
        version = self.version(machine, state)
        parts = (machine.machine_id, one.cve, VENDOR, one.software, version or "", one.kb)
        return MachineVulnerability(
            id=SEPARATOR.join(parts),
            cve_id=one.cve,
            machine_id=machine.machine_id,
            fixing_kb_id=one.kb,
            product_name=one.software,
            product_vendor=VENDOR,
            product_version=version,
            severity=self.severity(one.cve),
        )


def _systems(connection: Connection, revision: str) -> frozenset[str]:
    """The operating systems of a catalogue."""
    software = schema.catalogue_software.c
    mine = and_(software.revision == revision, software.is_system)
    return frozenset(connection.scalars(select(software.software).where(mine)))
