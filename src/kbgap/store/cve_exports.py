"""The vulnerabilities for export: every machine with every CVE that is open on it, and what came and went lately."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_

from kbgap.core.end_of_support import Supported
from kbgap.core.urls import update_url
from kbgap.odata.model import defender_model
from kbgap.store import schema
from kbgap.store.cves import Addressed, CveFact, UpdateFact
from kbgap.store.export_rows import AssetVulnerability, DeltaAssetVulnerability, day, timestamp
from kbgap.store.inventory_exports import group_name
from kbgap.store.on_machines import OnMachines, Open
from kbgap.store.open_cves import OpenCve
from kbgap.store.recommendations import recommendation_id
from kbgap.store.software_view import SoftwareId
from kbgap.store.timelines import Event, Timelines, changed_since, differences, first_seen
from kbgap.store.views import SEPARATOR, VENDOR
from kbgap.store.visible import in_scopes, is_counted
from kbgap.store.walking import Keeps, Path, Walked

_machine = schema.machine
_COLUMNS = {
    "deviceId": _machine.c.machine_id,
    "rbacGroupId": _machine.c.group_id,
    "osPlatform": _machine.c.os_platform,
}
_SHARED = frozenset({"softwareVendor", "softwareName", "cveId", "vulnerabilitySeverityLevel"})
_IN_ID = "_"
_MACHINES, _SOFTWARE = 4, 10_000  # whose members are kept while their rows are made, one after the other
_CVE = attrgetter("cve")
_UNKNOWN = CveFact("Low", 0.0, is_exploited=False)


class _OpenSince(NamedTuple):
    """What is open, and since when."""

    software: str
    version: str | None
    cve: str
    kb: str
    first_seen: datetime


class _Happened(NamedTuple):
    """What came or went at a moment."""

    at: datetime
    is_new: bool
    what: _OpenSince


class CveExport:
    """Makes the rows of both lists, in one snapshot."""

    def __init__(
        self, on_machines: OnMachines, timelines: Timelines, supported: Supported, *, has_groups: bool
    ) -> None:
        self.on_machines = on_machines
        self.timelines = timelines
        self._supported = supported
        self._has_groups = has_groups
        connection, revision = on_machines.connection, on_machines.revision
        self._updates: Mapping[str, UpdateFact] = on_machines.effects.updates(connection, revision)
        self._machine_of = lru_cache(maxsize=_MACHINES)(self.of_machine)
        self._software_of = lru_cache(maxsize=_SOFTWARE)(self.of_software)
        self._cve_of = lru_cache(maxsize=None)(self.of_cve)
        self._kb_of = lru_cache(maxsize=None)(self.of_kb)
        self._addressed: Addressed = on_machines.effects.addressed(connection, revision)

    def open_now(self, scopes: Collection[int]) -> Path[AssetVulnerability, _OpenSince]:
        """Every machine that counts, with every CVE that is open there and the KB that first closed it."""

        def read(machines: Sequence[Walked], keeps: Keeps | None) -> Sequence[Sequence[_OpenSince]]:
            found = self.on_machines.read(machines, keeps, self._members, self.first_kbs)
            events = self.timelines.of(machines)
            return [
                [self._open_since(machine, one, events[machine.machine_id]) for one in opened]
                for machine, opened in zip(machines, found, strict=True)
            ]

        def build(machine: Walked, what: _OpenSince) -> AssetVulnerability:
            return AssetVulnerability(**self._row(machine, what))  # type: ignore[arg-type] # by name

        return Path(
            of=defender_model().type("AssetVulnerability"),
            where=self.counted(scopes),
            columns=_COLUMNS,
            shared=_SHARED,
            read=read,
            key=lambda what: SEPARATOR.join((what.software, what.cve)),
            build=build,
            by_machine="deviceId",
        )

    def changes(self, scopes: Collection[int], since: datetime) -> Path[DeltaAssetVulnerability, _Happened]:
        """Every machine that counts, with every CVE that came or went after a moment."""

        def read(machines: Sequence[Walked], _keeps: Keeps | None) -> Sequence[Sequence[_Happened]]:
            events = self.timelines.of(machines)
            states = self.on_machines.states(machines)
            found = []
            for machine in machines:
                here = {s.software: self.on_machines.version(machine, s) for s in states[machine.profile]}
                found.append(sorted(self._happened(machine, events[machine.machine_id], since, here), key=_key))
            return found

        def build(machine: Walked, happened: _Happened) -> DeltaAssetVulnerability:
            return DeltaAssetVulnerability(
                **self._row(machine, happened.what),  # type: ignore[arg-type] # by name
                status="New" if happened.is_new else "Fixed",
                event_timestamp=happened.at,
            )

        return Path(
            of=defender_model().type("DeltaAssetVulnerability"),
            where=and_(self.counted(scopes), changed_since(self.on_machines.tenant, since)),
            columns=_COLUMNS,
            shared=frozenset(),
            read=read,
            key=_key,
            build=build,
            by_machine="deviceId",
        )

    def counted(self, scopes: Collection[int]) -> ColumnElement[bool]:
        """The machines that are exported."""
        mine = _machine.c.tenant_id == self.on_machines.tenant
        return and_(mine, is_counted(), in_scopes(_machine.c.group_id, scopes))

    def _happened(
        self, machine: Walked, events: Sequence[Event], since: datetime, versions: Mapping[str, str | None]
    ) -> list[_Happened]:
        happened = []
        for number, event in enumerate(events):
            if event.at <= since:
                continue
            for software, cve, is_new in differences(event.was.cves, event.became.cves):
                kbs = (event.became if is_new else event.was).kbs.get(software, frozenset())
                closing = [kb for kb in kbs if cve in self._addressed.get((software, kb), ())]
                began = event.at if is_new else first_seen(events[:number], software, cve, machine.first_seen)
                what = _OpenSince(software, versions.get(software), cve, self._first_of(closing), began)
                happened.append(_Happened(event.at, is_new, what))
        return happened

    def _open_since(self, machine: Walked, opened: Open, events: Sequence[Event]) -> _OpenSince:
        state, one = opened
        version = self.on_machines.version(machine, state)
        began = first_seen(events, one.software, one.cve, machine.first_seen)
        return _OpenSince(one.software, version, one.cve, one.kb, began)

    def first_kbs(self, opened: tuple[OpenCve, ...]) -> tuple[OpenCve, ...]:
        """Of several KBs that close a CVE the one that was released first."""
        by_cve = (tuple(several) for _, several in groupby(opened, key=_CVE))
        return tuple(s[0] if len(s) == 1 else min(s, key=lambda one: self._age(one.kb)) for s in by_cve)

    def _first_of(self, kbs: Sequence[str]) -> str:
        return min(kbs, key=self._age, default="")

    def _age(self, kb: str) -> tuple[str, int]:
        return (self._updates[kb].released if kb in self._updates else "9"), int(kb)

    def _members(self, one: OpenCve) -> Mapping[str, object]:
        return {
            "softwareVendor": VENDOR,
            "softwareName": one.software,
            "cveId": one.cve,
            "vulnerabilitySeverityLevel": self.on_machines.severity(one.cve),
        }

    def _row(self, machine: Walked, what: _OpenSince) -> dict[str, object]:
        return {
            "id": _IN_ID.join((machine.machine_id, VENDOR, what.software, what.version or "", what.cve)),
            **self._machine_of(machine),
            **self._software_of(what.software, what.version),
            **self._cve_of(what.cve),
            **self._kb_of(what.kb),
            "first_seen_timestamp": timestamp(what.first_seen),
        }

    def of_machine(self, machine: Walked) -> dict[str, object]:
        """The members of a row that say which machine it is."""
        return {
            "device_id": machine.machine_id,
            "rbac_group_id": machine.group_id,
            "rbac_group_name": group_name(machine, has_groups=self._has_groups),
            "device_name": machine.name or "",
            "os_platform": machine.platform,
            "os_version": machine.build,
            "os_architecture": machine.architecture,
            "last_seen_timestamp": timestamp(machine.last_seen),
        }

    def of_software(self, software: str, version: str | None) -> dict[str, object]:
        """Those that say which software it is."""
        support = self._supported(software, version)
        return {
            "software_vendor": VENDOR,
            "software_name": software,
            "software_version": version,
            "end_of_support_status": support.status,
            "end_of_support_date": day(support.until),
            "recommendation_reference": recommendation_id(SoftwareId(VENDOR, software)),
        }

    def of_cve(self, cve: str) -> dict[str, object]:
        """Those that say which CVE it is."""
        fact = self.on_machines.facts.get(cve, _UNKNOWN)
        return {
            "cve_id": cve,
            "vulnerability_severity_level": fact.severity,
            "exploitability_level": "ExploitIsVerified" if fact.is_exploited else "NoExploit",
            "cvss_score": fact.cvss,
        }

    def of_kb(self, kb: str) -> dict[str, object]:
        """Those that say which KB closes it; an empty ``kb`` is none."""
        return {
            "recommended_security_update": self._updates[kb].name if kb in self._updates else None,
            "recommended_security_update_id": kb or None,
            "recommended_security_update_url": update_url(kb) if kb else None,
            "security_update_available": bool(kb),
        }


def _key(happened: _Happened) -> str:
    moment = happened.at.astimezone(UTC).strftime("%Y%m%d%H%M%S%f")
    return SEPARATOR.join((moment, happened.what.software, happened.what.cve, str(happened.is_new)))
