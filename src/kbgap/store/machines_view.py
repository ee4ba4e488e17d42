"""Machines as the API shows them, whole."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Row,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
)

from kbgap.odata.model import defender_model
from kbgap.store import schema
from kbgap.store.filtering import Columns
from kbgap.store.listing import View
from kbgap.store.schema_answers import exposure, profile_exposure
from kbgap.store.tenants import TenantKey
from kbgap.store.visible import decode_tags, heard_machines, in_scopes, tags

_machine, _seen, _group = schema.machine, schema.machine_seen, schema.machine_group
_LARGE: Final = ("x64", "arm64", "ia64")
_SMALL: Final = ("x86", "arm")
_TAGS = msgspec.json.Decoder(tuple[str, ...])


class IpAddress(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """MachineIpAddress: reports name the address alone."""

    ip_address: str | None
    mac_address: str | None = None
    type: str | None = None
    operational_status: str | None = None


class Machine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Machine, with the members in the order of the service's own description.

    What no report tells is null, or what the contract gives for it: kbgap raises no alerts (``risk_score`` None), sets
    no value on machines, and knows nothing of who manages them.
    """

    id: str
    merged_into_machine_id: str | None = None
    is_potential_duplication: bool = False
    is_excluded: bool
    exclusion_reason: str | None
    computer_dns_name: str | None
    first_seen: datetime | None
    last_seen: datetime | None
    os_platform: str | None
    os_processor: str | None
    version: str | None
    last_ip_address: str | None
    last_external_ip_address: str | None = None
    agent_version: str | None = None
    os_build: int | None
    health_status: str
    device_value: str = "Normal"
    rbac_group_id: int
    rbac_group_name: str | None
    ip_addresses: tuple[IpAddress, ...]
    risk_score: str | None = "None"
    exposure_level: str
    is_aad_joined: bool | None = None
    aad_device_id: str | None = None
    machine_tags: tuple[str, ...]
    vm_metadata: None = None
    onboarding_status: str
    os_architecture: str | None
    managed_by: str = "Unknown"
    managed_by_status: str = "Unknown"


# --- views --------------------------------------------------------------------------------------------------------


def machines(tenant: TenantKey, scopes: Collection[int], which: ColumnElement[bool] | None = None) -> View[Machine]:
    """Every machine, whether it counts or not; ``which`` narrows them down by the columns of ``schema.machine``."""
    wanted = and_(_machine.c.tenant_id == tenant, in_scopes(_machine.c.group_id, scopes))
    return View(
        source=_with_exposure(),
        where=wanted if which is None else wanted & which,
        columns=MACHINE_COLUMNS,
        build=_machine_of,
        rows=defender_model().type("Machine"),
        token="id",  # noqa: S106 - the name of a column
    )


def _with_exposure() -> FromClause:
    pointer = schema.tenant_pointer
    return (
        heard_machines()
        .join(pointer, pointer.c.tenant_id == _machine.c.tenant_id)
        .outerjoin(
            profile_exposure,
            and_(
                profile_exposure.c.tenant_id == _machine.c.tenant_id,
                profile_exposure.c.profile == _machine.c.profile,
                profile_exposure.c.revision == pointer.c.revision,
            ),
        )
        .outerjoin(
            exposure,
            and_(
                exposure.c.tenant_id == profile_exposure.c.tenant_id,
                exposure.c.exposure == profile_exposure.c.exposure,
            ),
        )
    )


# --- columns ------------------------------------------------------------------------------------------------------


def _same(*, value: str | bool) -> ColumnElement[Any]:
    """A column that is the same for every machine."""
    return literal(value, Boolean() if isinstance(value, bool) else Text())


_nothing: ColumnElement[Any] = cast(null(), Text)
_bits = case(
    (_machine.c.architecture.in_(_LARGE), "64-bit"), (_machine.c.architecture.in_(_SMALL), "32-bit"), else_=_nothing
)

MACHINE_COLUMNS: Columns = {
    "id": _machine.c.machine_id,
    "mergedIntoMachineId": _nothing,
    "isPotentialDuplication": _same(value=False),
    "isExcluded": _machine.c.exclusion.is_not(None),
    "exclusionReason": _machine.c.exclusion,
    "computerDnsName": _machine.c.computer_dns_name,
    "firstSeen": _machine.c.first_seen,
    "lastSeen": _seen.c.last_seen,
    "osPlatform": _machine.c.os_platform,
    "osProcessor": _machine.c.architecture,
    "version": _machine.c.version,
    "lastIpAddress": _machine.c.last_ip_address,
    "lastExternalIpAddress": _nothing,
    "agentVersion": _nothing,
    "osBuild": _machine.c.os_build,
    "healthStatus": case((_seen.c.is_silent, "Inactive"), else_=literal("Active", Text())),
    "deviceValue": _same(value="Normal"),
    "rbacGroupId": _machine.c.group_id,
    "rbacGroupName": _group.c.name,
    "riskScore": _same(value="None"),
    "exposureLevel": func.coalesce(exposure.c.level, "None", type_=Text()),
    "isAadJoined": cast(null(), Boolean),
    "aadDeviceId": _nothing,
    "machineTags": tags,
    "onboardingStatus": case((_machine.c.is_outside, "Unsupported"), else_=literal("Onboarded", Text())),
    "osArchitecture": _bits,
    "managedBy": _same(value="Unknown"),
    "managedByStatus": _same(value="Unknown"),
}

_FROM_ROW = {
    public: field
    for public, field in zip(Machine.__struct_encode_fields__, Machine.__struct_fields__, strict=True)
    if public in MACHINE_COLUMNS and public != "machineTags"
}


def _machine_of(row: Row[Any]) -> Machine:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    members = {field: columns[public] for public, field in _FROM_ROW.items()}
    address = columns["lastIpAddress"]
    addresses = () if address is None else (IpAddress(ip_address=address),)
    return Machine(**members, ip_addresses=addresses, machine_tags=decode_tags(columns["machineTags"]))
