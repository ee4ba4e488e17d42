"""Tell over HTTP why a KB is, or is not, missing on a machine."""

from collections.abc import Sequence

import msgspec
from starlette.responses import Response

from kbgap.auth.permissions import Principal
from kbgap.core.model import Entitlement
from kbgap.odata.options import Query
from kbgap.operations.explain import Explanation, explain_stored
from kbgap.operations.read_machines import get_machine
from kbgap.server.answers import answer_json
from kbgap.server.operation import Call
from kbgap.server.rows import asked


class SoftwareVerdict(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The verdict on the KB for one software of the machine, and what decided it."""

    software: str
    verdict: str
    because: str


class ExplainAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why a KB is, or is not, missing on a machine; ``note`` says why ``software`` is empty."""

    machine_id: str
    kb: str
    name: str
    software: Sequence[SoftwareVerdict]
    note: str | None


async def explain_kb(call: Call, principal: Principal) -> Response:
    """``/api/machines/{id}/explain/{kb}``."""
    now = call.service.clock()

    def work() -> ExplainAnswer:
        its = asked(call, principal, Query(), now)
        machine = get_machine(its.database, its.tenant, its.id, its.scopes)
        kb = its.part("kb")
        untold = Entitlement(call.service.settings.esu)
        return _answer(machine.id, explain_stored(its.database, its.catalogue, its.tenant, machine.id, kb, untold))

    return answer_json(await call.in_thread(work))


def _answer(machine: str, explained: Explanation) -> ExplainAnswer:
    return ExplainAnswer(
        machine_id=machine,
        kb=explained.kb,
        name=explained.name,
        software=[
            SoftwareVerdict(
                software=f"microsoft-_-{each.software}",
                verdict=type(each.verdict).__name__.removeprefix("Is"),
                because=each.because,
            )
            for each in explained.software
        ],
        note=explained.note or None,
    )
