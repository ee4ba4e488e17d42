"""Compare what comes over the wire with the declared types: names, order, types and nulls."""

import re
from collections.abc import Callable, Mapping
from typing import assert_never

from kbgap.odata.entity import EnumType, Primitive, StructuredType, TypeRef

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INT32, _INT64 = 2**31, 2**63


def _within(value: object, bound: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -bound <= value < bound


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_PRIMITIVES: Mapping[Primitive, Callable[[object], bool]] = {
    Primitive.STRING: lambda value: isinstance(value, str),
    Primitive.INT32: lambda value: _within(value, _INT32),
    Primitive.INT64: lambda value: _within(value, _INT64),
    Primitive.DOUBLE: _is_number,
    Primitive.SINGLE: _is_number,
    Primitive.BOOLEAN: lambda value: isinstance(value, bool),
    Primitive.DATE_TIME_OFFSET: lambda value: isinstance(value, str) and _MOMENT.fullmatch(value) is not None,
    Primitive.GUID: lambda value: isinstance(value, str) and _GUID.fullmatch(value) is not None,
}


def faults_of(row: Mapping[str, object], of: StructuredType) -> list[str]:
    """What is wrong with a row, in words; nothing when it is one of the type."""
    wanted = [member.name for member in of.properties]
    if list(row) != wanted:
        return [f"{of.name}: members {list(row)} instead of {wanted}"]
    return [
        f"{of.name}.{member.name}: {row[member.name]!r} is no {member.of.full_name}"
        for member in of.properties
        if not fits(row[member.name], member.of)
    ]


def fits(value: object, of: TypeRef) -> bool:
    """Whether a JSON value is one of a declared type."""
    if of.is_collection:
        return isinstance(value, list) and all(fits(item, TypeRef(of.type, nullable=False)) for item in value)
    if value is None:
        return of.nullable
    match of.type:
        case EnumType():
            return of.type.name == "InterfaceType" or value in {member.name for member in of.type.members}
        case StructuredType():
            return isinstance(value, dict) and faults_of(value, of.type) == []
        case Primitive():
            return _PRIMITIVES[of.type](value)
        case _:
            assert_never(of.type)
