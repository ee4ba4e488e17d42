"""Find the operations of a path, in any of the forms in which clients write it.

Letter case does not count, nor do empty segments (a slash at the end, or two where a base address ended in one).
``/api/v1.0/...`` is ``/api/...``. A key stands in a segment of its own or in brackets: ``Software/{id}`` and
``Software('id')``. Functions may carry the namespace and empty brackets. Ids are percent-decoded after the path is
split, so that they may hold slashes, and they may begin with a dot. A function's parameters stand in brackets behind
its name, in any order: ``findbyip(ip='192.0.2.7',timestamp=2020-03-20T08:00:00Z)``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

T = TypeVar("T")

_LONGEST = 8_192  # bytes of a whole path
_VERSIONS = frozenset({"v1.0"})
_NAMESPACE = "microsoft.windowsdefenderatp.api."
_KEYED = re.compile(r"([A-Za-z]\w*)\('((?:[^']|'')*)'\)", re.DOTALL)
_CALLED = re.compile(r"([A-Za-z][\w.]*)\((.+)\)", re.DOTALL)
_ARGUMENT = re.compile(r"\s*([A-Za-z]\w*)\s*=\s*(?:'((?:[^']|'')*)'\s*|([^',]*))(?:,|$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What stands at a path: its operations by method, and the values of its template's parts in braces."""

    by_method: Mapping[str, T]
    ids: Mapping[str, str]


@dataclass(slots=True)
class _Node(Generic[T]):
    literals: dict[str, "_Node[T]"] = field(default_factory=dict)
    key: "_Node[T] | None" = None
    key_name: str = ""
    calls: dict[str, "_Node[T]"] = field(default_factory=dict)
    by_method: dict[str, T] = field(default_factory=dict)


class PathTable(Generic[T]):
    """Every path template with what stands there, as a tree of segments."""

    def __init__(self, entries: Iterable[tuple[str, str, T]]) -> None:
        """``entries``: method, template (``/api/Software/{id}``, ``/api/findbyip(ip)``), and what stands there."""
        self._root: _Node[T] = _Node()
        for method, template, what in entries:
            by_method = self._node(template).by_method
            assert method not in by_method, f"{method} {template} stands in the table twice"  # noqa: S101 - our own table
            by_method[method] = what

    def find(self, raw_path: bytes) -> Found[T] | None:
        """What stands at a path as it came over the wire; None when nothing does."""
        if len(raw_path) > _LONGEST:
            return None
        return _find(self._root, segments_of(raw_path), 0, {})

    def _node(self, template: str) -> _Node[T]:
        node = self._root
        for segment in filter(None, template.split("/")):
            if segment.startswith("{"):
                node.key = node.key or _Node()
                node.key_name = segment.strip("{}")
                node = node.key
            elif "(" in segment:
                node = node.calls.setdefault(segment.partition("(")[0].lower(), _Node())
            else:
                node = node.literals.setdefault(segment.lower(), _Node())
        return node


def segments_of(raw_path: bytes) -> tuple[str, ...]:
    """The parts of a path, decoded, with keys out of their brackets and without the version of the API."""
    segments: list[str] = []
    for raw in raw_path.split(b"/"):
        if raw:
            segments += _split_key(unquote_to_bytes(raw).decode("utf-8", "replace"))
    if len(segments) > 1 and segments[0].lower() == "api" and segments[1].lower() in _VERSIONS:
        del segments[1]
    return tuple(segments)


def _split_key(segment: str) -> tuple[str, ...]:
    keyed = _KEYED.fullmatch(segment) if segment.endswith("')") else None
    return (segment,) if keyed is None else (keyed[1], keyed[2].replace("''", "'"))


def _find(node: _Node[T], segments: tuple[str, ...], at: int, ids: dict[str, str]) -> Found[T] | None:
    if at == len(segments):
        return Found(node.by_method, ids) if node.by_method else None
    literal = node.literals.get(_as_literal(segments[at]))
    if literal is not None:
        found = _find(literal, segments, at + 1, ids)
        if found is not None:
            return found
    if node.calls:
        called = _call(segments[at])
        if called is not None and called[0] in node.calls:
            return _find(node.calls[called[0]], segments, at + 1, {**ids, **called[1]})
    if node.key is None:
        return None
    return _find(node.key, segments, at + 1, {**ids, node.key_name: segments[at]})


def _call(segment: str) -> tuple[str, dict[str, str]] | None:
    """The function that a segment calls, in lower case, and its arguments by name; None when it is no call."""
    match = _CALLED.fullmatch(segment)
    if match is None:
        return None
    arguments: dict[str, str] = {}
    at = 0
    while at < len(match[2]):
        argument = _ARGUMENT.match(match[2], at)
        if argument is None:
            return None
        text, bare = argument[2], argument[3]
        arguments[argument[1].lower()] = bare.strip() if text is None else text.replace("''", "'")
        at = argument.end()
    return _as_literal(match[1]), arguments


def _as_literal(segment: str) -> str:
    return segment.lower().removeprefix(_NAMESPACE).removesuffix("()")
