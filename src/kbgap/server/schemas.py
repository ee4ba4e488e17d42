"""Write the types of the API as JSON Schema (2020-12, as OpenAPI 3.1 takes it), from their declarations."""

from collections.abc import Iterable, Mapping
from typing import assert_never

from kbgap.odata.entity import EnumType, Model, Navigation, Primitive, StructuredType, TypeRef

Schema = dict[str, object]

_TYPES: Mapping[Primitive, Schema] = {
    Primitive.STRING: {"type": "string"},
    Primitive.INT32: {"type": "integer", "format": "int32"},
    Primitive.INT64: {"type": "integer", "format": "int64"},
    Primitive.DOUBLE: {"type": "number", "format": "double"},
    Primitive.SINGLE: {"type": "number", "format": "float"},
    Primitive.BOOLEAN: {"type": "boolean"},
    Primitive.DATE_TIME_OFFSET: {"type": "string", "format": "date-time"},
    Primitive.GUID: {"type": "string", "format": "uuid"},
}
_SELECTED = "Selected"  # behind the name of a type: with the members that $select names


def reference(name: str) -> Schema:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def row_schema(rows: StructuredType) -> Schema:
    """One row: with all members, or with those that ``$select`` names."""
    return {"anyOf": [reference(rows.name), reference(rows.name + _SELECTED)]}


def type_schemas(model: Model, wanted: Iterable[StructuredType]) -> dict[str, Schema]:
    """The schemas of these types and of all that they hold, by name."""
    schemas: dict[str, Schema] = {}
    for declared in wanted:
        _add(model, declared, schemas)
        schemas[declared.name + _SELECTED] = {
            "description": f"{declared.name} with the members that `$select` names.",
            **_object(model, declared),
        }
    return dict(sorted(schemas.items()))


def _add(model: Model, declared: StructuredType | EnumType, schemas: dict[str, Schema]) -> None:
    if declared.name in schemas:
        return
    if isinstance(declared, EnumType):
        schemas[declared.name] = {"type": "string", "enum": [member.name for member in declared.members]}
        return
    required = [member.name for member in declared.properties]
    schemas[declared.name] = {**_object(model, declared), "required": required}
    for member in declared.properties:
        if not isinstance(member.of.type, Primitive):
            _add(model, member.of.type, schemas)
    for way in declared.navigation:
        _add(model, model.type(way.target), schemas)


def _object(model: Model, declared: StructuredType) -> Schema:
    members = {member.name: _member(member.of) for member in declared.properties}
    ways = {way.name: _way(model, way) for way in declared.navigation}
    return {"type": "object", "properties": {**members, **ways}}


def _way(model: Model, way: Navigation) -> Schema:
    target = reference(model.type(way.target).name)
    about = "Only with `$expand`."
    if way.is_collection:
        return {"description": about, "type": "array", "items": target}
    return {"description": about, "anyOf": [target, {"type": "null"}]}


def _member(of: TypeRef) -> Schema:
    one = _one(of)
    if of.is_collection:
        return {"type": "array", "items": one}
    if not of.nullable:
        return one
    if "type" in one:
        return {**one, "type": [one["type"], "null"]}
    return {"anyOf": [one, {"type": "null"}]}


def _one(of: TypeRef) -> Schema:
    match of.type:
        case Primitive():
            return dict(_TYPES[of.type])
        case EnumType() | StructuredType():
            return reference(of.type.name)
        case _:
            assert_never(of.type)
