"""Take what machines report: one report, an array or one a line; each item gets an answer of its own."""

from collections import Counter
from collections.abc import Sequence

import msgspec
from starlette.responses import Response

from kbgap.auth.permissions import Principal
from kbgap.core.errors import Invalid, Unavailable
from kbgap.core.model import Entitlement
from kbgap.inventory.decode import Limits, TooManyReports, decode_reports
from kbgap.inventory.report import Report
from kbgap.operations.arrivals import Answer, Status
from kbgap.operations.report_inventory import report_inventory
from kbgap.server.answers import answer_json
from kbgap.server.bodies import read_body, unpack_body
from kbgap.server.errors import BadBody, BatchTooLarge
from kbgap.server.operation import Call
from kbgap.settings import Settings

_MOST_WAITING = 16  # batches that are in memory and not yet begun; who comes later is told to come again


class ItemAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of one item, by its place in the body."""

    index: int
    status: Status
    machine_id: str | None
    reason: str | None


class BatchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of all items, counted and one by one."""

    accepted: int
    unchanged: int
    rejected: int
    value: Sequence[ItemAnswer]


async def take_reports(call: Call, principal: Principal) -> Response:
    """``/inventory/reports``: what is answered as accepted or unchanged is durable."""
    service, now = call.service, call.service.clock()
    if service.uploads.statistics().tasks_waiting >= _MOST_WAITING:
        raise Unavailable("too many batches of reports are waiting to be taken in", mend="send it again")
    body = await read_body(call.request, service.settings.max_body)
    content = call.request.headers.get("content-type", "")

    def take() -> tuple[Answer, ...]:
        reports = _decode(body, content, service.settings)
        untold = Entitlement(service.settings.esu)
        return report_inventory(service.database, service.catalogue(), principal.tenant_guid, reports, now, untold)

    async with service.uploads:
        answers = await call.in_thread(take)
    service.epochs.forget(principal.tenant_guid)  # the sender's next question is answered with what it has just sent
    service.metrics.took_in(Counter(str(answer.status) for answer in answers).items())
    match answers:
        case [Answer(status=Status.REJECTED, reason=reason)]:
            raise BadBody(reason)  # the status alone tells senders of single reports that theirs was not taken
        case _:
            return answer_json(_batch_answer(answers))


def _decode(body: bytes, content: str, settings: Settings) -> list[Report | Invalid]:
    """The reports of a body; the whole body is refused when it is too large or nothing in it is a report."""
    plain = unpack_body(body, settings.max_unpacked_body)
    limits = Limits(packed=len(plain), unpacked=len(plain), items=settings.max_batch)
    try:
        return decode_reports(plain, content, limits=limits)
    except TooManyReports as error:
        raise BatchTooLarge(error.what, mend=error.mend) from error
    except Invalid as error:
        raise BadBody(error.what, where=error.where, mend=error.mend) from error


def _batch_answer(answers: Sequence[Answer]) -> BatchAnswer:
    counted = Counter(answer.status for answer in answers)
    return BatchAnswer(
        accepted=counted[Status.ACCEPTED],
        unchanged=counted[Status.UNCHANGED],
        rejected=counted[Status.REJECTED],
        value=[
            ItemAnswer(
                index=index,
                status=answer.status,
                machine_id=answer.machine_id or None,
                reason=answer.reason or None,
            )
            for index, answer in enumerate(answers)
        ],
    )
