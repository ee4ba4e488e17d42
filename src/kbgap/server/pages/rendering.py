"""Turn values into pages: one set of templates, one set of headers, and errors as pages too.

Templates escape everything that they are given. No page runs a script, and the headers forbid one that got in.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response

from kbgap.auth.faults import BadToken, Fault
from kbgap.auth.permissions import Principal
from kbgap.odata.options import Query
from kbgap.server.asked import Asked
from kbgap.server.entity_routes import Need
from kbgap.server.errors import ErrorBody, answer_error
from kbgap.server.operation import Call, GuardedHandler
from kbgap.server.rows import asked

_HTML = "text/html; charset=utf-8"
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    # The pages' own forms say where they come from, and nobody else is told what somebody looked at.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_TITLES = {
    400: "This cannot be answered",
    403: "Not permitted",
    404: "Not found",
    429: "Too many requests",
    503: "Not available now",
}
_SIGN_IN_AGAIN = "The session has ended; sign in again"


@dataclass(frozen=True, slots=True)
class Visit:
    """One page that a person opened: the request, who it speaks for, and what it may read."""

    call: Call
    principal: Principal
    its: Asked

    def may(self, need: Need) -> bool:
        """Whether a part of the page that needs this may be shown: as the API would answer."""
        return self.principal.may(need.application, need.delegated)


View = Callable[[Visit], Mapping[str, Any]]


def page(template: str, view: View) -> GuardedHandler:
    """The handler of a page: ``view`` reads its values, in a thread, and the template lays them out."""

    async def handle(call: Call, principal: Principal) -> Response:
        now = call.service.clock()

        def work() -> Response:
            visit = Visit(call, principal, asked(call, principal, Query(), now))
            return answer_page(template, {**view(visit), "path": call.request.url.path})

        return await call.in_thread(work)

    return handle


def answer_page(template: str, values: Mapping[str, Any], status: int = 200) -> Response:
    """A page with the headers that all of them have."""
    html = _environment().get_template(template).render(values)
    return Response(html, status_code=status, media_type=_HTML, headers=_HEADERS)


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the form to sign in with; ``told`` says what went wrong, ``back`` where to go afterwards."""

    told: str = ""
    client_id: str = ""
    tenant: str = ""
    back: str = "/"


def answer_sign_in(form: Form, status: int = 200) -> Response:
    """The form to sign in with."""
    values = {"told": form.told, "client_id": form.client_id, "tenant": form.tenant, "back": form.back, "path": ""}
    return answer_page("sign_in.html", values, status)


def refuse_page(error: Exception, correlation_id: str, now: datetime) -> Response:
    """An error as a page: the form to sign in where that is what is wrong, else what is wrong and how to mend it.

    Status, words and headers are those of the API, so that there is one table of them.
    """
    plain = answer_error(error, correlation_id, now)
    if isinstance(error, BadToken):
        told = "" if error.fault is Fault.ABSENT else _SIGN_IN_AGAIN
        response = answer_sign_in(Form(told), plain.status_code)
        response.headers["WWW-Authenticate"] = 'Cookie form-action="/signin"'
        return response
    message = msgspec.json.decode(plain.body, type=ErrorBody).error.message
    title = _TITLES.get(plain.status_code, "Something went wrong" if plain.status_code >= 500 else _TITLES[400])
    status = plain.status_code
    values = {"title": title, "message": message, "status": status, "correlation_id": correlation_id, "path": ""}
    response = answer_page("error.html", values, status)
    for name in ("Allow", "Retry-After"):
        if name in plain.headers:
            response.headers[name] = plain.headers[name]
    return response


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("kbgap.server", "pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"number": "{:,}".format, "segment": _segment, "day": _day, "pieces": _pieces}
    return environment


def _segment(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")


def _pieces(name: str) -> list[str]:
    """A name cut where it may go on in the next line of a narrow window: after a dot or a dash."""
    return re.split(r"(?<=[._-])(?=.)", name)


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"
