"""What tests of answers ask with."""

import msgspec

from kbgap.odata.entity import StructuredType
from kbgap.odata.filter import parse_filter
from kbgap.odata.model import defender_model
from kbgap.odata.options import Query
from kbgap.odata.ordering import read_order


def asking(of: str, where: str = "", order: str = "", **members: object) -> Query:
    """A query of rows of a declared type."""
    rows = defender_model().type(of)
    return Query(
        where=parse_filter(where, rows) if where else None,
        order=read_order(order, rows) if order else (),
        **members,  # type: ignore[arg-type] # by name
    )


def public_names(of: type[msgspec.Struct]) -> tuple[str, ...]:
    """The members that a row has in JSON, in their order."""
    return of.__struct_encode_fields__


def declared_names(of: str) -> tuple[str, ...]:
    """The members that a type is declared to have, in their order."""
    return tuple(member.name for member in defender_model().type(of).properties)


def check_nulls(row: msgspec.Struct, of: StructuredType) -> None:
    """No member is null that may not be, and no collection is anything but a list."""
    for member, value in zip(of.properties, msgspec.structs.astuple(row), strict=True):
        if member.of.is_collection:
            assert isinstance(value, tuple), member.name
        else:
            assert value is not None or member.of.nullable, member.name
