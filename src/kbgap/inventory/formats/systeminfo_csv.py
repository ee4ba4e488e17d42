"""Read what ``systeminfo /fo csv`` prints: the same values as the list form, in one quoted line."""

import csv
import re

from kbgap.inventory.formats import systeminfo
from kbgap.inventory.partial import Partial

NAME = "systeminfo /fo csv"

_QUICK = re.compile(r'^".*",?"\d{1,2}\.\d{1,2}\.(\d{3,6})\b[^"\n]*\b\1\b', re.MULTILINE)
_ENTRY = re.compile(r",(?=\[\d+\]:)")


def recognise(text: str, name: str) -> bool:
    """Tell it by a quoted line with the system's version."""
    return text.lstrip().startswith('"') and systeminfo.recognise(_listed(text), name)


def read(text: str, name: str) -> Partial:
    """What the file says, by way of the list form.

    Raises:
        Invalid: the file holds the output of several machines.
    """
    return systeminfo.read(_listed(text), name)


def _listed(text: str) -> str:
    """The values of each machine in the list form; a file that is cut stays cut."""
    lines = [line for line in text.split("\n") if _QUICK.search(line)]
    try:
        as_list = "".join(_as_list(values) for values in csv.reader(lines))
    except csv.Error:
        return ""  # no value of systeminfo is so long
    return as_list if text.endswith("\n") else as_list.rstrip("\n")


def _as_list(values: list[str]) -> str:
    """Each value under a heading of its own, each numbered entry on a line of its own."""
    sections = [_ENTRY.split(value) for value in values]
    return "".join(f"value: {first}\n" + "".join(f" {entry}\n" for entry in rest) for first, *rest in sections)
