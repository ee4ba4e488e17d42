"""The longest list: every machine with every CVE that is open on it, and the KB that closes it there."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
from sqlalchemy import and_

from kbgap.odata.model import defender_model
from kbgap.store import schema
from kbgap.store.on_machines import OnMachines, Open
from kbgap.store.open_cves import OpenCve
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


def machine_cves(on_machines: OnMachines, scopes: Collection[int]) -> Path[MachineVulnerability, Open]:
    """Every machine that counts, with every CVE that is open there."""

    def members(one: OpenCve) -> Mapping[str, object]:
        return {
            "cveId": one.cve,
            "fixingKbId": one.kb,
            "productName": one.software,
            "productVendor": VENDOR,
            "severity": on_machines.severity(one.cve),
        }

    def read(machines: Sequence[Walked], keeps: Keeps | None) -> Sequence[Sequence[Open]]:
        return on_machines.read(machines, keeps, members)

    def build(machine: Walked, payload: Open) -> MachineVulnerability:
        state, one = payload
        version = on_machines.version(machine, state)
        parts = (machine.machine_id, one.cve, VENDOR, one.software, version or "", one.kb)
        return MachineVulnerability(
            id=SEPARATOR.join(parts),
            cve_id=one.cve,
            machine_id=machine.machine_id,
            fixing_kb_id=one.kb,
            product_name=one.software,
            product_vendor=VENDOR,
            product_version=version,
            severity=on_machines.severity(one.cve),
        )

    return Path(
        of=defender_model().type("PublicAssetVulnerabilityDto"),
        where=and_(_machine.c.tenant_id == on_machines.tenant, is_counted(), in_scopes(_machine.c.group_id, scopes)),
        columns={"machineId": _machine.c.machine_id},
        shared=_SHARED,
        read=read,
        key=lambda payload: SEPARATOR.join(payload[1]),
        build=build,
        by_machine="machineId",
    )
