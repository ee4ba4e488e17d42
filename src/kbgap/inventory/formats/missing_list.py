"""Recognise a list of what Windows Update calls missing (``KB4487017: title``), and keep it apart.

It names what a machine lacks, not what it has. To take one for the other would turn every verdict round, so it is no
evidence here.
"""

import re

from kbgap.inventory.partial import Partial

NAME = "Windows Update missing list"

_LINE = re.compile(r"KB[1-9]\d{4,7}: \S.*", re.IGNORECASE | re.ASCII)


def recognise(text: str, name: str) -> bool:  # noqa: ARG001 - every format is asked the same question
    """Tell it by its lines, which all begin with a KB and a colon."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return bool(lines) and all(_LINE.fullmatch(line) for line in lines)


def read(text: str, name: str) -> Partial:  # noqa: ARG001 - as above
    """Nothing but a note."""
    note = "this is what Windows Update found missing, not what is installed: set aside, it decides nothing"
    return Partial(format=NAME, notes=(note,))
