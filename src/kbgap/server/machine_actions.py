"""Change what administrators decide about a machine: its tags, and whether it counts."""

from collections.abc import Callable
from typing import Literal

import msgspec
from starlette.responses import Response

from kbgap.auth.permissions import Principal
from kbgap.odata.options import Query
from kbgap.operations import change_machines
from kbgap.operations.audit_log import By
from kbgap.server.answers import as_ascii_json, odata_answer
from kbgap.server.asked import Asked
from kbgap.server.json_bodies import read_json
from kbgap.server.operation import Call
from kbgap.server.read_machines import ONE
from kbgap.server.rows import as_entity, asked
from kbgap.store.machines_view import Machine

Reason = Literal["Other", "InactiveDevice", "DuplicateDevice", "DeviceDoesNotExist", "DeviceOutOfScope"]


class TagChange(msgspec.Struct, frozen=True, kw_only=True):
    """One tag of a machine to add or to take away; the service writes these members in PascalCase."""

    value: str = msgspec.field(name="Value")
    action: Literal["Add", "Remove"] = msgspec.field(name="Action")


class ExclusionChange(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a machine is left out of the counts, and why; a reason is needed to leave it out."""

    is_excluded: bool = msgspec.field(name="IsExcluded")
    reason: Reason = msgspec.field(name="ExclusionReason", default="Other")


async def change_tag(call: Call, principal: Principal) -> Response:
    """``POST /api/machines/{id}/tags``."""
    change = await read_json(call, TagChange)

    def work(its: Asked) -> Machine:
        return change_machines.change_tag(
            its.database, its.tenant, its.id, change.value, change.action, _by(call, principal), its.scopes
        )

    return await _answer(call, principal, work)


async def change_exclusion(call: Call, principal: Principal) -> Response:
    """``POST /api/machines/{id}/setexclusion``."""
    change = await read_json(call, ExclusionChange)
    reason = change.reason if change.is_excluded else None

    def work(its: Asked) -> Machine:
        return change_machines.change_exclusion(
            its.database, its.tenant, its.id, reason, _by(call, principal), its.scopes
        )

    return await _answer(call, principal, work)


def _by(call: Call, principal: Principal) -> By:
    return By(actor=principal.client_id, at=call.service.clock())


async def _answer(call: Call, principal: Principal, work: Callable[[Asked], Machine]) -> Response:
    """The machine as it is after the change."""
    now, root = call.service.clock(), f"{call.address}/api"

    def change() -> bytes:
        its = asked(call, principal, Query(), now)
        machine = work(its)
        return as_ascii_json(as_entity(ONE, machine, its, root))

    body = await call.in_thread(change)
    call.service.epochs.forget(principal.tenant_guid)
    return odata_answer(body)
