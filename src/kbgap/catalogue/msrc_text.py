"""Clean the free text of Microsoft's documents: KB numbers, supersedence, builds, dates, kinds, descriptions.

All rules come from semantics, section 2. Words are compared case-blind and without blanks.
"""

import html
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from kbgap.core.model import Kind

_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
_BLANK = re.compile(r"\s+")
# Without "<" inside, so that a text of a million unclosed tags is still read in one pass.
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_KB = re.compile(r"(?:KB)?\s*([0-9]{6,8})", re.IGNORECASE)
_BULLETIN = re.compile(r"MS[0-9]{2}-[0-9]{3}", re.IGNORECASE)
_BETWEEN_VALUES = re.compile(r"[,;\s]+")
_NO_VALUE = {"none", "n/a", "na", "-", "kb"}
_MEMORY = 16_384


class Superseded(NamedTuple):
    """What a Supercedence text names: KBs, bulletins (MS16-097), and words that are neither."""

    kbs: tuple[str, ...] = ()
    bulletins: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


@lru_cache(_MEMORY)
def fold(word: str) -> str:
    """The form in which words are compared: lower case, without blanks."""
    return _BLANK.sub("", word).casefold()


@lru_cache(_MEMORY)
def tidy(text: str) -> str:
    """Without zero-width characters, without blanks at either end, and with single blanks inside."""
    return _BLANK.sub(" ", _INVISIBLE.sub("", text)).strip()


@lru_cache(_MEMORY)
def kb_number(description: str) -> str | None:
    """The KB that a Description names: six to eight digits, ``KB`` before them allowed; None for any other text."""
    match = _KB.fullmatch(tidy(description))
    return match[1] if match else None


@lru_cache(_MEMORY)
def superseded(text: str) -> Superseded:
    """Split a Supercedence text by comma, semicolon, blank, line break or HTML tag.

    ``MS16-097, 3178034`` names a bulletin and a KB: the bulletin's digits are never a KB. Truncated values exist
    ("5013868, 50185"): five digits or fewer name nothing, so they are handed back as unreadable.
    """
    kbs: dict[str, None] = {}
    bulletins: dict[str, None] = {}
    unreadable: dict[str, None] = {}
    for word in _BETWEEN_VALUES.split(tidy(_TAG.sub(" ", text))):
        if not word or word.casefold() in _NO_VALUE:
            continue
        if match := _KB.fullmatch(word):
            kbs[match[1]] = None
        elif _BULLETIN.fullmatch(word):
            bulletins[word.upper()] = None
        else:
            unreadable[word] = None
    return Superseded(tuple(kbs), tuple(bulletins), tuple(unreadable))


@lru_cache(_MEMORY)
def moment(text: str) -> str | None:
    """An ISO time in UTC to the second, such as 2026-02-18T03:08:15, so that later means greater.

    Empty for no date and for year 1, which is how version 3 writes an unset date; None for what is not a date.
    A time without a zone is UTC: the same document carries the index's time with and without the Z.
    """
    text = text.strip()
    if not text or text.startswith("0001-01-01"):
        return ""
    try:
        value = datetime.fromisoformat(text)
        if value.tzinfo is not None:
            value = value.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    return value.isoformat(timespec="seconds")


@cache
def _kinds() -> Mapping[str, Kind]:
    table = tomllib.loads(files("kbgap.data").joinpath("kinds.toml").read_text("utf-8"))
    return {fold(word): Kind(kind) for kind, words in table.items() for word in words}


@lru_cache(_MEMORY)
def kind_of(subtype: str) -> Kind | None:
    """The kind of update that a SubType means (data/kinds.toml); None for a spelling never seen before."""
    return _kinds().get(fold(tidy(subtype)))


def plain_text(markup: str) -> str:
    """The words of an HTML text on one line, without tags and entities."""
    return tidy.__wrapped__(html.unescape(_TAG.sub(" ", markup)))
