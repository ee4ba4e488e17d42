"""Read the two lists of Microsoft's offline scan file: which cabinet holds which revision, and the updates themselves.

A revision id is only valid in its own file: Microsoft uses the numbers again from month to month. What stays the same
is the update's GUID, so nothing leaves this file under a revision id.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import IO, cast
from uuid import UUID
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from kbgap.catalogue.bounded import Readable
from kbgap.catalogue.records import Oddity
from kbgap.core.errors import Invalid
from kbgap.core.model import Value

KIND = "scan file"
_DEEPEST = 32
_LARGEST_ENTRY = 500_000  # elements of one update; the largest seen has some thousand
_REVISION = re.compile(r"[0-9]{1,10}")
_MEND = "give Microsoft's file wsusscn2.cab, whole"


class Index(Value, frozen=True):
    """The inner cabinets by the first revision of each; ``cabinets`` is in rising order of ``starts``."""

    starts: tuple[int, ...]
    cabinets: tuple[str, ...]

    def cabinet_of(self, revision: int) -> str:
        """The cabinet with the largest start not above ``revision``; empty when there is none."""
        return next((name for s, name in zip(self.starts[::-1], self.cabinets[::-1], strict=True) if s <= revision), "")


class PackageUpdate(Value, frozen=True):
    """One update that is offered by itself: its GUID, the GUIDs of its products, the revisions that supersede it."""

    id: str
    products: tuple[str, ...]
    superseded_by: tuple[int, ...]


class Package(Value, frozen=True):
    """What package.xml says: the day of the file (ISO), and its updates by revision.

    Parts of bundles are left out: they are not offered by themselves, and only bundles have a KB of their own.
    """

    day: str
    updates: dict[int, PackageUpdate]
    oddities: tuple[Oddity, ...] = ()


def read_index(stream: Readable, where: str) -> Index:
    """Read index.xml; Invalid when it is no XML or names no cabinet with a range."""
    cabinets = [element for element, _ in _elements(stream, where) if _tag(element) == "CAB"]
    starts = [(_number(cabinet.get("RANGESTART", "")), cabinet.get("NAME", "")) for cabinet in cabinets]
    found = [(start, name.casefold()) for start, name in starts if start is not None]
    if not found:
        raise Invalid("the index names no cabinet with a range of revisions", where=where, mend=_MEND)
    ordered = sorted(found)
    return Index(starts=tuple(s for s, _ in ordered), cabinets=tuple(name for _, name in ordered))


def read_package(stream: Readable, where: str) -> Package:
    """Read package.xml, which may have hundreds of megabytes, update by update.

    Raises Invalid for what is not XML, is cut, has a DOCTYPE, or holds no updates. An update without readable ids is
    noted and left out; of two with one revision the first one counts.
    """
    updates: dict[int, PackageUpdate] = {}
    oddities: list[Oddity] = []
    day = newest = ""
    for element, root in _elements(stream, where):
        if _tag(element) != "Update":
            continue
        day = day or _day(root.get("CreationDate", ""))
        newest = max(newest, _day(element.get("CreationDate", "")))
        if _child(element, "BundledBy") is not None:
            continue
        revision, id_ = _number(element.get("RevisionId", "")), _guid(element.get("UpdateId", ""))
        if revision is None or not id_ or revision in updates:
            told = f"update {element.get('UpdateId', '')!r} of revision {element.get('RevisionId', '')!r}"
            oddities.append(Oddity(kind=KIND, where=where, text=f"{told} has no id, or one that is taken"[:200]))
            continue
        updates[revision] = _update(id_, element)
    if not updates:
        raise Invalid("there are no updates in it", where=where, mend=_MEND)
    return Package(day=day or newest, updates=updates, oddities=tuple(oddities))


def _update(id_: str, element: Element) -> PackageUpdate:
    categories = _children(element, "Categories")
    products = {_guid(category.get("Id", "")) for category in categories if category.get("Type") == "Product"}
    revisions = [_number(revision.get("Id", "")) for revision in _children(element, "SupersededBy")]
    return PackageUpdate(
        id=id_,
        products=tuple(sorted(products - {""})),
        superseded_by=tuple(revision for revision in revisions if revision is not None),
    )


def _elements(stream: Readable, where: str) -> Iterator[tuple[Element, Element]]:
    """Every element at its end, with the root; what lies two levels below the root is forgotten after it was given."""
    stack: list[Element] = []
    count = 0
    try:
        # All that the parser does with the stream is to ask for so many bytes at a time.
        source = cast("IO[bytes]", stream)
        for event, element in defusedxml.ElementTree.iterparse(source, ("start", "end"), forbid_dtd=True):
            if event == "start":
                stack.append(element)
                count += 1
                if len(stack) > _DEEPEST or count > _LARGEST_ENTRY:
                    raise Invalid("one entry is nested too deeply or too large", where=where, mend=_MEND)
                continue
            stack.pop()
            yield element, stack[0] if stack else element
            if len(stack) == 2:
                stack[-1].clear()
                count = 0
    except ParseError as error:
        line, column = error.position
        place = f"{where}, line {line}, column {column + 1}"
        raise Invalid(f"not complete XML: {str(error).partition(':')[0]}", where=place, mend=_MEND) from error
    except DefusedXmlException as error:
        raise Invalid("XML with a DOCTYPE is refused", where=where, mend=_MEND) from error
    except (ValueError, LookupError) as error:  # an encoding that the parser does not know
        raise Invalid(f"unreadable XML: {error}", where=where, mend=_MEND) from error


def _tag(element: Element) -> str:
    """The name without its namespace: real files have one, and small ones of other projects have none."""
    return element.tag.rpartition("}")[2]


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if _tag(child) == name), None)


def _children(element: Element, name: str) -> tuple[Element, ...]:
    child = _child(element, name)
    return () if child is None else tuple(child)


def _number(text: str) -> int | None:
    return int(text) if _REVISION.fullmatch(text) else None


def _guid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return ""
