"""Describe the API to readers of OData: ``$metadata`` as XML or JSON, and the service document."""

from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from kbgap.auth.permissions import Principal
from kbgap.odata.errors import fault, quoted
from kbgap.odata.metadata_json import metadata_json, service_document
from kbgap.odata.metadata_xml import metadata_xml
from kbgap.odata.model import defender_model
from kbgap.odata.options import Listing, read_query
from kbgap.server.answers import as_ascii_json, odata_answer
from kbgap.server.operation import Call
from kbgap.server.rows import parameters_of

XML = "application/xml"
JSON = "application/json"
_SERVICE = Listing(defender_model().type("ExportFilesResponse"), options=frozenset({"$format"}))
_FORMATS = {"xml": XML, XML: XML, "json": JSON, JSON: JSON}


async def answer_metadata(call: Call, _: Principal) -> Response:
    """``/api/$metadata``: XML unless JSON is asked for, by ``$format`` or by Accept."""
    if _format(call.request) == JSON:
        return Response(_as_json(), media_type=JSON, headers={"OData-Version": "4.01"})
    return Response(_as_xml(), media_type=XML, headers={"OData-Version": "4.0"})


async def answer_service(call: Call, _: Principal) -> Response:
    """``/api/``: the lists that can be read."""
    read_query(parameters_of(call.request), _SERVICE)
    return odata_answer(as_ascii_json(service_document(f"{call.address}/api", defender_model())))


def _format(request: Request) -> str:
    given = [value.strip().lower() for name, value in parameters_of(request) if name.lower() == "$format"]
    for value in given:
        found = _FORMATS.get(value.partition(";")[0].strip())
        if found is None:
            raise fault("$format", f"{quoted(value)} is not supported", mend="ask for xml or json")
        return found
    return _accepted(request.headers.get("accept", ""))


def _accepted(header: str) -> str:
    """What the client would rather have; XML for those that take anything, and JSON for those that name only JSON."""
    weights: dict[str, float] = {}
    for part in header.lower().split(",")[:20]:
        media, _, rest = part.partition(";")
        _, _, weight = rest.partition("q=")
        weights[media.strip()] = _number(weight) if weight else 1.0
    anything = max(weights.get("*/*", 0), weights.get("application/*", 0))
    if XML not in weights and JSON in weights:
        return JSON
    return JSON if weights.get(JSON, anything) > weights.get(XML, anything) else XML


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


@cache
def _as_xml() -> bytes:
    return metadata_xml(defender_model()).encode()


@cache
def _as_json() -> bytes:
    return as_ascii_json(metadata_json(defender_model()))
