"""Describe what operations answer: the one description from which handlers, contexts, OpenAPI and tests derive."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from kbgap.odata.entity import EntitySet, StructuredType
from kbgap.odata.options import FOR_COUNTS, Listing
from kbgap.odata.payload import collection_context, entity_context, set_context, value_context
from kbgap.server.asked import Asked
from kbgap.store.listing import Listed

Reader = Callable[[Asked], Listed[Any]]
OneReader = Callable[[Asked], msgspec.Struct]
Ways = Mapping[str, "Reader | OneReader"]


@dataclass(frozen=True, slots=True)
class RowList:
    """A list of rows.

    ``home`` is the set that the rows are of, None for rows in no set. ``ways``: what ``$expand`` brings along,
    each read with the row's id as the id in the path.
    """

    listing: Listing
    read: Reader
    home: EntitySet | None = None
    ways: Ways = field(default_factory=dict)

    def context(self, root: str, select: Sequence[str]) -> str:
        """What the rows are, under the API's address."""
        if self.home is None:
            return collection_context(root, self.listing.rows)
        return set_context(root, self.home, select)

    @property
    def counted(self) -> "RowCount":
        """The same list behind ``/$count``."""
        return RowCount(Listing(self.listing.rows, options=FOR_COUNTS, parameters=self.listing.parameters), self.read)


@dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows a list has, as a bare number."""

    listing: Listing
    read: Reader


@dataclass(frozen=True, slots=True)
class OneEntity:
    """One entity of a set, or one value that is in no set."""

    of: StructuredType
    read: OneReader
    home: EntitySet | None = None
    ways: Ways = field(default_factory=dict)

    def context(self, root: str, select: Sequence[str]) -> str:
        """What the entity is, under the API's address."""
        if self.home is None:
            return value_context(root, self.of)
        return entity_context(root, self.home, select)


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a declared type that is in no set; its handler makes it."""

    of: StructuredType


@dataclass(frozen=True, slots=True)
class Plain:
    """An answer outside of OData: one JSON value of this type."""

    of: Any


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is no JSON, or JSON without a type of ours: what it may be, by media type."""

    media: tuple[str, ...]


Result = RowList | RowCount | OneEntity | Value | Plain | Raw


@dataclass(frozen=True, slots=True)
class Parameter:
    """One of a path's own query parameters, for the description of the API; ``schema`` is JSON Schema."""

    name: str
    about: str
    schema: Mapping[str, object]
    is_required: bool = False
