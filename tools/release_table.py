"""Build the release table: which KB brings which build on which Windows line, tabulated from four public sources.

    python tools/release_table.py SHARED_DATA_FOLDER > src/kbgap/data/windows_builds.csv

The rules, with the numbers used here, are in docs/reference/release-table.md; names and reviewed facts are in
release_table.toml. What CVRF says against the others, and what it alone says, goes to stderr: read it before you
commit a new table.
"""

import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import chain
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs as a script, from anywhere

from tools.release_sources import KNOWN, ROLLUP_LINES, Key, Name, Sources, read_sources


class Row(NamedTuple):
    """One row of the table, in the order of its columns."""

    line: str
    build: str
    revision: str
    kb: str
    kind: str
    date: str
    sources: int


def is_release(key: Key, sources: Sources) -> bool:
    """Rule 1: whether what CVRF alone says of a KB on a line is good enough for a row."""
    (line, kb), stated = key.name, sources.stated[key.name]
    commonest = stated.builds.get(key.build) == max(stated.builds.values())
    twin = any((other.build, other.name.kb) == (key.build, kb) and other.name.line != line for other in sources.table)
    return commonest and stated.series in key.name.series and kb not in KNOWN["not_releases"] and not twin


def count_sources(sources: Sources) -> dict[Key, int]:
    """Rules 1 to 4: what gets a row, and how many sources carry exactly that."""
    stated = {name: Key(name, said.revision(name)) for name, said in sources.stated.items()}
    reviewed = [Key(Name(fact["line"], fact["kb"]), fact["revision"]) for fact in KNOWN["reviewed"] if "line" in fact]
    offered = [Key(name, "") for name in sources.offered]
    listed = {*sources.table, *sources.dated, *reviewed}
    keys = {key if key.revision else stated.get(key.name, key) for key in listed}
    alone = stated.keys() - {key.name for key in keys}
    keys |= {stated[name] for name in alone if is_release(stated[name], sources)}
    counts = Counter(chain(sources.table, sources.dated, stated.values(), offered, reviewed))
    return {key: counts[key] for key in keys}


def find_series(keys: Iterable[Key], sources: Sources) -> dict[Name, str]:
    """Which series each KB of a line belongs to: what CVRF calls it, or else where the public table has it."""
    found = {key.name: "cumulative" for key in keys}
    found |= {key.name: series for key, series in sources.table.items()}
    stated = {name: sources.stated[name].series for name in found.keys() & sources.stated.keys()}
    return found | {name: series for name, series in stated.items() if series in name.series}


def find_leaders(series: Mapping[Name, str], sources: Sources) -> set[Name]:
    """The KBs that fix most CVEs of a month on a line and series, the first of several: the month's own releases."""
    months: defaultdict[tuple[str, str, str], list[Name]] = defaultdict(list)
    for name in series.keys() & sources.stated.keys():
        months[name.line, series[name], sources.stated[name].month].append(name)
    return {
        min(names, key=lambda name: (-sources.stated[name].cves, int(name.kb)))
        for (_, own, _), names in months.items()
        if own != "preview-rollup"
    }


def preview_rollups(sources: Sources) -> set[Name]:
    """Rule 5 on rollup lines: in the public table's order, the one untold rollup between two that are told of."""
    rollups = [key.name for key, series in sources.table.items() if series == "rollup"]
    told = {name for name in rollups if name in sources.stated or sources.offered.get(name)}
    order = sorted(rollups, key=lambda name: name.line)  # keeps the order within a line
    threes = [three for three in zip(order, order[1:], order[2:], strict=False) if three[0].line == three[2].line]
    return {name for before, name, after in threes if name not in told and {before, after} <= told}


def find_kinds(series: Mapping[Name, str], leaders: set[Name], sources: Sources) -> dict[Name, str]:
    """Rule 5; on cumulative lines a KB is of one kind on all of them."""
    months = {name: sources.stated[name].month for name in series.keys() & sources.stated.keys()}
    weeks = {key.name.kb: KNOWN["weeks"][week] for key, (_, week) in sources.dated.items() if week in KNOWN["weeks"]}
    doubtful = {month for name, month in months.items() if name not in leaders and weeks.get(name.kb) == "preview"}
    kinds = {name.kb: "out-of-band" for name, month in months.items() if month not in doubtful}
    kinds |= {name.kb: "security" for name in leaders} | weeks
    kinds |= {fact["kb"]: fact["kind"] for fact in KNOWN["reviewed"] if "kind" in fact}
    found = {name: kinds.get(name.kb, own) if own == "cumulative" else own for name, own in series.items()}
    return found | dict.fromkeys(preview_rollups(sources), "preview-rollup")


def is_patch_tuesday(day: str) -> bool:
    """Whether an ISO day is the second Tuesday of its month."""
    return date.fromisoformat(day).weekday() == 1 and 8 <= int(day[8:]) <= 14


def find_days(keys: Iterable[Key], leaders: set[Name], sources: Sources) -> dict[Key, str]:
    """Rule 6: the day of each row, where a source gives one; a later revision of a KB has only its own day."""
    days = {key: day for key, (day, _) in sources.dated.items()}
    first = {key.name: key for key in sorted(keys, key=lambda key: int(key.revision or 0), reverse=True)}
    leading = {name: sources.stated[name] for name in leaders}
    wrong = {stated.month for name, stated in leading.items() if days.get(first[name], stated.month) != stated.month}
    agreed = {
        name: stated.month
        for name, stated in leading.items()
        if stated.revision(name) in {"", first[name].revision} and is_patch_tuesday(stated.month)
    }
    for name, key in first.items():
        found = {agreed[name]} - wrong if name in agreed else set()
        found |= sources.offered.get(name, set())
        days |= {key: min(found)} if found and key not in days else {}
    return days


def find_places(keys: Iterable[Key], days: Mapping[Key, str], sources: Sources) -> dict[Key, tuple[str, bool, int]]:
    """Rule 7: what sorts the rows of a line: the revision; on rollup lines the day, or that of the row before."""
    places = {key: ("", False, int(key.revision or 0)) for key in keys}
    rollups = {key.name: key for key in places if key.name.line in ROLLUP_LINES}
    dated = [(key, days[key]) for key in rollups.values() if key in days and key.revision]
    listed = [key.name for key in sources.table if key.name in rollups]
    before: defaultdict[tuple[str, str], str] = defaultdict(str)
    for position, name in enumerate([*listed, *(rollups.keys() - listed)]):
        key, where = rollups[name], (name.line, sources.table.get(Key(name, ""), ""))
        month = sources.stated[name].month if name in sources.stated else ""
        lower = (day for other, day in dated if other.name.line == name.line and int(other.revision) < places[key][2])
        before[where] = days.get(key) or max(lower, default=month or before[where])
        places[key] = before[where], key not in days, places[key][2] if month else position
    return places


def build_table(sources: Sources) -> list[Row]:
    """The rows, line by line in the order of release."""
    counts = count_sources(sources)
    series = find_series(counts, sources)
    leaders = find_leaders(series, sources)
    kinds, days = find_kinds(series, leaders, sources), find_days(counts, leaders, sources)
    places = find_places(counts, days, sources)

    def in_order(key: Key) -> tuple[object, ...]:
        line = key.name.line
        return int(line.split()[-1]), line, places[key], kinds[key.name] == "security-only", int(key.name.kb)

    return [
        Row(name.line, name.prefix, revision, name.kb, kinds[name], days.get(key, ""), counts[key])
        for key in sorted(counts, key=in_order)
        for name, revision in [key]
    ]


def list_doubts(rows: Iterable[Row], sources: Sources) -> Iterator[str]:
    """What CVRF says of builds that is not in the table, and what is there on its word alone."""
    builds: defaultdict[Name, set[str]] = defaultdict(set)
    for row in rows:
        builds[Name(row.line, row.kb)].add(f"{row.build}.{row.revision}")
    listed = {key.name for key in chain(sources.table, sources.dated)}
    for name, stated in sorted(sources.stated.items()):
        against = {build: count for build, count in stated.builds.items() if build and build not in builds[name]}
        if against and (builds[name] or stated.series in name.series):
            yield f"{name.line} KB{name.kb}: CVRF says {against}, the table {sorted(builds[name]) or 'nothing'}"
        elif builds[name] and name not in listed:
            yield f"{name.line} KB{name.kb}: CVRF alone says {sorted(builds[name])}"


if __name__ == "__main__":
    read = read_sources(Path(sys.argv[1]))
    table = build_table(read)
    csv.writer(sys.stdout, lineterminator="\n").writerows([Row._fields, *table])
    print(*list_doubts(table, read), sep="\n", file=sys.stderr)
