"""Take one request through: find its operation, let it in, answer it, from memory where that will do, and count it.

The permission is checked before anything of the request is read but its path and its headers. An answer that is
remembered costs neither a thread nor the database; everything on that way is written to be fast.
"""

import time
import uuid
from collections.abc import Hashable, Iterable
from functools import lru_cache

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kbgap.auth.permissions import Principal
from kbgap.server.access_log import Answered
from kbgap.server.epochs import Epoch
from kbgap.server.errors import NoSuchPath, WrongMethod, answer_error
from kbgap.server.finished import Finished, finish, takes_gzip
from kbgap.server.operation import Call, ForPeople, Guarded, GuardedHandler, Open, Operation, Refusal
from kbgap.server.pages.rendering import refuse_page
from kbgap.server.pages.session import session_of
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

    __slots__ = ("correlation_id", "headers", "operation", "path", "principal", "refuse", "scope", "started")

    def __init__(self, scope: Scope) -> None:
        self.started = time.perf_counter()
        self.scope = scope
        self.path: bytes = _raw_path(scope)
        self.headers: dict[bytes, bytes] = {name: value for name, value in scope["headers"] if name in _WANTED}
        self.correlation_id = ""
        self.operation: Operation | None = None
        self.principal: Principal | None = None
        self.refuse: Refusal = answer_error

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1")


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
                exchange = _Exchange(scope)
                response = await self._answer(exchange, receive, send)
                self._note(exchange, response)
                await response(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)
            case _:  # websockets, which uvicorn is told not to take
                return

    def _note(self, exchange: _Exchange, response: Response) -> None:
        """Count the answer, and write it down."""
        status, service = response.status_code, self._service
        if status >= 400:
            response.headers["x-ms-request-id"] = exchange.correlation_id
        seconds = time.perf_counter() - exchange.started
        method, operation = exchange.scope["method"], exchange.operation
        service.metrics.answered(method, operation.path if operation else _NO_PATH, status, seconds)
        if service.access_log.is_on:
            length = len(getattr(response, "body", b""))  # an answer that streams tells no length
            correlation_id, principal = exchange.correlation_id, exchange.principal
            answered = Answered(method, exchange.path, status, length, seconds, correlation_id, principal)
            service.access_log.write(service.clock(), answered)

    async def _answer(self, exchange: _Exchange, receive: Receive, send: Send) -> Response:
        try:
            found = self._found(exchange)
            # A path speaks one protocol: an unknown method is refused in the form of those that it has.
            exchange.refuse = next(iter(found.by_method.values())).refuse
            operation = exchange.operation = _operation(found, exchange.scope["method"])
            exchange.refuse = operation.refuse
            at_once = self._from_memory(operation, exchange)
            if at_once is not None:
                return at_once
            call = Call(Request(exchange.scope, receive, send), self._service, found.ids)
            return await self._run(operation, call, exchange)
        except ClientDisconnect:
            return Response(status_code=_CLIENT_LEFT)
        except Exception as error:  # noqa: BLE001 - the last place where an error can become an answer
            exchange.correlation_id = str(uuid.uuid4())
            return exchange.refuse(error, exchange.correlation_id, self._service.clock())

    def _from_memory(self, operation: Operation, exchange: _Exchange) -> Response | None:
        """The answer when nothing has to be waited for: token, tenant, epoch and answer are all at hand."""
        access = operation.access
        if not operation.is_remembered or not isinstance(access, Guarded):
            return None
        service, header, now = self._service, Authorization(exchange.header(b"authorization")), self._service.clock()
        principal = service.gate.known(header, access.application, access.delegated, now)
        epoch = None if principal is None else service.epochs.known(principal.tenant_guid)
        if principal is None or epoch is None:
            return None
        finished = service.remembered.get(self._question(exchange, principal, epoch))
        if finished is None:
            return None
        exchange.principal = principal
        service.rates.admit(principal, now)
        return finished.answer(exchange.headers.get(b"if-none-match"))

    async def _run(self, operation: Operation, call: Call, exchange: _Exchange) -> Response:
        access, service, now = operation.access, self._service, self._service.clock()
        if isinstance(access, Open):
            return await access.handle(call)
        by_cookie = isinstance(access, ForPeople)
        header = session_of(call) if by_cookie else Authorization(exchange.header(b"authorization"))
        principal = await service.gate.admit(header, access.application, access.delegated, now)
        exchange.principal = principal
        service.rates.admit(principal, now)
        if operation.method != "GET":
            return await access.handle(call, principal)
        return await self._read(operation, access.handle, call, exchange, principal)

    async def _read(
        self, operation: Operation, handle: GuardedHandler, call: Call, exchange: _Exchange, principal: Principal
    ) -> Response:
        """The answer to a GET, from memory where it is there."""
        packs = takes_gzip(exchange.header(b"accept-encoding"))
        if not operation.is_remembered:
            response = await handle(call, principal)
            if response.status_code != 200 or type(response) is not Response:
                return response  # one that streams has no body to finish
            finished = await finish(response, call.in_thread, pack=packs)
        else:
            service = self._service
            epoch = await service.epochs.of(principal.tenant_guid)

            async def make() -> Finished:
                return await finish(await handle(call, principal), call.in_thread, pack=packs)

            question = self._question(exchange, principal, epoch)
            finished = await service.remembered.get_or_make(question, make)
        return finished.answer(exchange.headers.get(b"if-none-match"))

    def _question(self, exchange: _Exchange, principal: Principal, epoch: Epoch) -> tuple[Hashable, ...]:
        """All that an answer depends on; the address as it came, which costs less than reading it."""
        settings, scope, headers = self._service.settings, exchange.scope, exchange.headers
        whose = (principal.tenant_guid, epoch, principal.machine_groups)
        asked = (*whose, exchange.path, scope["query_string"], takes_gzip(exchange.header(b"accept-encoding")))
        if settings.public_url is not None:
            return asked
        address = (scope["scheme"], headers.get(b"host"))
        if not settings.trusted_proxies:
            return (*asked, *address)
        forwarded = (headers.get(b"x-forwarded-proto"), headers.get(b"x-forwarded-host"))
        return (*asked, *address, *forwarded, scope["client"][0] if scope["client"] else None)

    def _found(self, exchange: _Exchange) -> Found[Operation]:
        find = self._find_kept if len(exchange.path) <= _LONGEST_KEPT else self._table.find
        found = find(exchange.path)
        if found is None:
            if _is_browser(exchange.scope):
                exchange.refuse = refuse_page
            raise NoSuchPath("There is nothing under this path")
        return found

    async def _live(self, receive: Receive, send: Send) -> None:
        """Nothing has to be started with the server, and what is still to be written is written at its end."""
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        self._service.access_log.flush()
        await self._service.trail.flush()
        await send({"type": "lifespan.shutdown.complete"})


def _operation(found: Found[Operation], method: str) -> Operation:
    """The operation for a method; HEAD is GET whose body the server leaves out."""
    operation = found.by_method.get("GET" if method == "HEAD" else method)
    if operation is None:
        raise WrongMethod(method[:40], tuple(sorted(found.by_method)))
    return operation


def _is_browser(scope: Scope) -> bool:
    """Whether a page is asked for: browsers name HTML among what they take, clients of the API do not."""
    return any(b"text/html" in value for name, value in scope["headers"] if name == b"accept")


def _raw_path(scope: Scope) -> bytes:
    raw: bytes | None = scope.get("raw_path")
    return raw if raw is not None else str(scope["path"]).encode()
