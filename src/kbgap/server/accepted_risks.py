"""Take and show over HTTP which risks somebody accepted, for whom, until when and why."""

from collections.abc import Sequence

import msgspec
from starlette.responses import Response

from kbgap.auth.permissions import Principal
from kbgap.odata.options import Query
from kbgap.operations import accept_risk
from kbgap.operations.accept_risk import AcceptedRisk, NewRisk
from kbgap.server.answers import answer_json
from kbgap.server.json_bodies import read_json
from kbgap.server.operation import Call
from kbgap.server.rows import asked


class AcceptedRisks(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Decisions, newest first: also those that have passed or were withdrawn."""

    value: Sequence[AcceptedRisk]


async def list_risks(call: Call, principal: Principal) -> Response:
    """``GET /api/acceptedrisks``."""
    now = call.service.clock()

    def work() -> AcceptedRisks:
        its = asked(call, principal, Query(), now)
        return AcceptedRisks(value=accept_risk.list_accepted_risks(its.database, its.tenant, now, its.scopes))

    return answer_json(await call.in_thread(work))


async def add_risk(call: Call, principal: Principal) -> Response:
    """``POST /api/acceptedrisks``."""
    risk = await read_json(call, NewRisk)
    now = call.service.clock()

    def work() -> AcceptedRisk:
        its = asked(call, principal, Query(), now)
        return accept_risk.accept_risk(its.database, its.tenant, risk, principal.client_id, now, its.scopes)

    return _changed(call, principal, await call.in_thread(work))


async def withdraw_risk(call: Call, principal: Principal) -> Response:
    """``POST /api/acceptedrisks/{id}/withdraw``."""
    now = call.service.clock()

    def work() -> AcceptedRisk:
        its = asked(call, principal, Query(), now)
        return accept_risk.withdraw_risk(its.database, its.tenant, its.id, principal.client_id, now, its.scopes)

    return _changed(call, principal, await call.in_thread(work))


def _changed(call: Call, principal: Principal, risk: AcceptedRisk) -> Response:
    call.service.epochs.forget(principal.tenant_guid)
    return answer_json(risk)
