"""Turn the bytes of a text file into text, whatever code page the machine wrote it in.

Only the shape of the text decides the code page: bytes that two pages read equally well read the same here.
Formats never depend on the choice, because they look at ASCII marks only; it is for names that people read.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from kbgap.core.errors import Invalid

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32le"),
    (b"\xff\xfe", "utf-16le"),
    (b"\xfe\xff", "utf-16be"),
)
# WMIC writes \r\r\n into pipes and files.
_LINE_END = re.compile(r"(?<!\r)\r++(?:\n|\Z)")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
# Beside a digit stands no letter but a blank or a separator of thousands.
_WORD = re.compile(r"(?<!\d)[^\W\d_]+(?!\d)")
_SAMPLE = 1 << 16


class Text(NamedTuple):
    """A text, and the encoding that it was read with."""

    text: str
    encoding: str


def decode_text(data: bytes) -> Text:
    """Read bytes as text whose lines end with one line feed.

    A byte order mark decides, then UTF-16 by its zeros, then UTF-8, then the likeliest code page.

    Raises:
        Invalid: the bytes are no text.
    """
    found = _marked(data) or _unmarked_utf16(data) or _utf8(data) or _code_page(data)
    if len(_CONTROL.findall(found.text[:_SAMPLE])) * 50 > min(len(found.text), _SAMPLE):
        raise Invalid("this is not text", mend="give the text that a command printed, or a JSON report")
    return Text(_LINE_END.sub("\n", found.text), found.encoding)


def _marked(data: bytes) -> Text | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            # A cut file may end inside a character; that is told apart from what it says before.
            return Text(data[len(mark) :].decode(encoding, errors="replace"), f"{encoding}-bom")
    return None


def _unmarked_utf16(data: bytes) -> Text | None:
    """UTF-16 without a mark: ASCII characters, which every list is full of, have their zero always on one side."""
    sample = data[:_SAMPLE]
    low, high = sample[1::2].count(0), sample[0::2].count(0)
    # Blanks, digits and line breaks are at least a twentieth of any list, in every script.
    if max(low, high) * 40 < len(sample) or min(low, high) * 10 > max(low, high):
        return None
    encoding = "utf-16le" if low > high else "utf-16be"
    return Text(data.decode(encoding, errors="replace"), encoding)


def _utf8(data: bytes) -> Text | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < len(data) or error.start < len(data) - 3 or data[: error.start].isascii():
            return None
        text = data[: error.start].decode("utf-8")  # only the last character is cut
    return Text(text, "ascii" if data.isascii() else "utf-8")


# --- code pages -------------------------------------------------------------------------------------------------


def _code_page(data: bytes) -> Text:
    """The page that makes the likeliest words of the bytes above 127; the first of equals."""
    sample = data[:_SAMPLE]
    best, best_score = "cp850", -1.0
    for name, score in _PAGES:
        value = score(sample, name)
        if value > best_score:
            best, best_score = name, value
    return Text(data.decode(best, errors="replace"), best)


_Score = Callable[[bytes, str], float]


def _double_byte(lead: range, trail: range) -> _Score:
    """How many of the double-byte characters are common ones: those that the standard put first, in order of use."""

    def score(sample: bytes, name: str) -> float:
        try:
            text = sample.decode(name, errors="strict")
        except UnicodeDecodeError as error:
            if error.start < len(sample) - 1:
                return -1.0
            text = sample[: error.start].decode(name)
        foreign = [character.encode(name, errors="replace") for character in text if not character.isascii()]
        common = [pair for pair in foreign if len(pair) == 2 and pair[0] in lead and pair[1] in trail]
        share = len(common) / len(foreign) if foreign else 0.0
        return share if share > 0.85 else -1.0

    return score


def _single_byte(script: str) -> _Score:
    """How many of the foreign characters are letters of the script, in words of one script with ordinary capitals."""

    def score(sample: bytes, name: str) -> float:
        text = sample.decode(name, errors="replace")
        foreign = sum(not character.isascii() and not character.isspace() for character in text)
        if not foreign:
            return 0.0
        good = sum(_fitting(word, script) for word in _WORD.findall(text) if not word.isascii())
        return good / foreign - 0.05

    return score


def _fitting(word: str, script: str) -> int:
    """The foreign letters of a word if it is one that people write, else none."""
    foreign = [character for character in word if not character.isascii()]
    if not all(unicodedata.name(character, "").startswith(script) for character in foreign):
        return 0
    if script != "LATIN" and len(foreign) != len(word):
        return 0  # ASCII letters inside a Cyrillic word
    if not (word.islower() or word.isupper() or word[1:].islower()):
        return 0  # capitals in the middle
    return len(foreign)


_BOTH_ROWS = range(0xA1, 0xFF)
_PAGES: tuple[tuple[str, _Score], ...] = (
    # Korean letters fill the rows that common Chinese characters begin with, and leave the others empty: Korean first.
    ("cp949", _double_byte(range(0xB0, 0xC9), _BOTH_ROWS)),
    ("cp936", _double_byte(range(0xA1, 0xD8), _BOTH_ROWS)),
    ("cp932", _double_byte(range(0x81, 0x98), range(0x40, 0xFD))),
    ("cp950", _double_byte(range(0xA1, 0xC7), range(0x40, 0xFF))),
    ("cp850", _single_byte("LATIN")),
    ("cp852", _single_byte("LATIN")),
    ("cp866", _single_byte("CYRILLIC")),
    ("cp1252", _single_byte("LATIN")),
    ("cp1250", _single_byte("LATIN")),
    ("cp1251", _single_byte("CYRILLIC")),
    ("cp737", _single_byte("GREEK")),
    ("cp1253", _single_byte("GREEK")),
    ("cp857", _single_byte("LATIN")),
    ("cp437", _single_byte("LATIN")),
)
