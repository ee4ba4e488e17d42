"""Read the options that list names: which members an answer has, and what it brings along."""

import re
from collections.abc import Iterator

from kbgap.odata.entity import StructuredType
from kbgap.odata.errors import ODataError, fault, quoted

MOST_ITEMS = 100  # names in one option

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_BLANKS = " \t"


def split_items(option: str, text: str) -> Iterator[tuple[str, int]]:
    """The items between commas without blanks around them, each with its position; ODataError for an empty one."""
    if text.count(",") >= MOST_ITEMS:
        raise fault(option, f"it lists more than {MOST_ITEMS} names")
    start = 0
    for part in text.split(","):
        item = part.strip(_BLANKS)
        at = start + len(part) - len(part.lstrip(_BLANKS)) + 1
        if not item:
            raise fault(option, "a name is missing before or after a comma", start + 1)
        yield item, at
        start += len(part) + 1


def read_select(text: str, rows: StructuredType) -> tuple[str, ...]:
    """The members to answer with, in their declared order; none when all are wanted (``*``)."""
    chosen = set()
    is_all = False
    for item, at in split_items("$select", text):
        declared = rows.property(item)
        if item == "*":
            is_all = True
        elif declared is None:
            raise _no_member("$select", item, at, rows)
        else:
            chosen.add(declared.name)
    return () if is_all else tuple(member.name for member in rows.properties if member.name in chosen)


def read_expand(text: str, rows: StructuredType) -> tuple[str, ...]:
    """The navigations to bring along, in their declared order.

    A complex member may be named too, and changes nothing: it is part of every row (clients send
    ``$expand=evidence``).
    """
    chosen = set()
    for item, at in split_items("$expand", text):
        way = next((each.name for each in rows.navigation if each.name.lower() == item.lower()), None)
        declared = rows.property(item)
        if way is not None:
            chosen.add(way)
        elif declared is None or not isinstance(declared.of.type, StructuredType):
            raise _no_member("$expand", item, at, rows)
    return tuple(each.name for each in rows.navigation if each.name in chosen)


def _no_member(option: str, item: str, at: int, rows: StructuredType) -> ODataError:
    if _NAME.fullmatch(item) is None:
        return fault(option, f"{quoted(item)} is not supported", at, "list plain names with commas between them")
    if option == "$select":
        known = [member.name for member in rows.properties]
    else:
        known = [way.name for way in rows.navigation]
    mend = f"there is {', '.join(known)}" if known else "leave the option out"
    return fault(option, f"{rows.name} has no {quoted(item)} for it", at, mend)
