"""Machines as other lists name them: short references, of those machines that count."""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Row, Text, and_, cast, func, null

from kbgap.odata.model import defender_model
from kbgap.store import schema
from kbgap.store.counts import WHOLE_TENANT
from kbgap.store.filtering import Columns
from kbgap.store.listing import View
from kbgap.store.tenants import TenantKey
from kbgap.store.visible import decode_tags, heard_machines, in_scopes, is_counted, tags

_machine, _group = schema.machine, schema.machine_group


class MachineReference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """PublicAssetDto: one machine, as other lists name it."""

    id: str
    computer_dns_name: str | None
    os_platform: str | None
    asset_criticality_level: str | None
    tags: tuple[str, ...]
    rbac_group_name: str | None
    rbac_group_id: int | None


def references(
    tenant: TenantKey, scopes: Collection[int], which: ColumnElement[bool] | None = None
) -> View[MachineReference]:
    """The machines that count, as references; ``which`` as for ``machines``."""
    wanted = and_(_machine.c.tenant_id == tenant, in_scopes(_machine.c.group_id, scopes), is_counted())
    return View(
        source=heard_machines(),
        where=wanted if which is None else wanted & which,
        columns=_REFERENCE_COLUMNS,
        build=_reference_of,
        rows=defender_model().type("PublicAssetDto"),
        token="id",  # noqa: S106 - as above
    )


_REFERENCE_COLUMNS: Columns = {
    "id": _machine.c.machine_id,
    "computerDnsName": _machine.c.computer_dns_name,
    "osPlatform": _machine.c.os_platform,
    "assetCriticalityLevel": cast(null(), Text),
    "tags": tags,
    "rbacGroupName": _group.c.name,
    "rbacGroupId": cast(func.nullif(_machine.c.group_id, WHOLE_TENANT), BigInteger),
}


def _reference_of(row: Row[Any]) -> MachineReference:
    machine_id, name, platform, critical, tagged, group, group_id = tuple(row)
    return MachineReference(
        id=machine_id,
        computer_dns_name=name,
        os_platform=platform,
        asset_criticality_level=critical,
        tags=decode_tags(tagged),
        rbac_group_name=group,
        rbac_group_id=group_id,
    )
