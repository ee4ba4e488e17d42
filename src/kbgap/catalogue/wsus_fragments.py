"""Read the fragments of XML that the offline scan file keeps for each revision: its KB, its title, what it supersedes.

A fragment may have several roots and prefixes that nothing declares, so it is read without namespaces, inside an
element of our own.
"""

import re
from collections.abc import Iterator
from uuid import UUID
from xml.parsers import expat

from kbgap.core.errors import Invalid
from kbgap.core.model import Value

_IN_TITLE = re.compile(r"\(KB(\d{6,8})\)")
_KB = re.compile(r"\d{6,8}")
_BOM = b"\xef\xbb\xbf"
_DECLARATION = re.compile(rb"\s*<\?xml[^>]{0,200}\?>")
_DEEPEST = 64
_SUPERSEDED = b"SupersededUpdates"


class Element(Value, frozen=True):
    """One element of a fragment: the name of the one around it, its attributes and its text."""

    parent: str
    attributes: dict[str, str]
    text: str


def read_article(fragment: bytes, where: str) -> str:
    """The KB of an ``x`` fragment; empty when it has none. Raises Invalid when it is no XML."""
    texts = (element.text.strip() for element in _elements(fragment, "KBArticleID", where))
    return next((text for text in texts if _KB.fullmatch(text)), "")


def read_title_kb(fragment: bytes, where: str) -> str:
    """The KB in brackets at the end of an ``l`` fragment's title; empty when there is none. Raises Invalid."""
    titles = (element.text for element in _elements(fragment, "Title", where))
    found = _IN_TITLE.findall(next(titles, ""))
    return found[-1] if found else ""


def read_superseded(fragment: bytes, where: str) -> tuple[str, ...]:
    """The GUIDs of the updates that a ``c`` fragment's update supersedes. Raises Invalid when it is no XML."""
    if _SUPERSEDED not in fragment:  # most fragments name none, and their rules of applicability are long
        return ()
    named = [
        element for element in _elements(fragment, "UpdateIdentity", where) if element.parent == "SupersededUpdates"
    ]
    try:
        return tuple(str(UUID(element.attributes.get("UpdateID", ""))) for element in named)
    except ValueError as error:
        raise Invalid("names a superseded update that is no GUID", where=where) from error


def _elements(fragment: bytes, name: str, where: str) -> Iterator[Element]:
    """Every element of one name, at its end. A DOCTYPE cannot stand inside an element, so there are no entities."""
    walker = _Walker(name, where)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = walker.start
    parser.EndElementHandler = walker.end
    parser.CharacterDataHandler = walker.text
    try:
        parser.Parse(b"<fragment>", False)
        parser.Parse(_DECLARATION.sub(b"", fragment.removeprefix(_BOM), count=1), False)
        parser.Parse(b"</fragment>", True)
    except expat.ExpatError as error:
        raise Invalid(f"not complete XML: {expat.ErrorString(error.code)}", where=where) from error
    return iter(walker.found)


class _Walker:
    """What the parser calls; filled and read within one call of ``_elements``."""

    def __init__(self, name: str, where: str) -> None:
        self.found: list[Element] = []
        self._name = name
        self._where = where
        self._open: list[tuple[str, dict[str, str], list[str]]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append((name, attributes, []))
        if len(self._open) > _DEEPEST:
            raise Invalid("it is nested too deeply", where=self._where)

    def text(self, text: str) -> None:
        if self._open[-1][0] == self._name:
            self._open[-1][2].append(text)

    def end(self, name: str) -> None:
        _, attributes, text = self._open.pop()
        if name == self._name:
            self.found.append(Element(parent=self._open[-1][0], attributes=attributes, text="".join(text)))
