"""A strict reader of ``$metadata``: it takes nothing from our declarations, only from the written document."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

EDMX = "{http://docs.oasis-open.org/odata/ns/edmx}"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
PRIMITIVES = {"String", "Int32", "Int64", "Double", "Single", "Boolean", "DateTimeOffset", "Guid"}
IDENTIFIER = re.compile(r"[A-Za-z_]\w{0,127}", re.ASCII)


@dataclass(frozen=True)
class Schema:
    """The one schema of a document."""

    root: Element

    @property
    def namespace(self) -> str:
        """Of everything in it."""
        return self.root.attrib["Namespace"]

    @property
    def container(self) -> Element:
        """The sets."""
        return next(iter(self.root.iter(f"{EDM}EntityContainer")))

    def children(self, *kinds: str) -> list[Element]:
        """The declarations of these kinds."""
        return [child for child in self.root if child.tag in {f"{EDM}{kind}" for kind in kinds}]

    def find(self, full_name: str, *kinds: str) -> Element | None:
        """The declaration with this name, if it is of one of the kinds."""
        named = {f"{self.namespace}.{child.attrib['Name']}": child for child in self.children(*kinds)}
        return named.get(full_name)

    def lineage(self, declared: Element) -> Iterator[Element]:
        """The type, its base, the base of that."""
        yield declared
        base = declared.get("BaseType")
        if base is not None:
            found = self.find(base, declared.tag.removeprefix(EDM))
            assert found is not None, base
            yield from self.lineage(found)

    def members(self, declared: Element) -> dict[str, Element]:
        """Properties and navigations, inherited ones too."""
        named = [
            member
            for each in self.lineage(declared)
            for member in each
            if member.tag in {f"{EDM}Property", f"{EDM}NavigationProperty"}
        ]
        assert len({member.attrib["Name"].lower() for member in named}) == len(named), declared.attrib
        return {member.attrib["Name"]: member for member in named}

    def sets(self) -> dict[str, Element]:
        """The entity sets by name."""
        return {each.attrib["Name"]: each for each in self.container}

    def resolve(self, fragment: str) -> Element | None:
        """The type that the fragment of a context names, or None when it names nothing."""
        if (match := re.fullmatch(r"Collection\((.+)\)", fragment)) is not None:
            return self.find(match[1], "EntityType", "ComplexType")
        if (match := re.fullmatch(r"(\w+)(?:\(([\w,]+)\))?(/\$entity)?", fragment)) is not None:
            found = self.sets().get(match[1])
            declared = self.find(found.attrib["EntityType"], "EntityType") if found is not None else None
            selected = set(match[2].split(",")) if match[2] else set()
            return declared if declared is not None and selected <= set(self.members(declared)) else None
        return self.find(fragment, "EntityType", "ComplexType")


def read_schema(text: str) -> Schema:
    """The schema of a CSDL 4.0 document, or an AssertionError where it breaks the rules of the envelope."""
    document = fromstring(text.encode(), forbid_dtd=True)
    assert document.tag == f"{EDMX}Edmx"
    assert document.attrib["Version"] == "4.0"
    (services,) = list(document)
    assert services.tag == f"{EDMX}DataServices"
    (schema,) = list(services)
    assert schema.tag == f"{EDM}Schema"
    return Schema(schema)


def item_type(text: str) -> str:
    """The type of an item, or of the value itself."""
    return text.removeprefix("Collection(").removesuffix(")")
