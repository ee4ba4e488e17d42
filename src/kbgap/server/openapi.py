"""Describe the whole HTTP surface as OpenAPI 3.1, from the table of operations and the declared types."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import assert_never

import msgspec

from kbgap import __version__
from kbgap.odata.entity import StructuredType
from kbgap.odata.model import defender_model
from kbgap.odata.payload import value_context
from kbgap.server.errors import ErrorBody
from kbgap.server.examples import example_of
from kbgap.server.operation import Guarded, Operation
from kbgap.server.option_schemas import entity_options, list_options
from kbgap.server.results import OneEntity, Parameter, Plain, Raw, Result, RowCount, RowList, Value
from kbgap.server.schemas import Schema, reference, row_schema, type_schemas

_MODEL = defender_model()
_JSON = "application/json"
_BRACES = re.compile(r"\{(\w+)\}")
_CALL = re.compile(r"(\w+)\((\w+),(\w+)\)")
_ABOUT = (
    "Which Microsoft security updates (KBs) are missing, on which machines, and how many CVEs each would close: "
    "the threat and vulnerability management API of Microsoft Defender for Endpoint, and what kbgap adds to it."
)
_FAULTS = {
    "400": "The request cannot be understood; the message names what is wrong, and where.",
    "401": "There is no good access token.",
    "403": "The token does not hold the permission; the message names it.",
    "404": "There is no such thing.",
    "405": "The path has no such method.",
    "429": "Too many requests; Retry-After says when to ask again.",
    "503": "The database or the catalogue is not there; Retry-After says when to ask again.",
}
# What stands in braces in a path.
_PARTS: Mapping[str, Schema] = {
    "ip": {"type": "string", "format": "ipv4", "example": "192.0.2.7"},
    "timestamp": {"type": "string", "format": "date-time"},
}
_ROOT = "https://kbgap.example.org/api"  # in examples
_TEXT: Schema = {"type": "string", "minLength": 1}


def openapi(operations: Sequence[Operation], address: str) -> Schema:
    """The whole document; ``address`` is where the server is reached."""
    shown = [operation for operation in operations if _is_shown(operation)]
    paths: dict[str, Schema] = {}
    for operation in shown:
        paths.setdefault(_path(operation), {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "kbgap", "version": __version__, "description": _ABOUT},
        "servers": [{"url": address}],
        "paths": paths,
        "components": {
            "schemas": _schemas(shown),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _is_shown(operation: Operation) -> bool:
    """A body in a GET has no place in OpenAPI: the same path takes it as POST."""
    return not (operation.method == "GET" and operation.path.endswith("/token"))


def _path(operation: Operation) -> str:
    """``findbyip(ip,timestamp)`` becomes ``findbyip(ip='{ip}',timestamp={timestamp})``."""
    return _CALL.sub(r"\1(\2='{\2}',\3={\3})", operation.path)


def _operation(operation: Operation) -> Schema:
    described: Schema = {
        "summary": operation.about,
        "operationId": f"{operation.method.lower()} {operation.path}",
        "tags": ["kbgap's own" if operation.is_ours else "Defender's"],
        "parameters": [*_parts(operation), *_parameters(operation)],
        "responses": _responses(operation),
    }
    if operation.body is not None:
        content = {_JSON: {"schema": reference(operation.body.__name__)}}
        described["requestBody"] = {"required": True, "content": content}
    if isinstance(operation.access, Guarded):
        access = operation.access
        described["security"] = [{"token": list(access.application)}]
        described["description"] = _permissions(access)
    return described


def _permissions(access: Guarded) -> str:
    """Any one of them is enough."""
    application = " or ".join(f"`{name}`" for name in access.application)
    if not access.delegated:
        return f"Needs the role {application}."
    delegated = " or ".join(f"`{name}`" for name in access.delegated)
    return f"Needs the role {application}, or the scope {delegated}."


def _parts(operation: Operation) -> Iterator[Schema]:
    for name in _BRACES.findall(_path(operation)):
        yield {"name": name, "in": "path", "required": True, "schema": dict(_PARTS.get(name, _TEXT))}


def _parameters(operation: Operation) -> Iterator[Schema]:
    yield from (_parameter(parameter) for parameter in operation.parameters)
    match operation.result:
        case RowList(listing=listing):
            yield from (_parameter(option) for option in list_options(listing))
        case RowCount(listing=listing):
            yield from (_parameter(option) for option in list_options(listing))
        case OneEntity(of=of):
            yield from (_parameter(option) for option in entity_options(of))
        case Value() | Plain() | Raw():
            return
        case _:
            assert_never(operation.result)


def _parameter(parameter: Parameter) -> Schema:
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.is_required,
        "description": parameter.about,
        "schema": dict(parameter.schema),
    }


def _responses(operation: Operation) -> dict[str, Schema]:
    faults = _FAULTS if isinstance(operation.access, Guarded) else {}
    content = {_JSON: {"schema": reference("ErrorBody")}}
    return {
        "200": {"description": operation.about, "content": _content(operation.result)},
        **{status: {"description": about, "content": content} for status, about in faults.items()},
        **({} if faults else {"default": {"description": "What went wrong."}}),
    }


def _content(result: Result) -> Schema:
    match result:
        case RowList(listing=listing):
            return _json(_envelope(listing.rows), result.context(_ROOT, ()), listing.rows)
        case RowCount():
            return {"text/plain": {"schema": {"type": "string", "pattern": "^[0-9]+$"}}}
        case OneEntity(of=of):
            return _json(_entity(of), result.context(_ROOT, ()), of, is_list=False)
        case Value(of=of):
            return _json(_entity(of), value_context(_ROOT, of), of, is_list=False)
        case Plain(of=plain):
            return {_JSON: {"schema": reference(plain.__name__)}}
        case Raw(media=media):
            return {each: {} for each in media}
        case _:
            assert_never(result)


def _entity(of: StructuredType) -> Schema:
    context: Schema = {"type": "object", "properties": {"@odata.context": _TEXT}, "required": ["@odata.context"]}
    return {"allOf": [context, row_schema(of)]}


def _envelope(rows: StructuredType) -> Schema:
    return {
        "type": "object",
        "required": ["@odata.context", "value"],
        "properties": {
            "@odata.context": _TEXT,
            "@odata.count": {"type": "integer", "format": "int64", "description": "Only with `$count=true`."},
            "value": {"type": "array", "items": row_schema(rows)},
            "@odata.nextLink": {"type": "string", "description": "The next page, when more rows follow."},
        },
    }


def _json(schema: Schema, context: str, of: StructuredType, *, is_list: bool = True) -> Schema:
    row = example_of(of)
    if row is None:
        return {_JSON: {"schema": schema}}
    example = {"value": [row]} if is_list else row
    return {_JSON: {"schema": schema, "example": {"@odata.context": context, **example}}}


def _schemas(operations: Iterable[Operation]) -> dict[str, Schema]:
    """Of rows as they are declared; of everything else from the types that are encoded."""
    declared: dict[str, StructuredType] = {}
    plain: dict[str, type] = {"ErrorBody": ErrorBody}
    for operation in operations:
        match operation.result:
            case RowList(listing=listing):
                declared[listing.rows.name] = listing.rows
            case OneEntity(of=of) | Value(of=of):
                declared[of.name] = of
            case Plain(of=of):
                plain[of.__name__] = of
            case RowCount() | Raw():
                pass
        if operation.body is not None:
            plain[operation.body.__name__] = operation.body
    _, others = msgspec.json.schema_components(plain.values(), ref_template="#/components/schemas/{name}")
    return {**type_schemas(_MODEL, declared.values()), **others}
