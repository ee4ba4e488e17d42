"""Read ``$orderby``, and make every order a total one, so that pages neither repeat nor lose a row.

Null comes before everything when ascending, as the protocol has it; words of an enumeration are ordered by their
numbers.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kbgap.odata.entity import EnumType, Property, StructuredType
from kbgap.odata.errors import fault, quoted
from kbgap.odata.names import split_items

_OPTION = "$orderby"
_ITEM = re.compile(r"(?P<name>[A-Za-z_]\w*)(?:[ \t]+(?P<way>asc|desc))?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Order:
    """One property to sort by, in its declared spelling."""

    name: str
    is_descending: bool = False


def read_order(text: str, rows: StructuredType) -> tuple[Order, ...]:
    """The orders of an ``$orderby``, most important first; a property that comes again decides nothing any more."""
    orders: dict[str, Order] = {}
    for item, at in split_items(_OPTION, text):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise fault(_OPTION, f"{quoted(item)} is not supported", at, "name a property, then asc or desc")
        declared = rows.property(match["name"])
        if declared is None or not declared.sortable:
            known = ", ".join(member.name for member in rows.properties if member.sortable)
            raise fault(_OPTION, f"{quoted(match['name'])} is nothing to sort {rows.name} by", at, f"sort by {known}")
        order = Order(declared.name, is_descending=(match["way"] or "").lower() == "desc")
        orders.setdefault(declared.name, order)
    return tuple(orders.values())


def total_order(order: Iterable[Order], rows: StructuredType) -> tuple[Order, ...]:
    """The order, and behind it what tells rows apart (key or identity), ascending, as far as it is not named yet."""
    named = {each.name: each for each in order}
    ties = {name: Order(name) for name in rows.identity if name not in named}
    return (*named.values(), *ties.values())


def sort_rows(
    rows: Iterable[Mapping[str, object]], order: tuple[Order, ...], of: StructuredType
) -> list[Mapping[str, object]]:
    """The rows in this order, in plain Python: the measure for what databases answer."""
    ordered = list(rows)
    declared = {member.name: member for member in of.properties}
    for each in reversed(order):
        ordered.sort(key=_sort_key(declared[each.name]), reverse=each.is_descending)
    return ordered


def _sort_key(declared: Property) -> Callable[[Mapping[str, object]], tuple[bool, object]]:
    of = declared.of.type
    numbers = {member.name: member.value for member in of.members} if isinstance(of, EnumType) else {}

    def key(row: Mapping[str, object]) -> tuple[bool, object]:
        value = row[declared.name]
        return value is not None, numbers.get(str(value), 0) if isinstance(of, EnumType) else value

    return key
