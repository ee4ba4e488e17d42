"""Turn every error into an answer: the only place that knows which error means which status and code.

The body is Defender's: ``{"error": {"code", "message", "target"}}``, where ``target`` is the correlation id under
which the log tells more. Nothing that kbgap did not write for people ever reaches a client: no traceback, no
statement, no path of a file.
"""

import logging
import math
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec
from starlette.responses import Response

from kbgap.auth.faults import BadToken, Fault
from kbgap.core.errors import Denied, Invalid, KbgapError, NotFound, Unavailable
from kbgap.odata.errors import ODataError
from kbgap.server.answers import JSON, as_ascii_json

log = logging.getLogger("kbgap.server")


class NoSuchPath(NotFound):
    """No operation has this path."""


class WrongMethod(Invalid):
    """The path exists, but not with this method."""

    def __init__(self, method: str, allowed: tuple[str, ...]) -> None:
        """Keep the methods that the path has, for the Allow header."""
        super().__init__(f"The method {method} is not allowed here", mend=f"use {' or '.join(allowed)}")
        self.allowed = allowed


class BadOption(Invalid):
    """A query option is not supported on this path, or its value cannot be read."""


class BadBody(Invalid):
    """The request's body is not what the path takes."""


class MissingParameter(Invalid):
    """A parameter of the path or a member of the body is not there."""


class BadInput(Invalid):
    """A value that a path takes cannot be what it should be."""


class BadAddress(BadInput):
    """A text that should be an IP address is none."""


class BodyTooLarge(Invalid):
    """The request's body is larger than the server is set to take."""


class BatchTooLarge(Invalid):
    """The request's body holds more items than the server is set to take."""


class UnknownEncoding(Invalid):
    """The request's body is compressed in a way that the server does not read."""


class TooSlow(Invalid):
    """The request's body does not come."""


class TooManyRequests(Denied):
    """A client, or its tenant, has asked too often."""

    def __init__(self, what: str, wait: float) -> None:
        """Keep how many seconds to wait, for the Retry-After header."""
        self.retry_after = max(1, math.ceil(wait))
        super().__init__(what, mend=f"ask again in {self.retry_after} s")


class Kind(NamedTuple):
    """How one family of errors is answered."""

    status: int
    code: str


# The nearest class counts: a subclass without an entry of its own is answered like its parent.
_KINDS: Mapping[type[KbgapError], Kind] = {
    BadToken: Kind(401, "Unauthorized"),
    TooManyRequests: Kind(429, "TooManyRequests"),
    Denied: Kind(403, "Forbidden"),
    NoSuchPath: Kind(404, "NotFound"),
    NotFound: Kind(404, "ResourceNotFound"),
    WrongMethod: Kind(405, "MethodNotAllowed"),
    TooSlow: Kind(408, "RequestTimeout"),
    BodyTooLarge: Kind(413, "RequestEntityTooLarge"),
    UnknownEncoding: Kind(415, "UnsupportedMediaType"),
    BadOption: Kind(400, "ODataError"),
    ODataError: Kind(400, "ODataError"),
    MissingParameter: Kind(400, "MissingRequiredParameter"),
    BadAddress: Kind(400, "InvalidIpAddress"),
    BadInput: Kind(400, "InvalidInput"),
    BadBody: Kind(400, "InvalidRequestBody"),
    BatchTooLarge: Kind(400, "MaximumBatchSizeExceeded"),
    Invalid: Kind(400, "BadRequest"),
    Unavailable: Kind(503, "ServiceUnavailable"),
}
_UNEXPECTED = Kind(500, "InternalServerError")
RETRY_AFTER = "5"  # seconds, as clients that wait for a 503 read it


class Error(msgspec.Struct, frozen=True):
    """What went wrong, for programs and for people."""

    code: str
    message: str
    target: str


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of every answer that tells of an error."""

    error: Error


def answer_error(error: Exception, correlation_id: str, now: datetime) -> Response:  # noqa: ARG001 - other forms tell the time
    """The answer to whatever went wrong; what nobody foresaw is logged in full and answered without details."""
    kind = kind_of(error)
    body = ErrorBody(Error(code=kind.code, message=message_of(error, correlation_id), target=correlation_id))
    return Response(as_ascii_json(body), status_code=kind.status, media_type=JSON, headers=_headers_of(error))


def kind_of(error: Exception) -> Kind:
    """Status and code, by the nearest class of the table."""
    return next((_KINDS[family] for family in type(error).__mro__ if family in _KINDS), _UNEXPECTED)


def message_of(error: Exception, correlation_id: str) -> str:
    """What the client is told; server faults are logged here, under the correlation id."""
    match error:
        case Unavailable():
            # Where and how to mend it is for the operator: it may name the database or a file.
            log.error("unavailable [%s]: %s", correlation_id, error)
            return f"{error.what}; try again later"
        case KbgapError():
            return str(error)
        case _:
            log.error("unexpected error [%s]", correlation_id, exc_info=error)
            return "An internal error occurred; the server's log tells more under the target of this answer"


def _headers_of(error: Exception) -> dict[str, str]:
    match error:
        case BadToken(fault=Fault.ABSENT):
            return {"WWW-Authenticate": "Bearer"}
        case BadToken():
            return {"WWW-Authenticate": f'Bearer error="invalid_token", error_description="{error.what}"'}
        case WrongMethod():
            return {"Allow": ", ".join(error.allowed)}
        case TooManyRequests():
            return {"Retry-After": str(error.retry_after)}
        case Unavailable():
            return {"Retry-After": RETRY_AFTER}
        case _:
            return {}
