"""What one operation of the HTTP surface is: a row of the table in ``server/routes.py``."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from kbgap.auth.permissions import ApplicationPermission, DelegatedPermission, Principal
from kbgap.server.addresses import address_of
from kbgap.server.errors import answer_error
from kbgap.server.results import Parameter, Result
from kbgap.server.service import Service

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way to its handler: what it is, and what serves it.

    ``ids`` holds the values of the parts of the path that the template has in braces.
    """

    request: Request
    service: Service
    ids: Mapping[str, str]

    @property
    def address(self) -> str:
        """The address under which the request reached us, for links in the answer."""
        settings = self.service.settings
        return address_of(self.request, settings.public_url, settings.trusted_proxies)

    @property
    def raw_path(self) -> str:
        """The path as the client wrote it, for links that lead back to it."""
        raw: bytes = self.request.scope["raw_path"]
        return raw.decode("ascii", "replace")

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do what waits for the database in one of the bounded number of threads."""
        return await to_thread.run_sync(work, limiter=self.service.threads)


OpenHandler = Callable[[Call], Awaitable[Response]]
GuardedHandler = Callable[[Call, Principal], Awaitable[Response]]
Refusal = Callable[[Exception, str, datetime], Response]


@dataclass(frozen=True, slots=True)
class Open:
    """An operation that anybody may call: signing in, and telling whether the server is well."""

    handle: OpenHandler


@dataclass(frozen=True, slots=True)
class Guarded:
    """An operation that needs a token with any one of these permissions."""

    application: tuple[ApplicationPermission, ...]
    delegated: tuple[DelegatedPermission, ...]
    handle: GuardedHandler


@dataclass(frozen=True, slots=True)
class ForPeople:
    """A page that needs a session with any one of these permissions: checked as a token is, but sent as a cookie."""

    application: tuple[ApplicationPermission, ...]
    delegated: tuple[DelegatedPermission, ...]
    handle: GuardedHandler


@dataclass(frozen=True, slots=True)
class Operation:
    """One path and method, who may call it, and what comes back.

    ``result`` is the type of one row or of the whole answer, None where the answer has no type of its own. ``refuse``
    turns an error, under its correlation id, into the answer: in the API's form, unless the operation speaks another
    protocol. ``is_remembered``: the answer tells nothing but what is published under the tenant's epoch, so that it may
    be given again for as long as that stays the same.
    """

    method: str
    path: str
    access: Open | Guarded | ForPeople
    result: Result
    about: str
    parameters: tuple[Parameter, ...] = ()
    body: type | None = None
    is_ours: bool = False
    refuse: Refusal = answer_error
    is_remembered: bool = False
