"""Give the export assessments as files: links that open for some hours, and what stands behind them.

A link holds all that it opens (which export, of whom, until when) and a signature over it, so nothing is kept, and any
server process answers it. The file is made while it is sent, of the moment at which it is fetched.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from starlette.responses import Response

from kbgap.auth.keys import KeyRing
from kbgap.auth.links import is_signed, sign_link
from kbgap.auth.permissions import Principal
from kbgap.core.errors import Denied, KbgapError
from kbgap.odata.model import defender_model
from kbgap.odata.options import Listing, Query, read_query
from kbgap.odata.payload import entity, project, value_context
from kbgap.operations.sign_in import has_tenant
from kbgap.server.answers import as_ascii_json, odata_answer
from kbgap.server.entity_routes import Need
from kbgap.server.errors import BadInput, kind_of, message_of
from kbgap.server.operation import Call, GuardedHandler, Open, OpenHandler, Operation
from kbgap.server.results import Parameter, Raw, Value
from kbgap.server.rows import asked, parameters_of
from kbgap.server.streamed import StreamedGzip
from kbgap.store.database import Database

LINK = "/tvm-export/{day}/{time}/{kind}/json/{org}/{part}"
GZIP = "application/gzip"
_XML = "application/xml"
_OF = defender_model().type("ExportFilesResponse")
_PART = "part-00000.c000.json.gz"
_ORG = "OrgId="
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_IN_HTTP = "%a, %d %b %Y %H:%M:%S GMT"
_NOT_OURS = "Signature did not match."


class Lines(Protocol):
    """What makes the lines of a file: bytes that are JSON objects with line ends between them."""

    def __call__(
        self, database: Database, tenant: str, now: datetime, scopes: Collection[int], *, camel: bool
    ) -> Iterator[bytes]:
        """The lines of what may be seen, with members in camelCase or in PascalCase."""


@dataclass(frozen=True, slots=True)
class Export:
    """One export: its name in links, what makes its lines, and for how many hours a link may be good."""

    name: str
    lines: Lines
    usual_hours: int = 1
    most_hours: int = 6

    @property
    def parameter(self) -> Parameter:
        """``sasValidHours``, for the description of the API."""
        about = f"For how many hours the links are good; {self.usual_hours} when it is not given."
        schema = {"type": "integer", "minimum": 1, "maximum": self.most_hours}
        return Parameter("sasValidHours", about, schema)


@dataclass(frozen=True, slots=True)
class _Link:
    """What a link opens: an export of what somebody may see, from one moment to another."""

    export: Export
    tenant: str
    scopes: str
    start: str
    expiry: str

    @property
    def parts(self) -> tuple[str, ...]:
        """All that is signed."""
        return (self.export.name, self.tenant, self.scopes, self.start, self.expiry)


class BadLink(Denied):
    """A link that is not ours, or not any more; ``detail`` is in the words that clients look for."""

    def __init__(self, detail: str) -> None:
        """Keep the detail."""
        super().__init__(detail)


def files(path: str, need: Need, export: Export, about: str) -> Operation:
    """The row of the table for an export's links."""
    return Operation("GET", path, need.guard(_give_links(export)), Value(_OF), about, (export.parameter,))


def download(exports: Sequence[Export]) -> Operation:
    """The row of the table for what stands behind the links of these exports."""
    handle = _give_file({export.name: export for export in exports})
    about = "A file that a link of an export leads to: lines of JSON, packed with gzip. No token is asked for."
    return Operation("GET", LINK, Open(handle), Raw((GZIP,)), about, is_ours=True, refuse=refuse_file)


def _give_links(export: Export) -> GuardedHandler:
    listing = Listing(_OF, options=frozenset({"$select", "$format"}), parameters=frozenset({"sasvalidhours"}))

    async def handle(call: Call, principal: Principal) -> Response:
        query = read_query(parameters_of(call.request), listing)
        hours = _hours(query.parameter("sasvalidhours"), export)
        now = call.service.clock()
        ring = await call.service.gate.ring(now)
        its = await call.in_thread(lambda: asked(call, principal, Query(), now))
        link = _link(export, its.tenant, its.scopes, now, hours)
        members = {"exportFiles": [call.address + _address(link, ring)], "generatedTime": link.start}
        context = value_context(f"{call.address}/api", _OF)
        return odata_answer(as_ascii_json(entity(context, project(members, query.select))))

    return handle


def _give_file(exports: Mapping[str, Export]) -> OpenHandler:
    async def handle(call: Call) -> Response:
        given = dict(parameters_of(call.request))
        now = call.service.clock()
        link = _read(exports, call.ids, given)
        if not is_signed(await call.service.gate.ring(now), given.get("kid", ""), given.get("sig", ""), link.parts):
            raise BadLink(_NOT_OURS)
        start, expiry = (datetime.strptime(each, _INSTANT).replace(tzinfo=UTC) for each in (link.start, link.expiry))
        if now >= expiry:
            shown = [each.astimezone(UTC).strftime(_IN_HTTP) for each in (start, expiry, now)]
            frame = "Start [{}] - Expiry [{}] - Current [{}]".format(*shown)
            raise BadLink(f"Signature not valid in the specified time frame: {frame}")
        if not await call.in_thread(lambda: has_tenant(call.service.database, link.tenant)):
            raise BadLink(_NOT_OURS)
        return StreamedGzip(_lines(call, link, now), call.service.downloads, GZIP)

    return handle


def refuse_file(error: Exception, correlation_id: str, now: datetime) -> Response:
    """The refusal as a file store words it, which clients of export links look for."""
    kind = kind_of(error)
    told = error.what if isinstance(error, KbgapError) else message_of(error, correlation_id)
    code = "AuthenticationFailed" if isinstance(error, BadLink) else kind.code
    body = (
        f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{escape(code)}</Code>'
        f"<Message>The link does not open this file; ask for a new one.\n"
        f"RequestId:{correlation_id}\nTime:{now.astimezone(UTC).strftime(_INSTANT)}</Message>"
        f"<AuthenticationErrorDetail>{escape(told)}</AuthenticationErrorDetail></Error>"
    )
    return Response(body, status_code=kind.status, media_type=_XML)


def _hours(given: str | None, export: Export) -> int:
    if given is None:
        return export.usual_hours
    text = given.strip()
    hours = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(export.most_hours)) else 0
    if not 1 <= hours <= export.most_hours:
        raise BadInput(f"'sasValidHours' is {text[:40]!r}", mend=f"give a whole number from 1 to {export.most_hours}")
    return hours


def _link(export: Export, tenant: str, scopes: Collection[int], now: datetime, hours: int) -> _Link:
    instants = [each.astimezone(UTC).strftime(_INSTANT) for each in (now, now + timedelta(hours=hours))]
    return _Link(export, tenant, ",".join(str(scope) for scope in sorted(scopes)), *instants)


def _address(link: _Link, ring: KeyRing) -> str:
    kid, signature = sign_link(ring, link.parts)
    day, time = link.start[:10], link.start[11:16].replace(":", "")
    path = LINK.format(day=day, time=time, kind=link.export.name, org=_ORG + link.tenant, part=_PART)
    query = {"st": link.start, "se": link.expiry, "sg": link.scopes, "sp": "r", "kid": kid, "sig": signature}
    return f"{path}?{urlencode(query, safe=':,')}"


def _read(exports: Mapping[str, Export], ids: Mapping[str, str], given: Mapping[str, str]) -> _Link:
    """What a link says; whether it is true, the signature tells."""
    export = exports.get(ids["kind"])
    if export is None or not ids["org"].startswith(_ORG):
        raise BadLink(_NOT_OURS)
    tenant = ids["org"].removeprefix(_ORG)
    return _Link(export, tenant, given.get("sg", ""), given.get("st", ""), given.get("se", ""))


def _lines(call: Call, link: _Link, now: datetime) -> Callable[[], Iterator[bytes]]:
    scopes = [int(scope) for scope in link.scopes.split(",") if scope]
    is_camel = call.service.settings.export_names == "camelCase"
    return lambda: link.export.lines(call.service.database, link.tenant, now, scopes, camel=is_camel)
