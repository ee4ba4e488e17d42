"""Show the description of the API: as OpenAPI for programs, and as one plain page for people."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from jinja2 import Environment, PackageLoader
from starlette.responses import Response

from kbgap.odata.entity import StructuredType
from kbgap.odata.model import defender_model
from kbgap.server.answers import JSON, as_ascii_json
from kbgap.server.openapi import openapi
from kbgap.server.operation import Call, Guarded, OpenHandler, Operation
from kbgap.server.results import OneEntity, RowList, Value

HTML = "text/html; charset=utf-8"
# Nothing but the page itself: no script, no picture, nothing of other addresses.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


Table = Callable[[], Sequence[Operation]]


def openapi_handler(table: Table) -> OpenHandler:
    """The handler of ``/openapi.json``; ``table`` gives all operations, among which this one is."""

    async def handle(call: Call) -> Response:
        return Response(_document(table, call.address), media_type=JSON)

    return handle


def page_handler(table: Table) -> OpenHandler:
    """The handler of the page."""

    async def handle(call: Call) -> Response:  # noqa: ARG001 - it is the same for everybody
        return Response(_page(table), media_type=HTML, headers={"Content-Security-Policy": _POLICY})

    return handle


@lru_cache(maxsize=16)
def _document(table: Table, address: str) -> bytes:
    return as_ascii_json(openapi(table(), address))


@lru_cache(maxsize=1)
def _page(table: Table) -> str:
    environment = Environment(loader=PackageLoader("kbgap.server", "pages"), autoescape=True, trim_blocks=True)
    shown = [
        {
            "operation": operation,
            "access": operation.access if isinstance(operation.access, Guarded) else None,
            "type": _type_of(operation),
            "is_list": isinstance(operation.result, RowList),
        }
        for operation in table()
        if not operation.path.endswith("/$count")
    ]
    return environment.get_template("api.html").render(operations=shown, types=defender_model().types)


def _type_of(operation: Operation) -> StructuredType | None:
    match operation.result:
        case RowList(listing=listing):
            return listing.rows
        case OneEntity(of=of) | Value(of=of):
            return of
        case _:
            return None
