"""Read the declarations of types, sets and operations, and refuse a table that does not fit together.

``defender_model`` is the table that the API serves: package data, read once, so a constant to everything that uses it.
"""

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files

import msgspec

from kbgap.core.errors import Invalid
from kbgap.odata.entity import (
    EntitySet,
    EnumType,
    Member,
    Model,
    Navigation,
    Operation,
    Pages,
    Parameter,
    Primitive,
    Property,
    StructuredType,
    TypeRef,
    ValueType,
)

_FILE = "entities.toml"
_REFERENCE = re.compile(r"(?:Collection\((?P<item>\w+)\)|(?P<one>\w+)(?P<nullable>\?)?)")


class _Raw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what stands in the file."""


class _Enum(_Raw, frozen=True):
    members: dict[str, int]
    underlying: str = "Edm.Int32"


class _Type(_Raw, frozen=True):
    properties: dict[str, str] = {}
    base: str | None = None
    key: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    navigation: dict[str, str] = {}
    unfilterable: tuple[str, ...] = ()
    unsortable: tuple[str, ...] = ()


class _Set(_Raw, frozen=True):
    type: str
    bindings: dict[str, str] = {}
    listed: bool = True
    usual: int = 10_000
    most: int = 10_000


class _Operation(_Raw, frozen=True):
    name: str
    on: str
    returns: str
    action: bool = False
    parameters: dict[str, str] = {}
    usual: int = 10_000
    most: int = 10_000


class _Table(_Raw, frozen=True):
    namespace: str
    container: str
    enums: dict[str, _Enum] = {}
    types: dict[str, _Type] = {}
    sets: dict[str, _Set] = {}
    operations: tuple[_Operation, ...] = ()


@functools.cache
def defender_model() -> Model:
    """The types of Defender for Endpoint's API that kbgap serves (``data/entities.toml``)."""
    return read_model(files("kbgap.data").joinpath(_FILE).read_text("utf-8"))


def read_model(text: str) -> Model:
    """The declarations in this TOML text; Invalid, with the entry concerned, when they do not fit together."""
    try:
        table = msgspec.convert(tomllib.loads(text), _Table)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Invalid(f"the declarations cannot be read: {error}", where=_FILE) from error
    enums = tuple(_enum(table.namespace, name, raw) for name, raw in table.enums.items())
    known: dict[str, ValueType] = {primitive.value: primitive for primitive in Primitive}
    for enum in enums:
        _declare(known, enum)
    types = []
    for name, raw in table.types.items():
        declared = _type(table.namespace, name, raw, known)
        _declare(known, declared)
        types.append(declared)
    _check_navigation(types, known)
    sets = tuple(_set(name, raw, known, table.sets) for name, raw in table.sets.items())
    operations = tuple(_operation(raw, known) for raw in table.operations)
    _check_operations(operations, {*known, table.container})
    return Model(table.namespace, table.container, enums, tuple(types), sets, operations)


def _declare(known: dict[str, ValueType], declared: EnumType | StructuredType) -> None:
    """All types share one room for names: strict readers refuse a second one."""
    if declared.name in known:
        raise _wrong(f"the name {declared.name!r} is declared twice", declared.name)
    known[declared.name] = declared


def _enum(namespace: str, name: str, raw: _Enum) -> EnumType:
    _check_distinct(raw.members, f"enums.{name}")
    return EnumType(
        namespace, name, raw.underlying, tuple(Member(word, number) for word, number in raw.members.items())
    )


def _type(namespace: str, name: str, raw: _Type, known: Mapping[str, ValueType]) -> StructuredType:
    place = f"types.{name}"
    base = _structured(raw.base, known, place) if raw.base is not None else None
    own = tuple(_property(member, text, raw, known, place) for member, text in raw.properties.items())
    declared = StructuredType(
        namespace=namespace,
        name=name,
        is_entity=bool(raw.key) or (base is not None and base.is_entity),
        own=own,
        identity=raw.key or raw.identity or (base.identity if base is not None else ()),
        own_navigation=tuple(_navigation(way, text, place) for way, text in raw.navigation.items()),
        base=base,
    )
    members = [member.name for member in declared.properties]
    _check_distinct([*members, *(way.name for way in declared.navigation)], place)
    _check_known({*declared.identity, *raw.unfilterable, *raw.unsortable}, members, place)
    return declared


def _property(name: str, text: str, raw: _Type, known: Mapping[str, ValueType], place: str) -> Property:
    reference = _reference(text, known, f"{place}.{name}")
    is_single = not reference.is_collection
    can_filter = is_single or reference.type is Primitive.STRING
    is_simple = not isinstance(reference.type, StructuredType)
    return Property(
        name=name,
        of=reference,
        filterable=is_simple and can_filter and name not in raw.unfilterable,
        sortable=is_simple and is_single and name not in raw.unsortable,
    )


def _navigation(name: str, text: str, place: str) -> Navigation:
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise _wrong(f"{text!r} is no type", f"{place}.{name}")
    return Navigation(name, match["item"] or match["one"], is_collection=match["item"] is not None)


def _set(name: str, raw: _Set, known: Mapping[str, ValueType], sets: Mapping[str, _Set]) -> EntitySet:
    place = f"sets.{name}"
    of = _structured(raw.type, known, place)
    if not of.is_entity:
        raise _wrong(f"{of.name!r} has no key", place)
    _check_known(raw.bindings, [way.name for way in of.navigation], place)
    _check_known(raw.bindings.values(), sets, place)
    return EntitySet(name, of, tuple(raw.bindings.items()), Pages(raw.usual, raw.most), raw.listed)


def _operation(raw: _Operation, known: Mapping[str, ValueType]) -> Operation:
    place = f"operations.{raw.name}"
    return Operation(
        name=raw.name,
        is_action=raw.action,
        on=_reference(raw.on, known, place),
        parameters=tuple(
            Parameter(name, _reference(text, known, f"{place}.{name}")) for name, text in raw.parameters.items()
        ),
        returns=_reference(raw.returns, known, place),
        pages=Pages(raw.usual, raw.most),
    )


def _reference(text: str, known: Mapping[str, ValueType], place: str) -> TypeRef:
    match = _REFERENCE.fullmatch(text)
    name = (match["item"] or match["one"]) if match is not None else text
    if match is None or name not in known:
        raise _wrong(f"{text!r} is no type that is declared above", place)
    is_collection = match["item"] is not None
    return TypeRef(known[name], is_collection, nullable=match["nullable"] is not None)


def _structured(name: str, known: Mapping[str, ValueType], place: str) -> StructuredType:
    declared = known.get(name)
    if not isinstance(declared, StructuredType):
        raise _wrong(f"{name!r} is no entity or complex type that is declared above", place)
    return declared


def _check_navigation(types: Iterable[StructuredType], known: Mapping[str, ValueType]) -> None:
    """Navigation leads to entities; checked last, since types refer to each other in circles."""
    for declared in types:
        for way in declared.own_navigation:
            target = known.get(way.target)
            if not isinstance(target, StructuredType) or not target.is_entity:
                raise _wrong(f"{way.target!r} is no entity type", f"types.{declared.name}.{way.name}")


def _check_operations(operations: Iterable[Operation], taken: set[str]) -> None:
    """One operation per name and binding; overloads share a name among themselves, and with nothing else."""
    seen: set[tuple[str, str]] = set()
    for operation in operations:
        overload = (operation.name, operation.on.short_name)
        if operation.name in taken or overload in seen:
            raise _wrong(f"the name {operation.name!r} is declared twice", f"operations.{operation.name}")
        seen.add(overload)


def _check_distinct(names: Iterable[str], place: str) -> None:
    """No two names that differ in letter case only: filters find them in any case."""
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise _wrong(f"the name {name!r} is declared twice", place)
        seen.add(name.lower())


def _check_known(names: Iterable[str], declared: Iterable[str], place: str) -> None:
    unknown = sorted(set(names) - set(declared))
    if unknown:
        raise _wrong(f"{unknown[0]!r} is not declared", place)


def _wrong(what: str, entry: str) -> Invalid:
    return Invalid(what, where=f"{_FILE}, {entry}")
