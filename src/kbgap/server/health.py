"""Tell whether the process lives, and whether it can answer: for load balancers and service managers."""

import logging
from collections.abc import Callable

from starlette.responses import Response

from kbgap.core.errors import KbgapError
from kbgap.server.answers import answer_json
from kbgap.server.operation import Call

log = logging.getLogger("kbgap.server")


async def answer_alive(call: Call) -> Response:  # noqa: ARG001 - it asks nothing of anybody
    """``/healthz``: 200 as long as the process answers at all."""
    return answer_json({"status": "ok"})


async def answer_ready(call: Call) -> Response:
    """``/readyz``: 200 when database and copy answer, with the tables of this version, and the catalogue is loaded.

    Else 503, which names what is not there: a balancer then asks another process.

    It is open to anybody, so it names the part and not the reason: the log has that.
    """
    service = call.service
    parts: dict[str, Callable[[], object]] = {"database": service.database.check_schema}
    if service.database.answers is not service.database:
        parts["copy"] = service.database.answers.check_schema
    parts["catalogue"] = service.catalogue
    states = {name: await call.in_thread(_state_of(name, check)) for name, check in parts.items()}
    is_ready = all(state == "ok" for state in states.values())
    return answer_json({"status": "ready" if is_ready else "not ready", **states}, 200 if is_ready else 503)


def _state_of(name: str, check: Callable[[], object]) -> Callable[[], str]:
    def state() -> str:
        try:
            check()
        except KbgapError as error:
            log.warning("not ready: %s: %s", name, error)
            return "unavailable"
        return "ok"

    return state
