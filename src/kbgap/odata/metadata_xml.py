"""Write ``$metadata`` as XML (OData CSDL 4.0), from the declarations."""

from collections.abc import Iterable, Iterator
from html import escape

from kbgap.odata.entity import EntitySet, EnumType, Model, Navigation, Operation, StructuredType, TypeRef

_EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
_EDM = "http://docs.oasis-open.org/odata/ns/edm"
BINDING = "bindingParameter"  # the name of the parameter that an operation is called on


def metadata_xml(model: Model) -> str:
    """The whole document."""
    lines = _element(
        "edmx:Edmx",
        {"Version": "4.0", "xmlns:edmx": _EDMX},
        _element(
            "edmx:DataServices", {}, _element("Schema", {"Namespace": model.namespace, "xmlns": _EDM}, _schema(model))
        ),
    )
    return "\n".join(('<?xml version="1.0" encoding="utf-8"?>', *lines, ""))


def _schema(model: Model) -> Iterator[str]:
    for enum in model.enums:
        yield from _enum(enum)
    for declared in model.types:
        yield from _type(model, declared)
    for operation in model.operations:
        yield from _operation(operation)
    yield from _element(
        "EntityContainer", {"Name": model.container}, (line for each in model.sets for line in _set(each))
    )


def _enum(enum: EnumType) -> Iterator[str]:
    members = (
        line
        for member in enum.members
        for line in _element("Member", {"Name": member.name, "Value": str(member.value)})
    )
    # Edm.Int32 is what an enumeration has when it does not say.
    underlying = {"UnderlyingType": enum.underlying} if enum.underlying != "Edm.Int32" else {}
    return _element("EnumType", {"Name": enum.name, **underlying}, members)


def _type(model: Model, declared: StructuredType) -> Iterator[str]:
    base = {"BaseType": declared.base.full_name} if declared.base is not None else {}
    return _element(
        "EntityType" if declared.is_entity else "ComplexType",
        {"Name": declared.name, **base},
        _members(model, declared),
    )


def _members(model: Model, declared: StructuredType) -> Iterator[str]:
    if declared.is_entity and declared.base is None:
        references = (line for name in declared.key for line in _element("PropertyRef", {"Name": name}))
        yield from _element("Key", {}, references)
    for member in declared.own:
        yield from _element("Property", {"Name": member.name, **_type_attributes(member.of)})
    for way in declared.own_navigation:
        yield from _element("NavigationProperty", {"Name": way.name, "Type": _target(model, way)})


def _target(model: Model, way: Navigation) -> str:
    name = model.type(way.target).full_name
    return f"Collection({name})" if way.is_collection else name


def _operation(operation: Operation) -> Iterator[str]:
    named = ((BINDING, operation.on), *((parameter.name, parameter.of) for parameter in operation.parameters))
    parts = [line for name, of in named for line in _element("Parameter", {"Name": name, **_type_attributes(of)})]
    parts.extend(_element("ReturnType", _type_attributes(operation.returns)))
    return _element("Action" if operation.is_action else "Function", {"Name": operation.name, "IsBound": "true"}, parts)


def _set(declared: EntitySet) -> Iterator[str]:
    bindings = (
        line
        for path, target in declared.bindings
        for line in _element("NavigationPropertyBinding", {"Path": path, "Target": target})
    )
    hidden = {} if declared.is_listed else {"IncludeInServiceDocument": "false"}
    return _element("EntitySet", {"Name": declared.name, "EntityType": declared.type.full_name, **hidden}, bindings)


def _type_attributes(of: TypeRef) -> dict[str, str]:
    """Nullable is true when it is not written; for a collection it would speak of the items, and is left open."""
    nullable = {} if of.nullable or of.is_collection else {"Nullable": "false"}
    return {"Type": of.full_name, **nullable}


def _element(name: str, attributes: dict[str, str], children: Iterable[str] = ()) -> Iterator[str]:
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    inside = list(children)
    if not inside:
        yield f"<{name}{written}/>"
        return
    yield f"<{name}{written}>"
    for line in inside:
        yield f"  {line}"
    yield f"</{name}>"
