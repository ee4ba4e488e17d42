"""Read reports from JSON: one object, an array or one object a line; a bad item never loses its neighbours."""

import json
import re
from collections.abc import Iterator
from typing import NoReturn

import msgspec

from kbgap.core.errors import Invalid
from kbgap.core.memo import Memo
from kbgap.inventory.packing import unpack
from kbgap.inventory.report import MOST_PROGRAMS, Report, Software

_DECODER = msgspec.json.Decoder(Report)
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_PROGRAM = msgspec.json.Decoder(Software)
_SHORT = 512  # bytes of programs that are remembered; most have about a hundred
_SIGN = 256  # characters by which a list is found again
_BRACKET = re.compile(r"[\[\]{}]")
_MARK = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)
_DEEPEST = 16
_DEEPEST_PROGRAM = _DEEPEST - 2  # a report and its list are around it
# Broken arrays are taken apart mark by mark, which is slow: only up to this many characters.
_MENDABLE = 4 << 20

_MEND = {
    "kb": "write KB4532693 or 4532693",
    "id": "give 40 hex digits, or leave it out",
    "build": "write 10.0.18363.657, or 10.0.18363 when the UBR is not known",
    "schema": 'write "kbgap.report/1"',
    "architecture": "write x64, x86, arm64, arm or ia64",
    "installationType": "write Client, Server or Server Core",
    "state": "write installed, pending or uninstalled",
    "profile": "write v3.5 or v4",
    "installedOn": "write 2020-02-12",
    "reportedAt": "write 2020-03-20T08:00:00Z",
}


class TooManyReports(Invalid):
    """A body holds more reports than is allowed; sent in parts, all of them are fine."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much is read: bytes as sent, bytes when unpacked, bytes of one report, reports in one batch."""

    packed: int = 64 << 20
    unpacked: int = 256 << 20
    item: int = 8 << 20
    items: int = 100_000


LIMITS = Limits()


def decode_reports(
    body: bytes, content: str = "", *, where: str = "", limits: Limits = LIMITS
) -> list[Report | Invalid]:
    """Every report of a body, in its order, or in its place what is wrong with it.

    Args:
        body: JSON, plain or packed with gzip or zstd.
        content: its media type, when there is one: NDJSON is otherwise told by its look.
        where: what to call the body in errors, a file's name for example.
        limits: how much is read.

    Raises:
        Invalid: the body as a whole cannot be read: empty, too large, broken packing, too many items.
    """
    if len(body) > limits.packed:
        raise Invalid(f"the body is larger than {limits.packed:,} bytes", where=where, mend="send it in smaller parts")
    try:
        plain = unpack(body, limits.unpacked)
    except Invalid as error:
        raise Invalid(error.what, where=where, mend=error.mend) from error
    text = _text(plain, where)
    items = list(_items(text, content, where, limits))
    _check_count(len(items), limits, where)
    return [item if isinstance(item, Invalid) else decode_report(item[1], item[0], limits) for item in items]


def decode_report(text: str, where: str = "", limits: Limits = LIMITS) -> Report | Invalid:
    """One report from its JSON text, or what is wrong with it and where."""
    if len(text) > limits.item:
        return Invalid(
            f"the report is larger than {limits.item:,} characters", where=where, mend="report less software"
        )
    try:
        known = _with_known_programs(text)
        if known is not None:
            return known
        _check_shape(text, where)
        return _DECODER.decode(text)
    except Invalid as error:
        return error
    except msgspec.ValidationError as error:
        return _explained(str(error), where)
    except (ValueError, RecursionError):
        # The checks before have read it, so this is text that no Unicode text can hold.
        return Invalid(
            "a text in it holds half a character (an escape like \\ud800)", where=where, mend="mend the text"
        )


# --- programs that were read before --------------------------------------------------------------------------------


class _Listing(msgspec.Struct):
    software: msgspec.Raw


_LISTING = msgspec.json.Decoder(_Listing)


def _with_known_programs(text: str) -> Report | None:
    """A report whose programs are looked up by their bytes: a fleet sends the same few thousand over and over.

    None where something is wrong or unusual, for it to be read at a walk, which says what and where.
    """
    try:
        listing = bytes(_LISTING.decode(text).software)
        items = list(map(bytes, _ITEMS.decode(listing)))
        rest = _without(text, str(listing, "utf-8"))
        if rest is None or len(items) > MOST_PROGRAMS:
            return None
        _check_shape(rest, "")
        report = _DECODER.decode(rest)
        of_item = _programs.__getitem__ if max(map(len, items), default=0) <= _SHORT else _read_program
        programs = tuple(map(of_item, items))
    except (ValueError, RecursionError, Invalid):
        return None
    return msgspec.structs.replace(report, software=programs) if report.software == () else None


def _without(text: str, listing: str) -> str | None:
    """The report with an empty list in the place of its list; found by its beginning, which is faster than whole."""
    start = text.find(listing[:_SIGN])
    return f"{text[:start]}[]{text[start + len(listing) :]}" if text.startswith(listing, start) else None


def _read_program(item: bytes) -> Software:
    text = str(item, "utf-8")
    _check_shape(text, "", _DEEPEST_PROGRAM)
    return _PROGRAM.decode(text)


_programs = Memo(_read_program, 65_536)


# --- whole bodies --------------------------------------------------------------------------------------------------


def _text(plain: bytes, where: str) -> str:
    """The body as text; Windows PowerShell writes UTF-16 with a mark. A wrong byte only spoils its own item."""
    encoding = "utf-16" if plain.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    text = plain.decode(encoding, errors="surrogateescape" if encoding == "utf-8-sig" else "replace")
    if not text.strip():
        raise Invalid("there is nothing in it", where=where, mend="send one report, an array or one report a line")
    return text


def _items(text: str, content: str, where: str, limits: Limits) -> Iterator[tuple[str, str] | Invalid]:
    """The texts of the single reports with their places."""
    stripped = text.strip(" \t\r\n")
    media = content.partition(";")[0].strip().casefold()
    if media.endswith(("ndjson", "jsonl", "jsonlines", "json-seq")) or _is_lines(stripped):
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield _joined(where, f"line {number}"), line.strip()
    elif stripped.startswith("["):
        yield from _array_items(stripped, where, limits)
    else:
        yield where, stripped


def _is_lines(text: str) -> bool:
    """Several objects, one a line: the first line is whole, or several lines start an object at the margin."""
    first, _, rest = text.partition("\n")
    if not rest.strip() or not text.startswith("{"):
        return not text.startswith("[") and len(re.findall(r"(?m)^\{", text)) > 1
    return is_json(first) or len(re.findall(r"(?m)^\{", text)) > 1


def is_json(text: str | bytes) -> bool:
    """Say whether a text is one whole JSON value."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (ValueError, RecursionError):
        return False
    return True


def _check_count(count: int, limits: Limits, where: str) -> None:
    if count > limits.items:
        raise TooManyReports(
            f"more than {limits.items:,} reports in one batch", where=where, mend="send several batches"
        )


def _array_items(text: str, where: str, limits: Limits) -> Iterator[tuple[str, str] | Invalid]:
    try:
        parts = [str(raw, "utf-8") for raw in msgspec.json.decode(text, type=list[msgspec.Raw])]
    except (ValueError, RecursionError):
        parts = list(_mended_items(text, where))
    _check_count(len(parts), limits, where)
    for position, part in enumerate(parts):
        yield _joined(where, f"$[{position}]"), part
    if not parts:
        raise Invalid("the array is empty", where=where, mend="send at least one report")


def _mended_items(text: str, where: str) -> Iterator[str]:
    """The items of an array that is broken somewhere: by its brackets and commas, so that only one item is lost."""
    if len(text) > _MENDABLE:
        raise Invalid("the array is not JSON", where=where, mend="check it, or send one report a line")
    depth, start = 0, 1
    for match in _MARK.finditer(text):
        mark = match[0]
        depth += (mark in "[{") - (mark in "]}")
        if (mark == "," and depth == 1) or depth == 0:
            if text[start : match.start()].strip():
                yield text[start : match.start()].strip()
            start = match.end()
            if depth == 0:
                break
    if text[start:].strip():
        yield text[start:].strip()


# --- one item ------------------------------------------------------------------------------------------------------


def _check_shape(text: str, where: str, deepest: int = _DEEPEST) -> None:
    """Refuse what a decoder would take silently or choke on: too deep, members twice, no numbers, broken text."""
    _check_depth(text, where, deepest)
    try:
        text.encode("utf-8")
        json.loads(text, object_pairs_hook=_once, parse_int=str, parse_float=str, parse_constant=_no_number)
    except UnicodeEncodeError as error:
        raise Invalid(f"it is not UTF-8 (character {error.start})", where=where, mend="save it as UTF-8") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}" if "\n" in text else f"column {error.colno}"
        raise Invalid(f"it is not JSON: {error.msg} at {place}", where=where, mend="check it there") from error
    except _Refused as error:
        raise Invalid(str(error), where=where, mend="correct the program that wrote it") from error
    except RecursionError as error:
        raise _too_deep(where) from error


def _check_depth(text: str, where: str, deepest: int) -> None:
    """Count brackets outside of strings; a fourth of the time that a pattern for strings would take."""
    unescaped = text.replace("\\\\", "").replace('\\"', "") if "\\" in text else text
    depth = 0
    for bracket in _BRACKET.findall("".join(unescaped.split('"')[::2])):
        depth += 1 if bracket in "[{" else -1
        if depth > deepest:
            raise _too_deep(where)


def _too_deep(where: str) -> Invalid:
    return Invalid(f"it is nested deeper than {_DEEPEST} levels", where=where, mend="send a report as documented")


class _Refused(ValueError):
    """JSON that means two things, or nothing."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Refused(f"the member {json.dumps(twice)[:80]} stands there twice")
    return members


def _no_number(word: str) -> NoReturn:
    raise _Refused(f"{word} is no JSON number")


def _explained(message: str, where: str) -> Invalid:
    """What msgspec found, with its JSON path moved to the place."""
    what, _, path = message.partition(" - at `")
    path = path.rstrip("`") or "$"
    # An item of an array has one path from the array's root.
    place = where + path.removeprefix("$") if where.endswith("]") else _joined(where, path)
    missing = re.search(r"missing required field `(\w+)`", what)
    leaf = missing[1] if missing else path.rpartition(".")[2]
    if "matching regex" in what:
        what = "this is not written as expected"
    mend = _MEND.get(leaf, "see the report format")
    return Invalid(what[:1].lower() + what[1:], where=place, mend=mend)


def _joined(where: str, place: str) -> str:
    return f"{where} {place}" if where else place
