"""Shape answers: the envelope around rows, the context that says what they are, and the members that were asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kbgap.odata.entity import EntitySet, StructuredType


class Page(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A list as OData writes it: the context first, the link to the next page last.

    Count and link are there only when they have a value.
    """

    context: str = msgspec.field(name="@odata.context")
    count: int | None = msgspec.field(name="@odata.count", default=None)
    value: Sequence[Any]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


def entity(context: str, members: Mapping[str, object]) -> dict[str, object]:
    """One entity or value: its members behind the context."""
    return {"@odata.context": context, **members}


def project(row: Mapping[str, object], select: Sequence[str], expand: Sequence[str] = ()) -> dict[str, object]:
    """The row with the selected members only, in their order; ``expand`` names further ones that stay."""
    return {name: row[name] for name in (*select, *expand)} if select else dict(row)


# --- contexts: ``root`` is the absolute address of the API, without a last slash: https://host/api -------------------


def set_context(root: str, entity_set: EntitySet, select: Sequence[str] = ()) -> str:
    """Of rows of a set: ``#Machines``; with the selected members, ``#Machines(id,computerDnsName)``."""
    return f"{root}/$metadata#{entity_set.name}{_selected(select)}"


def entity_context(root: str, entity_set: EntitySet, select: Sequence[str] = ()) -> str:
    """Of one entity of a set: ``#Machines/$entity``."""
    return f"{set_context(root, entity_set, select)}/$entity"


def collection_context(root: str, rows: StructuredType) -> str:
    """Of rows that are in no set: ``#Collection(Namespace.Type)``."""
    return f"{root}/$metadata#Collection({rows.full_name})"


def value_context(root: str, of: StructuredType) -> str:
    """Of one value that is in no set: ``#Namespace.Type``."""
    return f"{root}/$metadata#{of.full_name}"


def _selected(select: Sequence[str]) -> str:
    return f"({','.join(select)})" if select else ""
