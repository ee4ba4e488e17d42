"""Tell over HTTP what to install: the smallest set of KBs that closes all, and what installing some would change."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from kbgap.auth.permissions import Principal
from kbgap.core.errors import NotFound
from kbgap.odata.options import Query
from kbgap.operations import what_if
from kbgap.operations.read_machines import group_scopes
from kbgap.operations.what_if import KbToInstall
from kbgap.server.answers import answer_json
from kbgap.server.asked import Asked
from kbgap.server.errors import MissingParameter
from kbgap.server.operation import Call
from kbgap.server.results import Parameter
from kbgap.server.rows import asked, parameter_of
from kbgap.store.counts import WHOLE_TENANT


class InstallSet(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The KBs that close everything, by number, each with the machines that need it."""

    value: Sequence[KbToInstall]


GROUP = Parameter("machineGroup", "The name of a machine group; all machines without it.", {"type": "string"})
KBS = Parameter("kbs", "KB numbers with commas between them.", {"type": "string", "minLength": 1}, is_required=True)


async def answer_machine(call: Call, principal: Principal) -> Response:
    """``/api/machines/{id}/installset``."""

    def work(its: Asked) -> InstallSet:
        return InstallSet(
            value=what_if.install_set_of_machine(its.database, its.catalogue, its.tenant, its.id, its.now, its.scopes)
        )

    return await _answer(call, principal, work)


async def answer_fleet(call: Call, principal: Principal) -> Response:
    """``/api/installset``, of all machines or of a group."""
    group = parameter_of(call.request, GROUP.name)

    def work(its: Asked) -> InstallSet:
        scopes = its.scopes if group is None else _scope_of(its, group)
        return InstallSet(value=what_if.install_sets(its.database, its.catalogue, its.tenant, its.now, scopes))

    return await _answer(call, principal, work)


async def answer_what_if(call: Call, principal: Principal) -> Response:
    """``/api/whatif``."""
    given = parameter_of(call.request, KBS.name)
    if not given:
        raise MissingParameter(f"The parameter {KBS.name!r} is required", mend="write kbs=5034203,5034441")
    kbs = [part.strip() for part in given.split(",") if part.strip()]

    def work(its: Asked) -> what_if.WhatIf:
        return what_if.what_if(its.database, its.catalogue, its.tenant, kbs, its.now, its.scopes)

    return await _answer(call, principal, work)


async def _answer(call: Call, principal: Principal, work: Callable[[Asked], Any]) -> Response:
    now = call.service.clock()
    return answer_json(await call.in_thread(lambda: work(asked(call, principal, Query(), now))))


def _scope_of(its: Asked, group: str) -> Sequence[int]:
    """The one group, when the caller may see it."""
    scopes = group_scopes(its.database, its.tenant, [group])
    seen = [scope for scope in scopes if WHOLE_TENANT in its.scopes or scope in its.scopes]
    if not seen:
        raise NotFound(f"Machine group {group[:100]} was not found")
    return seen
