"""Declare the types of the API: the one table from which filters, ``$metadata``, schemas and labels derive.

Values only. ``model.py`` reads them from the data file, and checks that they fit together.
"""

from dataclasses import dataclass
from enum import StrEnum


class Primitive(StrEnum):
    """The primitive types of OData that the API uses; the value is the name without ``Edm.``."""

    STRING = "String"
    INT32 = "Int32"
    INT64 = "Int64"
    DOUBLE = "Double"
    SINGLE = "Single"
    BOOLEAN = "Boolean"
    DATE_TIME_OFFSET = "DateTimeOffset"
    GUID = "Guid"

    @property
    def full_name(self) -> str:
        """As OData writes it: ``Edm.String``."""
        return f"Edm.{self.value}"


@dataclass(frozen=True, slots=True)
class Member:
    """One word of an enumeration, and the number by which it is ordered."""

    name: str
    value: int


@dataclass(frozen=True, slots=True)
class EnumType:
    """An enumeration: in JSON and in filters a word in quotes."""

    namespace: str
    name: str
    underlying: str  # Edm.Int32, Edm.Byte, ...
    members: tuple[Member, ...]

    @property
    def full_name(self) -> str:
        """With its namespace."""
        return f"{self.namespace}.{self.name}"

    def member(self, word: str) -> Member | None:
        """The member that is called so in any letter case."""
        folded = word.lower()
        return next((member for member in self.members if member.name.lower() == folded), None)


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A type as it is used in one place. Of a collection no item is ever null."""

    type: "ValueType"
    is_collection: bool = False
    nullable: bool = True

    @property
    def full_name(self) -> str:
        """As OData writes it: ``Collection(Edm.String)``."""
        return f"Collection({self.type.full_name})" if self.is_collection else self.type.full_name

    @property
    def short_name(self) -> str:
        """Without namespaces: ``Collection(String)``."""
        name = self.type.value if isinstance(self.type, Primitive) else self.type.name
        return f"Collection({name})" if self.is_collection else name


@dataclass(frozen=True, slots=True)
class Property:
    """One member of a type, by its public name.

    ``filterable``: ``$filter`` may name it; ``sortable``: ``$orderby`` may.
    """

    name: str
    of: TypeRef
    filterable: bool = True
    sortable: bool = True


@dataclass(frozen=True, slots=True)
class Navigation:
    """A way from one entity to others: a path segment, and what ``$expand`` takes.

    ``target`` is the name of an entity type: types refer to each other in circles.
    """

    name: str
    target: str
    is_collection: bool


@dataclass(frozen=True, slots=True)
class StructuredType:
    """An entity type, which has a key, or a complex type, which has none.

    ``own`` and ``own_navigation`` are what this type adds to its base; ``identity`` names the properties that together
    tell the rows of one list apart, in the order by which they are sorted when nothing else decides.
    """

    namespace: str
    name: str
    is_entity: bool
    own: tuple[Property, ...]
    identity: tuple[str, ...]
    own_navigation: tuple[Navigation, ...] = ()
    base: "StructuredType | None" = None

    @property
    def full_name(self) -> str:
        """With its namespace."""
        return f"{self.namespace}.{self.name}"

    @property
    def key(self) -> tuple[str, ...]:
        """The key properties; none for a complex type."""
        return self.identity if self.is_entity else ()

    @property
    def properties(self) -> tuple[Property, ...]:
        """All members in the order in which they are written: those of the base first."""
        return (*(self.base.properties if self.base is not None else ()), *self.own)

    @property
    def navigation(self) -> tuple[Navigation, ...]:
        """All ways to other entities: those of the base first."""
        return (*(self.base.navigation if self.base is not None else ()), *self.own_navigation)

    def property(self, name: str) -> Property | None:
        """The member that is called so in any letter case."""
        folded = name.lower()
        return next((member for member in self.properties if member.name.lower() == folded), None)


ValueType = Primitive | EnumType | StructuredType


@dataclass(frozen=True, slots=True)
class Pages:
    """How a list is cut: rows of a page when the client does not say, and the most that it may ask for."""

    usual: int = 10_000
    most: int = 10_000


USUAL_PAGES = Pages()


@dataclass(frozen=True, slots=True)
class EntitySet:
    """A named collection of entities: ``/api/Machines``.

    ``bindings`` says in which set the targets of a navigation are. ``is_listed``: the service document names it, which
    it must not when a GET of its address does not give the list.
    """

    name: str
    type: StructuredType
    bindings: tuple[tuple[str, str], ...] = ()
    pages: Pages = USUAL_PAGES
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of an operation."""

    name: str
    of: TypeRef


@dataclass(frozen=True, slots=True)
class Operation:
    """A function (which only reads) or an action, called on an entity or a collection of entities."""

    name: str
    is_action: bool
    on: TypeRef
    parameters: tuple[Parameter, ...]
    returns: TypeRef
    pages: Pages = USUAL_PAGES


@dataclass(frozen=True, slots=True)
class Model:
    """All that the API declares, in the order of the data file."""

    namespace: str
    container: str
    enums: tuple[EnumType, ...]
    types: tuple[StructuredType, ...]
    sets: tuple[EntitySet, ...]
    operations: tuple[Operation, ...]

    def type(self, name: str) -> StructuredType:
        """The type with exactly this name; KeyError when there is none, which is a mistake in our own code."""
        return {declared.name: declared for declared in self.types}[name]

    def set(self, name: str) -> EntitySet:
        """The set with exactly this name; KeyError as for ``type``."""
        return {declared.name: declared for declared in self.sets}[name]

    def operation(self, name: str, on: str) -> Operation:
        """The operation of this name on this type (``Machine``, ``Collection(Machine)``); KeyError as for ``type``."""
        return {(declared.name, declared.on.short_name): declared for declared in self.operations}[name, on]
