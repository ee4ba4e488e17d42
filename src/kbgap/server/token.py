"""Answer requests for tokens in the two forms of Entra ID, so that its token libraries and older scripts both work.

What clients really send (docs/reference/api.md) is wider than the standard: the form may come without a
Content-Type, or in the body of a GET; fields of telemetry come along. Version 1 asks for a ``resource`` and gets
its numbers as strings, version 2 asks for a ``scope`` and gets numbers.
"""

import base64
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from starlette.responses import Response

from kbgap.auth.tokens import IssuedToken
from kbgap.operations.sign_in import Asked, SignInFault, SignInRefused, sign_in
from kbgap.server.answers import JSON, as_ascii_json
from kbgap.server.bodies import read_body
from kbgap.server.errors import BadBody, kind_of, message_of
from kbgap.server.operation import Call

_LARGEST_FORM = 64 * 1024  # bytes
_MOST_FIELDS = 100
_DEFAULT_SCOPE = "/.default"
_PASSED_OVER = frozenset({"openid", "profile", "offline_access"})
_NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749, 5.1


class _Refusal(NamedTuple):
    """How a fault is answered: status, the standard's word, and Entra ID's number for it."""

    status: int
    error: str
    number: int


_REFUSALS: Mapping[SignInFault, _Refusal] = {
    SignInFault.MISSING_PARAMETER: _Refusal(400, "invalid_request", 900144),
    SignInFault.TWO_CREDENTIALS: _Refusal(400, "invalid_request", 90023),
    SignInFault.UNKNOWN_GRANT: _Refusal(400, "unsupported_grant_type", 70003),
    SignInFault.UNKNOWN_TENANT: _Refusal(400, "invalid_request", 90002),
    SignInFault.UNKNOWN_CLIENT: _Refusal(400, "unauthorized_client", 700016),
    SignInFault.WRONG_SECRET: _Refusal(401, "invalid_client", 7000215),
    SignInFault.EXPIRED_SECRET: _Refusal(401, "invalid_client", 7000222),
    SignInFault.UNKNOWN_RESOURCE: _Refusal(400, "invalid_resource", 500011),
    SignInFault.BAD_SCOPE: _Refusal(400, "invalid_scope", 1002012),
    SignInFault.NO_PEOPLE: _Refusal(400, "unsupported_response_type", 700054),
}


class _RefusalBody(msgspec.Struct, frozen=True):
    error: str
    error_description: str
    error_codes: list[int]
    timestamp: str
    trace_id: str
    correlation_id: str


class _Token(msgspec.Struct, frozen=True):
    token_type: str
    expires_in: int
    ext_expires_in: int
    access_token: str


class _FirstToken(msgspec.Struct, frozen=True):
    """Version 1: every number is a string."""

    token_type: str
    expires_in: str
    ext_expires_in: str
    expires_on: str
    not_before: str
    resource: str
    access_token: str


class _Credentials(NamedTuple):
    client_id: str
    secret: str


async def answer_first(call: Call) -> Response:
    """``/{tenant}/oauth2/token``: a token for a resource.

    Or for a scope: a generic client that found this address by discovery sends one, with the words of version 2.
    """
    form = await _form(call)
    _check_grant(form)
    if "scope" in form and not form.get("resource"):
        resource = _resource_of(_needed(form, "scope"))
    else:
        resource = _needed(form, "resource")
    issued = await _sign_in(call, form, resource, version=1)
    seconds = str(_seconds(issued))
    token = _FirstToken(
        token_type="Bearer",  # noqa: S106 - the word of the protocol
        expires_in=seconds,
        ext_expires_in=seconds,
        expires_on=str(int(issued.expires_at.timestamp())),
        not_before=str(int(issued.not_before.timestamp())),
        resource=resource,
        access_token=issued.text,
    )
    return _answer(token)


async def answer_second(call: Call) -> Response:
    """``/{tenant}/oauth2/v2.0/token``: a token for everything that the client may do on a resource."""
    form = await _form(call)
    _check_grant(form)
    issued = await _sign_in(call, form, _resource_of(_needed(form, "scope")), version=2)
    seconds = _seconds(issued)
    token = _Token(token_type="Bearer", expires_in=seconds, ext_expires_in=seconds, access_token=issued.text)  # noqa: S106 - as above
    return _answer(token)


async def refuse_people(call: Call) -> Response:
    """``/{tenant}/oauth2/v2.0/authorize``: MSAL wants discovery to name it, but only applications sign in here."""
    raise SignInRefused(
        SignInFault.NO_PEOPLE,
        f"The directory '{call.ids['tenant']}' signs in applications, with their secret, and no people.",
    )


def refuse_sign_in(error: Exception, correlation_id: str, now: datetime) -> Response:
    """An error in the form of the token protocol, which token libraries read; never in that of the API."""
    timestamp, trace_id = f"{now:%Y-%m-%d %H:%M:%S}Z", str(uuid.uuid4())
    if isinstance(error, SignInRefused):
        status, word, number = _REFUSALS[error.fault]
        what, codes = f"AADSTS{number}: {error.what}", [number]
    else:
        status = kind_of(error).status
        word = "temporarily_unavailable" if status >= 500 else "invalid_request"
        what, codes = message_of(error, correlation_id), []
    body = _RefusalBody(
        error=word,
        error_description=f"{what} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}",
        error_codes=codes,
        timestamp=timestamp,
        trace_id=trace_id,
        correlation_id=correlation_id,
    )
    asks_anew = {"WWW-Authenticate": 'Basic realm="kbgap"'} if status == 401 else {}
    return Response(as_ascii_json(body), status_code=status, media_type=JSON, headers=_NOT_KEPT | asks_anew)


async def _form(call: Call) -> dict[str, str]:
    """The fields of the form, whatever the method and the Content-Type; only those of the body, never of the URL."""
    body = await read_body(call.request, _LARGEST_FORM)
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise BadBody(f"The form has more than {_MOST_FIELDS} fields") from error


def _needed(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "").strip()
    if not value:
        raise SignInRefused(
            SignInFault.MISSING_PARAMETER, f"The request body must contain the following parameter: '{name}'."
        )
    return value


def _check_grant(form: Mapping[str, str]) -> None:
    grant = _needed(form, "grant_type")
    if grant != "client_credentials":
        raise SignInRefused(
            SignInFault.UNKNOWN_GRANT,
            f"The app requested an unsupported grant type '{grant}': only client_credentials is.",
        )


def _resource_of(scope: str) -> str:
    """The one resource that a scope names: ``{resource}/.default``."""
    words = [word for word in scope.split() if word.lower() not in _PASSED_OVER]
    resources = {
        word[: -len(_DEFAULT_SCOPE)].lower().rstrip("/") for word in words if word.lower().endswith(_DEFAULT_SCOPE)
    }
    if len(resources) != 1 or not all(word.lower().endswith(_DEFAULT_SCOPE) for word in words):
        raise SignInRefused(
            SignInFault.BAD_SCOPE,
            f"The provided value for scope {scope} is not valid. "
            "An application asks for one scope: the resource identifier with /.default behind it.",
        )
    return resources.pop()


def _credentials(call: Call, form: Mapping[str, str]) -> _Credentials:
    """The client's id and secret, from the form or from Basic (RFC 6749, 2.3.1), but not from both."""
    scheme, _, encoded = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return _Credentials(_needed(form, "client_id"), _needed(form, "client_secret"))
    try:
        client_id, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError as error:
        raise SignInRefused(SignInFault.MISSING_PARAMETER, "The Basic authorization header cannot be read.") from error
    basic = _Credentials(unquote_plus(client_id), unquote_plus(secret))
    if form.get("client_secret") or form.get("client_id", basic.client_id) != basic.client_id:
        raise SignInRefused(
            SignInFault.TWO_CREDENTIALS, "The request carries credentials in its header and in its body."
        )
    return basic


async def _sign_in(call: Call, form: Mapping[str, str], resource: str, version: int) -> IssuedToken:
    credentials = _credentials(call, form)
    service, address = call.service, call.address
    asked = Asked(
        tenant=call.ids["tenant"],
        client_id=credentials.client_id,
        client_secret=credentials.secret,
        resource=resource,
        addresses=(address, "https://" + address.partition("://")[2]),
        version=version,
    )
    now = service.clock()
    ring = await service.gate.ring(now)
    lifetime = service.settings.token_lifetime
    authority, trail = service.gate.authority, service.trail
    try:
        signed_in = await call.in_thread(lambda: sign_in(service.database, ring, authority, asked, now, lifetime))
    except SignInRefused as refused:
        if refused.attempt is not None:
            trail.note(refused.attempt, now)
        raise
    trail.note(signed_in.attempt, now)
    return signed_in.token


def _seconds(issued: IssuedToken) -> int:
    return int((issued.expires_at - issued.not_before).total_seconds())


def _answer(token: _Token | _FirstToken) -> Response:
    return Response(as_ascii_json(token), media_type=JSON, headers=_NOT_KEPT)
