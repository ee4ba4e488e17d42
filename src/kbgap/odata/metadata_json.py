"""Write ``$metadata`` as JSON (OData CSDL JSON 4.01), and the service document, from the declarations."""

from kbgap.odata.entity import EntitySet, EnumType, Model, Operation, StructuredType, TypeRef
from kbgap.odata.metadata_xml import BINDING

Json = dict[str, object]


def metadata_json(model: Model) -> Json:
    """The whole document, as what becomes JSON."""
    schema: Json = {}
    schema.update({enum.name: _enum(enum) for enum in model.enums})
    schema.update({declared.name: _type(model, declared) for declared in model.types})
    overloads: dict[str, list[Json]] = {}
    for operation in model.operations:
        overloads.setdefault(operation.name, []).append(_operation(operation))
    schema.update(overloads)
    sets = {declared.name: _set(declared) for declared in model.sets}
    schema[model.container] = {"$Kind": "EntityContainer", **sets}
    return {"$Version": "4.01", "$EntityContainer": f"{model.namespace}.{model.container}", model.namespace: schema}


def service_document(root: str, model: Model) -> Json:
    """What the API's root answers: the sets that can be read under it; ``root`` is its absolute address."""
    listed = [
        {"name": declared.name, "kind": "EntitySet", "url": declared.name}
        for declared in model.sets
        if declared.is_listed
    ]
    return {"@odata.context": f"{root}/$metadata", "value": listed}


def _enum(enum: EnumType) -> Json:
    underlying = {"$UnderlyingType": enum.underlying} if enum.underlying != "Edm.Int32" else {}
    return {"$Kind": "EnumType", **underlying, **{member.name: member.value for member in enum.members}}


def _type(model: Model, declared: StructuredType) -> Json:
    written: Json = {"$Kind": "EntityType" if declared.is_entity else "ComplexType"}
    if declared.base is not None:
        written["$BaseType"] = declared.base.full_name
    elif declared.is_entity:
        written["$Key"] = list(declared.key)
    written.update({member.name: _reference(member.of) for member in declared.own})
    for way in declared.own_navigation:
        # A single target may be absent; CSDL JSON reads what does not say so as never null.
        many = {"$Collection": True} if way.is_collection else {"$Nullable": True}
        written[way.name] = {"$Kind": "NavigationProperty", **many, "$Type": model.type(way.target).full_name}
    return written


def _operation(operation: Operation) -> Json:
    named = ((BINDING, operation.on), *((parameter.name, parameter.of) for parameter in operation.parameters))
    return {
        "$Kind": "Action" if operation.is_action else "Function",
        "$IsBound": True,
        "$Parameter": [{"$Name": name, **_reference(of)} for name, of in named],
        "$ReturnType": _reference(operation.returns),
    }


def _set(declared: EntitySet) -> Json:
    written: Json = {"$Collection": True, "$Type": declared.type.full_name}
    if declared.bindings:
        written["$NavigationPropertyBinding"] = dict(declared.bindings)
    if not declared.is_listed:
        written["$IncludeInServiceDocument"] = False
    return written


def _reference(of: TypeRef) -> Json:
    """The type where it is used: Edm.String and not null unless it says otherwise."""
    written: Json = {"$Collection": True} if of.is_collection else {}
    if of.full_name.removeprefix("Collection(").removesuffix(")") != "Edm.String":
        written["$Type"] = of.type.full_name
    if of.nullable and not of.is_collection:
        written["$Nullable"] = True
    return written
