"""Take one request through: find its operation, let it in, answer it, from memory where that will do, and count it.

The permission is checked before anything of the request is read but its path and its headers. An answer that is
remembered costs neither a thread nor the database; everything on that way is written to be fast.
"""

import logging
import time
import uuid
from collections.abc import Hashable, Iterable
from functools import lru_cache

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kbgap.auth.permissions import Principal
from kbgap.server.access_log import access_log, log_access
from kbgap.server.errors import NoSuchPath, WrongMethod, answer_error
from kbgap.server.finished import Finished, finish, takes_gzip
from kbgap.server.operation import Call, Guarded, GuardedHandler, Open, Operation, Refusal
from kbgap.server.paths import Found, PathTable
from kbgap.server.security import Authorization
from kbgap.server.service import Service

_CLIENT_LEFT = 499  # as nginx logs it; nobody reads the answer
_PATHS_KEPT = 4_096  # looked up once each
_LONGEST_KEPT = 256  # bytes of such a path
_NO_PATH = "none"
_WANTED = frozenset(
    {b"authorization", b"host", b"if-none-match", b"accept-encoding", b"x-forwarded-proto", b"x-forwarded-host"}
)


class _Exchange:
    """One request and what is known of it so far; ``headers`` are those that decide which answer is the right one."""

    __slots__ = ("correlation_id", "headers", "operation", "path", "principal", "refuse", "request", "started")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.path: bytes = _raw_path(request.scope)
        self.headers: dict[bytes, bytes] = {name: value for name, value in request.scope["headers"] if name in _WANTED}
        self.correlation_id = ""
        self.operation: Operation | None = None
        self.principal: Principal | None = None
        self.refuse: Refusal = answer_error
        self.started = time.perf_counter()


class Dispatch:
    """The application: every request goes through the table of operations."""

    def __init__(self, operations: Iterable[Operation], service: Service) -> None:
        """Build the tree of paths."""
        self._table = PathTable((operation.method, operation.path, operation) for operation in operations)
        self._find_kept = lru_cache(_PATHS_KEPT)(self._table.find)
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens; or take part in the server's beginning and end."""
        match scope["type"]:
            case "http":
                await self._handle(_Exchange(Request(scope, receive, send)), send)
            case "lifespan":
                await _live(receive, send)
            case _:  # websockets, which uvicorn is told not to take
                return

    async def _handle(self, exchange: _Exchange, send: Send) -> None:
        response = await self._answer(exchange)
        status = response.status_code
        if status >= 400:
            response.headers["x-ms-request-id"] = exchange.correlation_id
        seconds = time.perf_counter() - exchange.started
        scope, operation = exchange.request.scope, exchange.operation
        self._service.metrics.answered(scope["method"], operation.path if operation else _NO_PATH, status, seconds)
        if access_log.isEnabledFor(logging.INFO):
            length = len(getattr(response, "body", b""))  # an answer that streams tells no length
            now, asked = self._service.clock(), (scope["method"], exchange.path)
            log_access(now, asked, (status, length, seconds), exchange.correlation_id, exchange.principal)
        await response(scope, exchange.request.receive, send)

    async def _answer(self, exchange: _Exchange) -> Response:
        try:
            found = self._found(exchange.path)
            # A path speaks one protocol: an unknown method is refused in the form of those that it has.
            exchange.refuse = next(iter(found.by_method.values())).refuse
            operation = exchange.operation = _operation(found, exchange.request.method)
            exchange.refuse = operation.refuse
            return await self._run(operation, Call(exchange.request, self._service, found.ids), exchange)
        except ClientDisconnect:
            return Response(status_code=_CLIENT_LEFT)
        except Exception as error:  # noqa: BLE001 - the last place where an error can become an answer
            exchange.correlation_id = str(uuid.uuid4())
            return exchange.refuse(error, exchange.correlation_id, self._service.clock())

    async def _run(self, operation: Operation, call: Call, exchange: _Exchange) -> Response:
        match operation.access:
            case Open(handle):
                return await handle(call)
            case Guarded(application, delegated, guarded_handle):
                now, header = self._service.clock(), exchange.headers.get(b"authorization", b"")
                principal = exchange.principal = await self._service.gate.admit(
                    Authorization(header.decode("latin-1")), application, delegated, now
                )
                self._service.rates.admit(principal, now)
                if operation.method != "GET":
                    return await guarded_handle(call, principal)
                return await self._read(operation, guarded_handle, call, exchange, principal)

    async def _read(
        self, operation: Operation, handle: GuardedHandler, call: Call, exchange: _Exchange, principal: Principal
    ) -> Response:
        """The answer to a GET, from memory where it is there."""
        packs = takes_gzip(exchange.headers.get(b"accept-encoding", b"").decode("latin-1"))
        if not operation.is_remembered:
            response = await handle(call, principal)
            if response.status_code != 200 or type(response) is not Response:
                return response  # one that streams has no body to finish
            finished = await finish(response, call.in_thread, pack=packs)
        else:
            service = self._service
            key = (await service.epochs.of(principal.tenant_guid), packs, *self._question(exchange, principal))

            async def make() -> Finished:
                return await finish(await handle(call, principal), call.in_thread, pack=packs)

            finished = service.remembered.get(key) or await service.remembered.get_or_make(key, make)
        return finished.answer(exchange.headers.get(b"if-none-match"))

    def _question(self, exchange: _Exchange, principal: Principal) -> tuple[Hashable, ...]:
        """All but the epoch that an answer depends on; the address as it came, which costs less than reading it."""
        settings, scope, headers = self._service.settings, exchange.request.scope, exchange.headers
        asked = (principal.tenant_guid, principal.machine_groups, exchange.path, scope["query_string"])
        if settings.public_url is not None:
            return asked
        address = (scope["scheme"], headers.get(b"host"))
        if not settings.trusted_proxies:
            return (*asked, *address)
        forwarded = (headers.get(b"x-forwarded-proto"), headers.get(b"x-forwarded-host"))
        return (*asked, *address, *forwarded, scope["client"][0] if scope["client"] else None)

    def _found(self, raw_path: bytes) -> Found[Operation]:
        find = self._find_kept if len(raw_path) <= _LONGEST_KEPT else self._table.find
        found = find(raw_path)
        if found is None:
            raise NoSuchPath("There is nothing under this path")
        return found


async def _live(receive: Receive, send: Send) -> None:
    """Nothing has to be started or ended with the server: whoever makes the parts puts them away."""
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


def _operation(found: Found[Operation], method: str) -> Operation:
    """The operation for a method; HEAD is GET whose body the server leaves out."""
    operation = found.by_method.get("GET" if method == "HEAD" else method)
    if operation is None:
        raise WrongMethod(method[:40], tuple(sorted(found.by_method)))
    return operation


def _raw_path(scope: Scope) -> bytes:
    raw: bytes | None = scope.get("raw_path")
    return raw if raw is not None else str(scope["path"]).encode()
