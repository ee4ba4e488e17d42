"""Load the release table: which KB brings which build on each line, and how many sources say so."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import msgspec

from kbgap.core.builds import Build, parse_os_build
from kbgap.core.errors import Invalid
from kbgap.core.model import Line, Release, Value

_TABLE = "windows_builds.csv"


class ReleaseRow(Value, frozen=True):
    """One row of the table; ``build`` is None for rollups whose revision no source gives, ``date`` may be empty."""

    line: str
    kb: str
    kind: str
    build: Build | None
    date: str
    sources: int


@cache
def load_releases() -> tuple[ReleaseRow, ...]:
    """The rows of the package's table, in chronological order within each line."""
    text = files("kbgap.data").joinpath(_TABLE).read_text(encoding="utf-8")
    return tuple(_row(number, fields) for number, fields in enumerate(csv.DictReader(text.splitlines()), start=2))


def with_releases(lines: Mapping[str, Line], rows: Iterable[ReleaseRow]) -> dict[str, Line]:
    """The lines with their part of the table."""
    by_line: dict[str, list[Release]] = defaultdict(list)
    for row in rows:
        by_line[row.line].append(Release(kb=row.kb, kind=row.kind, build=row.build, date=row.date))
    return {name: msgspec.structs.replace(line, releases=tuple(by_line[name])) for name, line in lines.items()}


def _row(number: int, fields: Mapping[str, str]) -> ReleaseRow:
    where = f"{_TABLE}: line {number}"
    try:
        build = parse_os_build(f"{fields['build']}.{fields['revision']}") if fields["revision"] else None
        if fields["revision"] and build is None:
            raise Invalid(f"{fields['build']}.{fields['revision']} is no Windows build", where=where)
        return ReleaseRow(
            line=fields["line"],
            kb=fields["kb"],
            kind=fields["kind"],
            build=build,
            date=fields["date"],
            sources=int(fields["sources"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid(
            "the row cannot be read", where=where, mend="install kbgap again if you did not change it"
        ) from error
