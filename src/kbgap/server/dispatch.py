"""Take one request through: find its operation, let it in, handle it, answer any error, log it.

The permission is checked before anything of the request is read but its path and its Authorization header. The log
has the path, never the query: some clients put secrets there.
"""

import logging
import time
import uuid
from collections.abc import Iterable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from kbgap.server.errors import NoSuchPath, WrongMethod, answer_error
from kbgap.server.operation import Call, Guarded, Open, Operation, Refusal
from kbgap.server.paths import Found, PathTable
from kbgap.server.security import Authorization
from kbgap.server.service import Service

access_log = logging.getLogger("kbgap.access")
_CLIENT_LEFT = 499  # as nginx logs it; nobody reads the answer


class Dispatch(BaseRoute):
    """The one route of the application: everything goes through the table of operations."""

    def __init__(self, operations: Iterable[Operation], service: Service) -> None:
        self._table = PathTable((operation.method, operation.path, operation) for operation in operations)
        self._service = service

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take every request; a path without an operation is answered like any other error."""
        return (Match.FULL if scope["type"] == "http" else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        started = time.perf_counter()
        correlation_id = str(uuid.uuid4())
        response = await self._answer(Request(scope, receive, send), correlation_id)
        if response.status_code >= 400:
            response.headers["x-ms-request-id"] = correlation_id
        if access_log.isEnabledFor(logging.INFO):
            path = _raw_path(scope).decode("ascii", "backslashreplace")
            milliseconds = (time.perf_counter() - started) * 1000
            access_log.info(
                "%s %s %d %.1f ms %s", scope["method"], path, response.status_code, milliseconds, correlation_id
            )
        await response(scope, receive, send)

    async def _answer(self, request: Request, correlation_id: str) -> Response:
        refuse: Refusal = answer_error
        try:
            found = self._found(_raw_path(request.scope))
            # A path speaks one protocol: an unknown method is refused in the form of those that it has.
            refuse = next(iter(found.by_method.values())).refuse
            operation = _operation(found, request.method)
            refuse = operation.refuse
            return await self._call(operation, Call(request, self._service, found.ids))
        except ClientDisconnect:
            return Response(status_code=_CLIENT_LEFT)
        except Exception as error:  # noqa: BLE001 - the last place where an error can become an answer
            return refuse(error, correlation_id, self._service.clock())

    async def _call(self, operation: Operation, call: Call) -> Response:
        match operation.access:
            case Open(handle):
                return await handle(call)
            case Guarded(application, delegated, guarded_handle):
                header = Authorization(call.request.headers.get("authorization", ""))
                now = self._service.clock()
                principal = await self._service.gate.admit(header, application, delegated, now)
                return await guarded_handle(call, principal)

    def _found(self, raw_path: bytes) -> Found[Operation]:
        found = self._table.find(raw_path)
        if found is None:
            raise NoSuchPath("There is nothing under this path")
        return found


def _operation(found: Found[Operation], method: str) -> Operation:
    """The operation for a method; HEAD is GET whose body the server leaves out."""
    operation = found.by_method.get("GET" if method == "HEAD" else method)
    if operation is None:
        raise WrongMethod(method[:40], tuple(sorted(found.by_method)))
    return operation


def _raw_path(scope: Scope) -> bytes:
    raw: bytes | None = scope.get("raw_path")
    return raw if raw is not None else str(scope["path"]).encode()
