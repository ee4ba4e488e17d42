"""The inventories for export: every machine with what it has, recognised by a product rule or not."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_

from kbgap.core.end_of_support import Supported
from kbgap.odata.model import defender_model
from kbgap.store import schema
from kbgap.store.export_rows import AssetNonCpeSoftware, AssetSoftware, day, timestamp
from kbgap.store.on_machines import OnMachines
from kbgap.store.open_cves import StateCves
from kbgap.store.software_sets import Items
from kbgap.store.views import SEPARATOR, VENDOR
from kbgap.store.visible import in_scopes, is_counted
from kbgap.store.walking import Keeps, Path, Walked

NO_GROUPS, NO_GROUP = "None", "Unassigned"

_machine, _group = schema.machine, schema.machine_group
_COLUMNS: Mapping[str, ColumnElement[object]] = {
    "deviceId": _machine.c.machine_id,
    "rbacGroupId": _machine.c.group_id,
    "osPlatform": _machine.c.os_platform,
}


class _Item(NamedTuple):
    """One version of a software; ``weaknesses``: the CVEs that are open in it."""

    vendor: str
    name: str
    version: str
    weaknesses: int = 0


def group_name(machine: Walked, *, has_groups: bool) -> str:
    """The group of a machine in the words of the exports."""
    return machine.group_name or (NO_GROUP if has_groups else NO_GROUPS)


def recognised_software(
    on_machines: OnMachines, scopes: Collection[int], supported: Supported, *, has_groups: bool
) -> Path[AssetSoftware, _Item]:
    """Every machine that counts, with Windows, its components and every program that a product rule knows."""

    def read(machines: Sequence[Walked], _keeps: Keeps | None) -> Sequence[Sequence[_Item]]:
        states, lists = on_machines.states(machines), _lists(on_machines, machines)
        return [
            _recognised(on_machines, machine, states[machine.profile], lists.get(machine.software_set or b"", ()))
            for machine in machines
        ]

    def build(machine: Walked, item: _Item) -> AssetSoftware:
        support = supported(item.name, item.version or None)
        return AssetSoftware(
            device_id=machine.machine_id,
            rbac_group_id=machine.group_id,
            rbac_group_name=group_name(machine, has_groups=has_groups),
            device_name=machine.name or "",
            os_platform=machine.platform,
            software_vendor=item.vendor,
            software_name=item.name,
            software_version=item.version or None,
            number_of_weaknesses=item.weaknesses,
            end_of_support_status=support.status,
            end_of_support_date=day(support.until),
        )

    return Path(
        of=defender_model().type("AssetSoftware"),
        where=_counted(on_machines, scopes),
        columns=_COLUMNS,
        shared=frozenset(),
        read=read,
        key=_key,
        build=build,
        by_machine="deviceId",
    )


def other_software(
    on_machines: OnMachines, scopes: Collection[int], *, has_groups: bool
) -> Path[AssetNonCpeSoftware, _Item]:
    """Every machine that counts, with every program that no product rule knows."""

    def read(machines: Sequence[Walked], _keeps: Keeps | None) -> Sequence[Sequence[_Item]]:
        lists = _lists(on_machines, machines)
        listed = {
            key: sorted({_Item(i.vendor, i.name, i.version) for i in items if not i.is_recognised}, key=_key)
            for key, items in lists.items()
        }
        return [listed.get(machine.software_set or b"", []) for machine in machines]

    def build(machine: Walked, item: _Item) -> AssetNonCpeSoftware:
        return AssetNonCpeSoftware(
            device_id=machine.machine_id,
            rbac_group_id=machine.group_id,
            rbac_group_name=group_name(machine, has_groups=has_groups),
            device_name=machine.name or "",
            os_platform=machine.platform,
            software_vendor=item.vendor,
            software_name=item.name,
            software_version=item.version or None,
            software_last_seen_timestamp=timestamp(machine.last_seen),
        )

    return Path(
        of=defender_model().type("AssetNonCpeSoftware"),
        where=and_(_counted(on_machines, scopes), _machine.c.software_set.is_not(None)),
        columns=_COLUMNS,
        shared=frozenset(),
        read=read,
        key=_key,
        build=build,
        by_machine="deviceId",
    )


def _recognised(
    on_machines: OnMachines, machine: Walked, states: Sequence[StateCves], listed: Items
) -> Sequence[_Item]:
    """What is judged on a machine, and what else of its list a product rule knows."""
    judged = {
        state.software: _Item(
            VENDOR,
            state.software,
            on_machines.version(machine, state) or "",
            len({one.cve for one in state.open_cves}),
        )
        for state in states
    }
    others = {
        _Item(item.vendor, item.software.partition(SEPARATOR)[2], item.version)
        for item in listed
        if item.is_recognised and item.software.removeprefix(VENDOR + SEPARATOR) not in judged
    }
    return sorted({*judged.values(), *others}, key=_key)


def _counted(on_machines: OnMachines, scopes: Collection[int]) -> ColumnElement[bool]:
    return and_(_machine.c.tenant_id == on_machines.tenant, is_counted(), in_scopes(_machine.c.group_id, scopes))


def _lists(on_machines: OnMachines, machines: Sequence[Walked]) -> Mapping[bytes, Items]:
    keys = {machine.software_set for machine in machines if machine.software_set is not None}
    return on_machines.effects.listed(on_machines.connection, on_machines.tenant, keys)


def _key(item: _Item) -> str:
    return SEPARATOR.join(item[:3])
