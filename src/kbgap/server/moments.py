"""Read the moments that paths take outside of filters, in the same forms as filters do."""

from datetime import datetime

from kbgap.odata.errors import ODataError
from kbgap.odata.literals import read_moment
from kbgap.odata.tokens import Kind, Token
from kbgap.server.errors import BadInput, MissingParameter

_SHOWN = 40
_EXAMPLE = "2020-03-20T08:00:00Z"


def moment_of(name: str, text: str | None) -> datetime:
    """The moment that a parameter names, in UTC: a date, or a date with a time, with or without an offset."""
    if text is None or not text.strip():
        raise MissingParameter(f"The parameter {name!r} is required", mend=f"write {name}={_EXAMPLE}")
    try:
        return read_moment(Token(Kind.MOMENT, text.strip(), at=1))
    except ODataError as error:
        raise BadInput(f"{name!r} is {text[:_SHOWN]!r}, which is no time", mend=f"write {_EXAMPLE}") from error
