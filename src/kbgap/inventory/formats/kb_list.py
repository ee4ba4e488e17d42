"""Read a bare list of KB numbers, for those who say that it is one of installed updates."""

import re

from kbgap.inventory.kb import parse_kb
from kbgap.inventory.partial import ListedKbs, Partial

NAME = "list of KBs"

_PARTED = re.compile(r"[\s,;]+")


def recognise(text: str, name: str) -> bool:  # noqa: ARG001 - every format is asked the same question
    """Tell it by holding KB numbers and nothing else."""
    words = _words(text)
    return bool(words) and all(parse_kb(word) for word in words)


def read(text: str, name: str) -> Partial:  # noqa: ARG001 - as above
    """The KBs, each once; whether there are others is not known."""
    kbs = dict.fromkeys(kb for word in _words(text) if (kb := parse_kb(word)))
    return Partial(format=NAME, updates=ListedKbs(kbs=tuple(kbs), complete=False, source="list", listed=len(kbs)))


def _words(text: str) -> list[str]:
    return [word for word in _PARTED.split(text.strip()) if word]
