"""Tell how long a software is supported, by the table of the days on which support ends."""

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files

import msgspec

from kbgap.core.end_of_support import Support, Supported, Term, Terms, support_of
from kbgap.core.errors import Invalid
from kbgap.core.versions import Branch, parse_branch

_TABLE = "end_of_support.toml"
_NOTHING = Terms((), is_complete=False)


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of end_of_support.toml: product parts of ids, a beginning of versions or two ends, and last days."""

    software: tuple[str, ...]
    ends: tuple[date, ...]
    source: str
    versions: tuple[str, ...] = ()


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; ``complete`` is software whose versions are all here."""

    complete: tuple[str, ...]
    entry: tuple[Entry, ...]


def supported_on(today: date) -> Supported:
    """How long software is supported, as of a day."""
    return lambda software, version: supported(software, version, today)


@lru_cache(maxsize=8_192)  # a fleet has the same few thousand versions over and over
def supported(software: str, version: str | None, today: date) -> Support:
    """How long a version is supported; ``software`` is the product part of its id."""
    return support_of(_by_software().get(software, _NOTHING), version, today)


def read_table() -> Table:
    """The table as it is written; msgspec.ValidationError says what is wrong with it."""
    return msgspec.convert(tomllib.loads((files("kbgap.data") / _TABLE).read_text("utf-8")), Table)


@cache
def _by_software() -> Mapping[str, Terms]:
    table = read_table()
    found: dict[str, list[Term]] = defaultdict(list)
    for entry in table.entry:
        for software in entry.software:
            found[software].append(Term(_branch(entry), entry.ends))
    complete = frozenset(table.complete)
    return {software: Terms(tuple(terms), software in complete) for software, terms in found.items()}


def _branch(entry: Entry) -> Branch | None:
    if not entry.versions:
        return None
    branch = parse_branch(*entry.versions)
    if branch is None:
        raise Invalid(f"{' to '.join(entry.versions)} are no versions", where=_TABLE, mend="write 10.0, or two ends")
    return branch
