"""Say what is wrong with an OData query, and at which character of which option."""

from kbgap.core.errors import Invalid

_SHOWN = 40  # characters of somebody's query that a message repeats


class ODataError(Invalid):
    """A query option cannot be honoured as it stands: nothing of it is ever passed over in silence.

    ``where`` is the option and, where there is one, the position in its decoded value, counted from 1:
    ``$filter at 17``.
    """


def fault(option: str, what: str, at: int | None = None, mend: str = "") -> ODataError:
    """The error for one place of an option's value; ``at`` counts from 1."""
    place = option if at is None else f"{option} at {at}"
    return ODataError(what, where=place, mend=mend)


def quoted(text: str) -> str:
    """Somebody's words as a message shows them: cut when long, and with what is not printable escaped."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
