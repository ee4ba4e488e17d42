"""What independent sources say of the order of the cumulative updates of one Windows: the labels, none of them ours.

A machine is at the build of one release. Where a source says which build a KB brings, or which of two KBs is older, it
says whether the KB is missing there. A source is asked about KBs that some list of releases names as a cumulative
update of the line: hotpatches, servicing stacks and recovery images carry builds too, and are another matter.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import zstandard

from kbgap.catalogue.records import Document
from kbgap.core.builds import Build, parse_os_build
from tests.accuracy.chains import edges
from tests.accuracy.labels import entries
from tests.golden.test_release_pairs import WINDOWS, State, Windows, dated_lists, public_table, states_of, truth_of

LINES = WINDOWS | {
    "10586": "Windows 10 Version 1511 for x64-based Systems",
    "25398": "Windows Server 2022, 23H2 Edition (Server Core installation)",
    "26200": "Windows 11 Version 25H2 for x64-based Systems",
    "28000": "Windows 11 Version 26H1 for x64-based Systems",
}
DATED = "dated lists of another author, judged by the public table alone"
FIXED_BUILD = "FixedBuild of the documents, judged by the public table alone, FixedBuild taken away"
MONTH = "months of the documents, judged by the public table alone"
SUPERSEDENCE = "supersedence of the WSUS scan files 2023 to 2025, judged as shipped"
OFFER = "days of the offers in WSUS (OSDSUS), judged as shipped"
BETWEEN = "what follows from these for builds between, judged by the public table alone"
Pair = tuple[str, State, str]  # line, the machine's build and newest KB, judged KB
Labels = Mapping[Pair, bool]  # whether the KB is missing there
Row = tuple[str, Build, str]  # line, build, KB

# The update service's words for the versions of Windows; 22H2 of its servers is Azure Stack HCI, which is not ours.
VERSIONS = {"1507": "10240", "1511": "10586", "1607": "14393", "1703": "15063", "1709": "16299", "1803": "17134"}
VERSIONS |= {"1809": "17763", "1903": "18362", "1909": "18363", "2004": "19041", "2009": "19042", "20H2": "19042"}
OFFERED = {
    "Windows 10": VERSIONS | {"21H1": "19043", "21H2": "19044", "22H2": "19045"},
    "Windows 11": {"21H2": "22000", "22H2": "22621", "23H2": "22631", "24H2": "26100"},
    "Windows Server": VERSIONS | {"21H2": "20348"},
    "Windows Server 2016": VERSIONS,
    "Windows Server 2019": VERSIONS,
}


@dataclass(frozen=True)
class Ground:
    """What is asked: by line the states of machines, and the KBs that fix a CVE and are cumulative updates there."""

    states: Mapping[str, list[State]]
    judged: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Source:
    """One source's labels; ``as_shipped``: nothing that we ship was made from it.

    ``left_out`` counts what the source says and nobody uses, by reason.
    """

    name: str
    labels: Labels
    as_shipped: bool = False
    left_out: Counter[str] = field(default_factory=Counter)


def ground_of(windows: Windows, shared_data: Path) -> Ground:
    """Every released state of the lines, previews and out-of-band releases too."""
    rows = list(releases(shared_data))
    named: dict[str, set[str]] = defaultdict(set)
    for line, _, kb in rows:
        named[line].add(kb)
    judged = {line: windows.kbs[line] & named[line] for line in windows.products}
    return Ground(states=states_of(rows), judged=judged)


def releases(shared_data: Path) -> Iterator[Row]:
    """The rows of the public table and of the dated lists, of all lines here."""
    return chain(public_table(shared_data, LINES), dated_lists(shared_data, LINES))


def sources_of(windows: Windows, raw: Windows, ground: Ground, shared_data: Path) -> list[Source]:
    """Every source; ``raw`` has the documents as Microsoft wrote them."""
    return [
        _dated(ground, shared_data),
        _fixed_builds(raw, ground),
        _months(windows, ground),
        _superseded(ground, shared_data),
        _offered(ground, shared_data),
    ]


# --- sources that name builds -----------------------------------------------------------------------------------------


def by_build(ground: Ground, builds: Mapping[str, Mapping[str, Build]], left_out: Counter[str]) -> Labels:
    """A KB is missing below the build that it brings; nothing is said of a machine with another release of it."""
    labels: dict[Pair, bool] = {}
    for line, brought in builds.items():
        for kb, build in brought.items():
            for state in ground.states[line] if kb in ground.judged.get(line, ()) else ():
                if kb == state[1] and build > state[0]:
                    left_out["machines with an earlier release of the same KB, which the source does not know"] += 1
                else:
                    labels[line, state, kb] = build > state[0]
    return labels


def _dated(ground: Ground, shared_data: Path) -> Source:
    left_out = Counter[str]()
    labels = by_build(ground, truth_of(dated_lists(shared_data, LINES)), left_out)
    return Source(DATED, labels, left_out=left_out)


def _fixed_builds(raw: Windows, ground: Ground) -> Source:
    """FixedBuild where all rows of a KB on a line agree, of builds with the line's own number."""
    stated: dict[tuple[str, str], set[Build]] = defaultdict(set)
    lines = {product.id: line for line, product in raw.products.items()}
    for line, kb, text in _rows(raw, lines):
        build = parse_os_build(text)
        if build is not None and build.prefix == raw.world.lines[line].prefix:
            stated[line, kb].add(build)
    wrong, left_out = entries("wrong_fixed_build"), Counter[str]()
    builds: dict[str, dict[str, Build]] = defaultdict(dict)
    for (line, kb), found in stated.items():
        if kb not in ground.judged[line]:
            left_out["KBs with a FixedBuild that are no cumulative update (hotpatches, recovery images, ...)"] += 1
        elif len(found) > 1:
            left_out["KBs whose rows contradict each other"] += 1
        elif kb in wrong:
            left_out[f"KB{kb}: {wrong[kb]}"] += 1
        else:
            (builds[line][kb],) = found
    return Source(FIXED_BUILD, by_build(ground, builds, left_out), left_out=left_out)


def _rows(windows: Windows, lines: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Line, KB and FixedBuild of each row."""
    for document in windows.documents:
        for entry in document.entries:
            for remedy in entry.remedies:
                for product in remedy.products:
                    yield lines[windows.world.canonical.get(product, product)], remedy.kb, remedy.fixed_build


# --- sources that name times ------------------------------------------------------------------------------------------


def by_time(ground: Ground, times: Mapping[str, Mapping[str, str]], left_out: Counter[str]) -> Labels:
    """A KB is missing where the machine's KB is older; of two of the same time nothing is said."""
    labels: dict[Pair, bool] = {}
    for line, known in times.items():
        asked = [kb for kb in known if kb in ground.judged.get(line, ())]
        for state in ground.states.get(line, ()):
            if state[1] not in known:
                continue
            for kb in asked:
                if kb == state[1] or known[kb] != known[state[1]]:
                    labels[line, state, kb] = kb != state[1] and known[kb] > known[state[1]]
                else:
                    left_out["pairs of two KBs of the same time"] += 1
    return labels


def _months(windows: Windows, ground: Ground) -> Source:
    """The month of the document in which a KB fixes most CVEs on a line, the latest of equal ones."""
    flaws: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    lines = {product.id: line for line, product in windows.products.items()}
    for document in windows.documents:
        for name in _fixing(document, windows, lines):
            flaws[name][document.initial[:7]] += 1
    times: dict[str, dict[str, str]] = defaultdict(dict)
    for (line, kb), months in flaws.items():
        times[line][kb] = max(months, key=lambda month: (months[month], month))
    left_out = Counter[str]()
    return Source(MONTH, by_time(ground, times, left_out), left_out=left_out)


def _fixing(document: Document, windows: Windows, lines: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Line and KB, once for each CVE."""
    for entry in document.entries:
        if entry.id.startswith("CVE-"):
            yield from {
                (lines[windows.world.canonical.get(product, product)], remedy.kb)
                for remedy in entry.remedies
                for product in remedy.products
            }


def _offered(ground: Ground, shared_data: Path) -> Source:
    """The first day that WSUS offered a cumulative update; one in another month than its title is not it."""
    packed = (shared_data / "wsus-catalog" / "osdsus_windows_updates.csv.zst").read_bytes()
    text = zstandard.ZstdDecompressor().stream_reader(packed).read().decode("utf-8")
    days: dict[str, dict[str, str]] = defaultdict(dict)
    left_out = Counter[str]()
    for row in csv.DictReader(io.StringIO(text)):
        line = OFFERED.get(row["update_os"], {}).get(row["update_build"])
        if row["group"] != "LCU" or line is None:
            continue
        day = row["creation_date"][:10]
        if row["title"][:1].isdigit() and not day.startswith(row["title"][:7]):
            left_out["offers that are not of the month in their title"] += 1
            continue
        days[line][row["kb"]] = min(day, days[line].get(row["kb"], day))
    return Source(OFFER, by_time(ground, days, left_out), as_shipped=True, left_out=left_out)


# --- supersedence -----------------------------------------------------------------------------------------------------


def _superseded(ground: Ground, shared_data: Path) -> Source:
    """Of two updates of a line, of which one supersedes the other through any number of steps among its own."""
    newer_of: dict[str, set[str]] = defaultdict(set)
    for newer, olders in edges(shared_data).items():
        for older in olders:
            newer_of[older].add(newer)
    labels: dict[Pair, bool] = {}
    for line, states in ground.states.items():
        by_kb: dict[str, list[State]] = defaultdict(list)
        for state in states:
            by_kb[state[1]].append(state)
        judged = ground.judged.get(line, frozenset())
        for older, older_states in by_kb.items():
            for newer in reached(older, newer_of, by_kb):
                labels |= {(line, state, older): False for state in by_kb[newer] if older in judged}
                labels |= {(line, state, newer): True for state in older_states if newer in judged}
    return Source(SUPERSEDENCE, labels, as_shipped=True)


def reached(start: str, steps: Mapping[str, Iterable[str]], within: Iterable[str]) -> set[str]:
    """Everything that is some steps away, over members of ``within`` only."""
    allowed, found, rest = set(within), set[str](), [start]
    while rest:
        fresh = (set(steps.get(rest.pop(), ())) & allowed) - found
        found |= fresh
        rest += fresh
    return found


# --- between two labels -----------------------------------------------------------------------------------------------


def between(ground: Ground, labels: Labels) -> Labels:
    """What follows for other builds, because each update contains all before it: a higher build has what a lower has.

    Only pairs without a label; where labels contradict each other, nothing follows.
    """
    has: dict[tuple[str, str], Build] = {}
    lacks: dict[tuple[str, str], Build] = {}
    for (line, (build, _), kb), is_missing in labels.items():
        known, choose = (lacks, max) if is_missing else (has, min)
        known[line, kb] = choose(build, known.get((line, kb), build))
    derived: dict[Pair, bool] = {}
    for line, kb in has.keys() | lacks.keys():
        lowest, highest = has.get((line, kb)), lacks.get((line, kb))
        if lowest is not None and highest is not None and lowest <= highest:
            continue
        for state in ground.states[line]:
            pair = (line, state, kb)
            if pair not in labels and lowest is not None and state[0] >= lowest:
                derived[pair] = False
            if pair not in labels and highest is not None and state[0] <= highest:
                derived[pair] = True
    return derived
