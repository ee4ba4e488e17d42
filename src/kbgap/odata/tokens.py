"""Cut a filter into words, each with its position, and refuse what is no word of the language.

Blanks are spaces and tabs. A literal ends where its kind ends: ``7.5d`` and ``2024-13-01x`` are not a number or a
moment with something behind it, they are refused whole.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from kbgap.odata.errors import ODataError, fault, quoted

LONGEST = 8_000  # characters
_OPTION = "$filter"


class Kind(Enum):
    """What sort of word it is."""

    TEXT = auto()  # 'in quotes', quotes inside doubled
    PREFIXED = auto()  # a name at once followed by text in quotes: an enumeration's value, or an older OData's literal
    GUID = auto()
    MOMENT = auto()  # a date, with or without time and offset
    NUMBER = auto()
    NAME = auto()  # operators, functions, properties; with dots when it has a namespace
    SIGN = auto()  # ( ) , / :
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One word: its kind, how it is written, and the position of its first character, counted from 1."""

    kind: Kind
    text: str
    at: int


_NAME = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_TEXT = r"'(?:[^']|'')*'"
# The offset's plus arrives as a blank from clients that do not encode it, because a plus stands for a blank in an
# address (clients send 2024-01-01T00:00:00+00:00). Nothing else that begins so may follow a time.
_OFFSET = r"[Zz]|[+-]\d\d:\d\d"
_TIME = rf"[Tt]\d\d:\d\d(?::\d\d(?:\.\d{{1,12}})?)?(?:{_OFFSET}| \d\d:\d\d)?"
_MOMENT = rf"\d{{4}}-\d\d-\d\d(?:{_TIME}|{_OFFSET})?"
_WORDS = {
    Kind.TEXT: _TEXT,
    Kind.PREFIXED: _NAME + _TEXT,
    Kind.GUID: r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![\w'.:-])",
    Kind.MOMENT: _MOMENT + r"(?![\w'.:-])",
    Kind.NUMBER: r"-?\d+(?:\.\d+)?(?:[Ee][+-]?\d+)?(?![\w'.:-])",
    Kind.NAME: _NAME,
    Kind.SIGN: r"[(),/:]",
}
_WORD = re.compile("|".join(f"(?P<{kind.name}>{pattern})" for kind, pattern in _WORDS.items()), re.ASCII)
_BLANKS = " \t"
_BORDER = re.compile(r"[ \t(),/:]")  # where a reader would see the end of a word


def split_filter(text: str) -> tuple[Token, ...]:
    """The words of the filter, the last of them END; ODataError at the first character that begins none."""
    if len(text) > LONGEST:
        raise fault(_OPTION, f"the filter is longer than {LONGEST} characters", mend="ask in parts")
    tokens: list[Token] = []
    position = _skip_blanks(text, 0)
    while position < len(text):
        match = _WORD.match(text, position)
        if match is None or match.lastgroup is None:
            raise _unreadable(text, position)
        tokens.append(Token(Kind[match.lastgroup], match[0], position + 1))
        position = _skip_blanks(text, match.end())
    return (*tokens, Token(Kind.END, "", len(text) + 1))


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] in _BLANKS:
        position += 1
    return position


def _unreadable(text: str, position: int) -> ODataError:
    at = position + 1
    if text[position] == "'":
        return fault(_OPTION, "the text that begins here has no closing quote", at, "double a quote inside a text: ''")
    run = _BORDER.split(text[position:], maxsplit=1)[0]
    if run[0] in "$@":
        return fault(_OPTION, f"{quoted(run)} is not supported in a filter", at)
    mend = "put text between single quotes" if run[0] == '"' else ""
    return fault(_OPTION, f"{quoted(run)} is no name, number, date or text in quotes", at, mend)
