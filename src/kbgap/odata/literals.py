"""Read the literals of a filter: text, numbers, moments, GUIDs, words of enumerations; each exactly or not at all."""

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from kbgap.odata.entity import Primitive
from kbgap.odata.errors import ODataError, fault, quoted
from kbgap.odata.operands import Loose, Operand
from kbgap.odata.tokens import Kind, Token
from kbgap.odata.tree import Literal

_OPTION = "$filter"
_INT64 = 2**63
_MOST_DIGITS = 19
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # in no row, and refused by databases
_MOMENT = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[Tt](?P<time>\d\d:\d\d)(?::(?P<seconds>\d\d)(?:\.(?P<fraction>\d+))?)?)?"
    r"(?P<offset>[Zz]|[+ -]\d\d:\d\d)?"
)
_DIGITS = 6  # of a second that rows keep; further ones are cut off, in rows and here alike


def read_literal(token: Token) -> Operand:
    """The value of a token that is a literal, with the type that it has by itself."""
    at, said = token.at, token.text
    match token.kind:
        case Kind.TEXT:
            written = read_text(token)
            return Operand(Literal(written), Primitive.STRING, at, quoted(written))
        case Kind.PREFIXED:
            return _enum_word(token)
        case Kind.GUID:
            return Operand(Literal(UUID(token.text)), Primitive.GUID, at, said)
        case Kind.MOMENT:
            return Operand(Literal(read_moment(token)), Primitive.DATE_TIME_OFFSET, at, said)
        case Kind.NUMBER:
            number = read_number(token)
            of = Primitive.INT64 if isinstance(number, int) else Primitive.DOUBLE
            return Operand(Literal(number), of, at, said)
        case _:
            word = token.text.lower()
            if word == "null":
                return Operand(Literal(None), Loose.NULL, at, "null")
            return Operand(Literal(word == "true"), Primitive.BOOLEAN, at, word)


def _enum_word(token: Token) -> Operand:
    name = token.text.partition("'")[0]
    if "." not in name:
        what = f"{quoted(token.text)} is no literal of OData 4"
        mend = "write dates, GUIDs and numbers without name and quotes, and a blank between a word and a text"
        raise fault(_OPTION, what, token.at, mend)
    return Operand(Literal(read_text(token)), Loose.ENUM, token.at, quoted(token.text), enum=name)


def read_text(token: Token) -> str:
    """The text between the quotes, with doubled ones single."""
    text = token.text[token.text.index("'") + 1 : -1].replace("''", "'")
    if _UNSTORABLE.search(text):
        raise fault(_OPTION, "the text holds a character that is in no text", token.at)
    return text


def read_number(token: Token) -> int | float:
    """An integer when it is written as one, else a float; ODataError beyond what Edm.Int64 and Edm.Double hold."""
    if token.text.lstrip("-").isdecimal():
        is_longer = len(token.text.lstrip("-0")) > _MOST_DIGITS  # int() refuses thousands of digits by itself
        if is_longer or not -_INT64 <= int(token.text) < _INT64:
            raise fault(_OPTION, f"{quoted(token.text)} does not fit into Edm.Int64", token.at)
        return int(token.text)
    number = float(token.text)
    if math.isinf(number):
        raise fault(_OPTION, f"{quoted(token.text)} does not fit into Edm.Double", token.at)
    return number


def read_moment(token: Token) -> datetime:
    """A moment in UTC, to the microsecond.

    ``2024-01-01`` and ``2018-08-01Z`` are the beginning of the day; without an offset UTC is meant.
    """
    match = _MOMENT.fullmatch(token.text)
    if match is None:
        raise _no_moment(token)
    clock = f"{match['time'] or '00:00'}:{match['seconds'] or '00'}"
    fraction = (match["fraction"] or "")[:_DIGITS].ljust(_DIGITS, "0")
    try:
        local = datetime.strptime(f"{match['date']} {clock}.{fraction} +0000", "%Y-%m-%d %H:%M:%S.%f %z")
        return local.replace(tzinfo=_zone(match["offset"])).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _no_moment(token) from error


def _zone(offset: str | None) -> timezone:
    if offset is None or offset in {"Z", "z"}:
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if minutes > 59:
        raise ValueError(offset)
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if offset[0] == "-" else ahead)


def _no_moment(token: Token) -> ODataError:
    return fault(_OPTION, f"{quoted(token.text)} is no moment", token.at, "write it like 2024-01-31T08:00:00Z")
