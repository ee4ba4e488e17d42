"""Load which KB brings which version of a program: what Microsoft's documents do not say, or say wrongly.

``how`` is "brings" for the version that the KB itself installs, and "contains" for the first later version known to
contain it, below which nothing is known.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from kbgap.core.errors import Invalid
from kbgap.core.proof import Tabled
from kbgap.core.versions import parse_version

_TABLE = "application_builds.csv"
_HOW = ("brings", "contains")


Builds = Mapping[tuple[str, str], tuple[Tabled, ...]]
"""By software and KB: one KB is made for several branches."""


@cache
def load_application_builds() -> Builds:
    """The package's table."""
    text = files("kbgap.data").joinpath(_TABLE).read_text(encoding="utf-8")
    return parse_application_builds(text, where=_TABLE)


def parse_application_builds(text: str, *, where: str) -> Builds:
    """Read a table of that form; Invalid names the line that cannot be read."""
    builds: dict[tuple[str, str], list[Tabled]] = defaultdict(list)
    for number, fields in enumerate(csv.DictReader(text.splitlines()), start=2):
        version = parse_version(fields.get("build") or "")
        kb = fields.get("kb") or ""
        if version is None or not kb.isdecimal() or fields.get("how") not in _HOW:
            mend = "install kbgap again if you did not change it"
            raise Invalid("the row cannot be read", where=f"{where}: line {number}", mend=mend)
        row = Tabled(version=version, brings=fields["how"] == "brings")
        builds[fields.get("software") or "", kb].append(row)
    return {key: tuple(sorted(found, key=lambda row: row.version)) for key, found in builds.items()}
