"""The one tree of errors that kbgap raises on purpose.

KbgapError
├── Invalid      what was given cannot be used; says where and how to mend it
├── NotFound     a named thing does not exist
├── Denied       the caller may not do this
└── Unavailable  something that kbgap needs is missing or failed

They carry data, not prose: only ``server/errors.py`` and ``cli/main.py`` turn them into answers.
"""


class KbgapError(Exception):
    """Anything that kbgap refuses or cannot do, in a form that people can act on.

    Attributes:
        what: what is wrong, in one sentence without a full stop.
        where: the file and line, the JSON path or the setting concerned; empty when there is no place.
        mend: what the reader can do about it; empty when nothing is known.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        """Keep the three parts apart, so that each front can lay them out its own way."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        """One line: where, what, how to mend it."""
        place = f"{self.where}: " if self.where else ""
        remedy = f"; {self.mend}" if self.mend else ""
        return f"{place}{self.what}{remedy}"


class Invalid(KbgapError):
    """What was given cannot be used."""


class NotFound(KbgapError):
    """A named thing does not exist."""


class Denied(KbgapError):
    """The caller may not do this."""


class Unavailable(KbgapError):
    """Something that kbgap needs is missing or failed."""
