"""``$metadata`` keeps the rules of CSDL, in both forms, and every context that is written resolves against it.

The rules are those of OASIS, OData CSDL 4.0 and 4.01; the sections are named.
"""

from xml.etree.ElementTree import Element

import msgspec
import pytest

from kbgap.odata.entity import StructuredType
from kbgap.odata.metadata_json import metadata_json, service_document
from kbgap.odata.metadata_xml import metadata_xml
from kbgap.odata.model import defender_model
from kbgap.odata.payload import collection_context, entity_context, set_context, value_context
from tests.odata.given import MODEL
from tests.odata.schema import EDM, IDENTIFIER, PRIMITIVES, Schema, item_type, read_schema

ROOT = "https://kbgap.example.org/api"


@pytest.fixture(scope="module", params=["defender", "test"])
def schema(request: pytest.FixtureRequest) -> Schema:
    """The written document, read by somebody else."""
    return read_schema(metadata_xml(defender_model() if request.param == "defender" else MODEL))


def types_of(element: Element) -> list[str]:
    """Every type that something in the document refers to."""
    names = [attribute for each in element.iter() for attribute in (each.get("Type"), each.get("EntityType"))]
    return [item_type(name) for name in names if name is not None]


def test_names_are_unique_in_the_schema(schema: Schema) -> None:
    """CSDL 5.1: types and the container share names with nothing; operations only with their overloads."""
    others = schema.children("EntityType", "ComplexType", "EnumType", "EntityContainer")
    names = [child.attrib["Name"] for child in others]
    operations = {child.attrib["Name"] for child in schema.children("Function", "Action")}

    assert len(set(names)) == len(names)
    assert operations.isdisjoint(names)
    assert all(IDENTIFIER.fullmatch(name) for name in {*names, *operations})


def test_every_type_that_is_used_is_declared(schema: Schema) -> None:
    """CSDL 4.1: a qualified name, or a primitive type."""
    kinds = ("EntityType", "ComplexType", "EnumType")

    unknown = [
        name
        for name in types_of(schema.root)
        if schema.find(name, *kinds) is None and name not in {f"Edm.{primitive}" for primitive in PRIMITIVES}
    ]

    assert unknown == []


def test_entities_have_a_key_once(schema: Schema) -> None:
    """CSDL 8.2: the root of a line of types has it; its properties are there, primitive and never null."""
    for declared in schema.children("EntityType"):
        keys = [key for each in schema.lineage(declared) for key in each.iter(f"{EDM}Key")]
        assert len(keys) == 1
        members = schema.members(declared)
        for reference in keys[0]:
            key = members[reference.attrib["Name"]]
            assert key.attrib["Type"].startswith("Edm.")
            assert key.attrib["Nullable"] == "false"


def test_complex_types_have_no_key(schema: Schema) -> None:
    """CSDL 9: and their members are unique, inherited ones too."""
    for declared in schema.children("ComplexType"):
        assert list(declared.iter(f"{EDM}Key")) == []
        assert schema.members(declared)


def test_navigation_leads_to_entities(schema: Schema) -> None:
    """CSDL 7.1.2."""
    for way in schema.root.iter(f"{EDM}NavigationProperty"):
        assert schema.find(item_type(way.attrib["Type"]), "EntityType") is not None


def test_sets_hold_entities_and_bind_ways_that_exist(schema: Schema) -> None:
    """CSDL 13.2, 13.4: path and target exist, and the target's type is the way's."""
    sets = schema.sets()
    for declared in sets.values():
        held = schema.find(declared.attrib["EntityType"], "EntityType")
        assert held is not None
        for binding in declared:
            way = schema.members(held)[binding.attrib["Path"]]
            assert item_type(way.attrib["Type"]) == sets[binding.attrib["Target"]].attrib["EntityType"]


def test_operations_are_bound_and_overloads_differ(schema: Schema) -> None:
    """CSDL 12: the first parameter binds; a function returns something; an overload has its own binding type."""
    seen = set()
    for operation in schema.children("Function", "Action"):
        parameters = operation.findall(f"{EDM}Parameter")
        overload = operation.attrib["Name"], parameters[0].attrib["Type"]
        assert operation.attrib["IsBound"] == "true"
        assert operation.find(f"{EDM}ReturnType") is not None
        assert overload not in seen
        seen.add(overload)


def test_words_and_numbers_of_an_enumeration_are_unique(schema: Schema) -> None:
    """CSDL 10.2."""
    for enum in schema.children("EnumType"):
        assert len({member.attrib["Name"] for member in enum}) == len(enum)
        assert len({member.attrib["Value"] for member in enum}) == len(enum)


def contexts() -> list[tuple[str, StructuredType]]:
    """Every context that answers can have, with the type of what they hold."""
    model = defender_model()
    rows = [(set_context(ROOT, each), each.type) for each in model.sets]
    rows += [(set_context(ROOT, each, [each.type.properties[0].name]), each.type) for each in model.sets]
    rows += [(entity_context(ROOT, each), each.type) for each in model.sets]
    given = [operation.returns.type for operation in model.operations]
    types = [each for each in (*given, *model.types) if isinstance(each, StructuredType)]
    rows += [(collection_context(ROOT, each), each) for each in types]
    return rows + [(value_context(ROOT, each), each) for each in types]


def test_every_context_resolves() -> None:
    """Strict readers (Power BI, OData.NET) look up what a context names, and stop when it is not there."""
    schema = read_schema(metadata_xml(defender_model()))

    for context, declared in contexts():
        address, _, fragment = context.partition("#")
        found = schema.resolve(fragment)
        assert address == f"{ROOT}/$metadata"
        assert found is not None, context
        assert schema.members(found)
        assert found.attrib["Name"] == declared.name


@pytest.mark.parametrize("fragment", ["MissingKbs", "Distributions", "Collection(Analytics.X)", "Machines(nobody)"])
def test_a_context_that_names_nothing_does_not_resolve(fragment: str) -> None:
    """The strict reader of these tests is strict; the first two are in Microsoft's samples, but in no $metadata."""
    assert read_schema(metadata_xml(defender_model())).resolve(fragment) is None


def test_a_missing_kb_is_written_as_the_service_writes_it() -> None:
    """Members in order; nullable unless it says otherwise."""
    written = metadata_xml(defender_model())

    begin = written.index('<ComplexType Name="PublicProductFixDto">')
    lines = [line.strip() for line in written[begin : written.index("</ComplexType>", begin)].splitlines()]

    assert lines == [
        '<ComplexType Name="PublicProductFixDto">',
        '<Property Name="id" Type="Edm.String"/>',
        '<Property Name="name" Type="Edm.String"/>',
        '<Property Name="osBuild" Type="Edm.Int64"/>',
        '<Property Name="productsNames" Type="Collection(Edm.String)"/>',
        '<Property Name="url" Type="Edm.String"/>',
        '<Property Name="machineMissedOn" Type="Edm.Int64" Nullable="false"/>',
        '<Property Name="cveAddressed" Type="Edm.Int64" Nullable="false"/>',
        "",
    ]


# --- the same as JSON ---


def as_written(element: Element, schema: Schema) -> object:
    """What the JSON form has to say for an element of the XML form."""
    kind = element.tag.removeprefix(EDM)
    if kind == "EnumType":
        underlying = element.get("UnderlyingType")
        members = {member.attrib["Name"]: int(member.attrib["Value"]) for member in element}
        return {"$Kind": kind, **({"$UnderlyingType": underlying} if underlying else {}), **members}
    base = element.get("BaseType")
    key = element.find(f"{EDM}Key")
    return {
        "$Kind": kind,
        **({"$BaseType": base} if base else {}),
        **({"$Key": [each.attrib["Name"] for each in key]} if key is not None else {}),
        **{
            member.attrib["Name"]: reference(member)
            for member in element
            if member.tag in {f"{EDM}Property", f"{EDM}NavigationProperty"}
        },
    }


def reference(element: Element) -> dict[str, object]:
    """A type in use: JSON says collection and null, XML the contrary of null."""
    name = element.attrib["Type"]
    way = {"$Kind": "NavigationProperty"} if element.tag == f"{EDM}NavigationProperty" else {}
    is_collection = name.startswith("Collection(")
    of = {} if item_type(name) == "Edm.String" else {"$Type": item_type(name)}
    nullable = {} if is_collection or element.get("Nullable") == "false" else {"$Nullable": True}
    return {**way, **({"$Collection": True} if is_collection else {}), **of, **nullable}


@pytest.mark.parametrize("model", [defender_model(), MODEL], ids=["defender", "test"])
def test_both_forms_say_the_same(model: object) -> None:
    """Every type of the XML, turned into JSON by the rules of CSDL JSON, is what the JSON form says."""
    declared = defender_model() if model is defender_model() else MODEL
    schema = read_schema(metadata_xml(declared))

    document = msgspec.json.decode(msgspec.json.encode(metadata_json(declared)))

    assert document["$Version"] == "4.01"
    assert document["$EntityContainer"] == f"{declared.namespace}.{declared.container}"
    written = document[declared.namespace]
    for element in schema.children("EntityType", "ComplexType", "EnumType"):
        assert written[element.attrib["Name"]] == as_written(element, schema)


def test_operations_and_sets_are_in_the_json_form() -> None:
    """Overloads are a list; a set names its type and where its ways lead."""
    document = metadata_json(defender_model())

    namespace = "microsoft.windowsDefenderATP.api"
    schema = msgspec.convert(document[namespace], dict[str, object])
    assert schema["GetMissingKbs"] == [
        {
            "$Kind": "Function",
            "$IsBound": True,
            "$Parameter": [{"$Name": "bindingParameter", "$Type": f"{namespace}.{bound}"}],
            "$ReturnType": {"$Collection": True, "$Type": f"{namespace}.PublicProductFixDto"},
        }
        for bound in ("Software", "Machine")
    ]
    sets = msgspec.convert(schema["Container"], dict[str, object])
    assert sets["$Kind"] == "EntityContainer"
    assert sets["Machines"] == {
        "$Collection": True,
        "$Type": f"{namespace}.Machine",
        "$NavigationPropertyBinding": {"software": "Software", "recommendations": "Recommendations"},
    }
    assert sets["ExposureScore"] == {
        "$Collection": True,
        "$Type": f"{namespace}.ConfigurationScore",
        "$IncludeInServiceDocument": False,
    }
    (tags,) = msgspec.convert(schema["Tags"], list[dict[str, object]])
    assert tags["$Kind"] == "Action"


def test_the_service_document_lists_what_can_be_read() -> None:
    """Power BI offers these; a set whose address answers one entity is not among them."""
    document = service_document(ROOT, defender_model())

    assert document == {
        "@odata.context": f"{ROOT}/$metadata",
        "value": [
            {"name": name, "kind": "EntitySet", "url": name}
            for name in ("Software", "Machines", "Vulnerabilities", "Recommendations", "Alerts")
        ],
    }
