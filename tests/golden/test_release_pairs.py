"""Every released state of the Windows lines against every security update: who is missing what is known beforehand.

A machine reports the build of one release and lists its newest update only, as real ones do. An update is missing
exactly when the build that it brings lies above the machine's. That truth is never read from the rows that the judging
uses:

1. ``held out``: the judged KB is taken out of kbgap's release table, on all lines, and no row is corrected; the truth
   is the public table of the vuls project. What is left is FixedBuild as Microsoft wrote it, and where there is none
   (before spring 2021) the first cumulative update released later. Every KB is held out once, a tenth at a time.
2. ``other table``: the judged table is that of the vuls project alone, the truth the dated lists of another author.
3. ``as shipped``: kbgap's own table, judged against both sources. It was made with their help, so this proves only
   that nothing was lost on the way.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from kbgap.catalogue.compile import Compiled, compile_catalogue
from kbgap.catalogue.overrides import load_overrides
from kbgap.catalogue.records import Document
from kbgap.core.assess import assess
from kbgap.core.builds import Build
from kbgap.core.model import Basis, Evidence, Installed, Level, Line, Product, Release, Track, UpdateList
from kbgap.core.project import project
from kbgap.core.verdicts import IsCovered, IsInstalled, IsMissing, Verdict
from tests.fleet import World
from tests.golden.conftest import world_of

FOLDS = 10
WINDOWS = {
    "10240": "Windows 10 for x64-based Systems",
    "14393": "Windows Server 2016",
    "15063": "Windows 10 Version 1703 for x64-based Systems",
    "16299": "Windows 10 Version 1709 for x64-based Systems",
    "17134": "Windows 10 Version 1803 for x64-based Systems",
    "17763": "Windows Server 2019",
    "18362": "Windows 10 Version 1903 for x64-based Systems",
    "18363": "Windows 10 Version 1909 for x64-based Systems",
    "19041": "Windows 10 Version 2004 for x64-based Systems",
    "19042": "Windows 10 Version 20H2 for x64-based Systems",
    "19043": "Windows 10 Version 21H1 for x64-based Systems",
    "19044": "Windows 10 Version 21H2 for x64-based Systems",
    "19045": "Windows 10 Version 22H2 for x64-based Systems",
    "20348": "Windows Server 2022",
    "22000": "Windows 11 Version 21H2 for x64-based Systems",
    "22621": "Windows 11 Version 22H2 for x64-based Systems",
    "22631": "Windows 11 Version 23H2 for x64-based Systems",
    "26100": "Windows 11 Version 24H2 for x64-based Systems",
    "server 26100": "Windows Server 2025",
}

Truth = dict[str, dict[str, Build]]  # by line and KB: the first build that the KB brings there
State = tuple[Build, str]


# --- sources ------------------------------------------------------------------------------------------------------


def public_table(shared_data: Path, lines: Container[str] = WINDOWS) -> Iterator[tuple[str, Build, str]]:
    """Line, build and KB (empty for a first release) of every release in the table of the vuls project."""
    with (shared_data / "windows-builds" / "windows_releases_vuls.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            line = "server 26100" if row["os"] == "Windows Server 2025" else row["build"]
            if line in lines and row["revision"]:
                yield line, Build(10, 0, int(row["build"]), int(row["revision"])), row["kb"]


def dated_lists(shared_data: Path, lines: Container[str] = WINDOWS) -> Iterator[tuple[str, Build, str]]:
    """The same of the dated lists."""
    with (shared_data / "windows-builds" / "windows_updatelist_alitai12.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            line = "server 26100" if row["list"].startswith("Windows Server 2025") else row["build"]
            if line in lines:
                yield line, Build(10, 0, int(row["build"]), int(row["revision"])), row["kb"]


def truth_of(rows: Iterable[tuple[str, Build, str]]) -> Truth:
    """The lowest build of each KB: some were released twice."""
    truth: Truth = defaultdict(dict)
    for line, build, kb in rows:
        if kb:
            truth[line][kb] = min(build, truth[line].get(kb, build))
    return truth


def states_of(rows: Iterable[tuple[str, Build, str]]) -> dict[str, list[State]]:
    """The released states of each line."""
    states: dict[str, dict[State, None]] = defaultdict(dict)
    for line, build, kb in rows:
        states[line][build, kb] = None
    return {line: list(found) for line, found in states.items()}


# --- the catalogue of Windows alone -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Windows:
    """The one Windows product of each line, the rows for it, and the KBs of which some row names a CVE."""

    world: World
    products: Mapping[str, Product]
    documents: tuple[Document, ...]
    kbs: Mapping[str, frozenset[str]]

    def compiled(self, lines: Mapping[str, Line]) -> Compiled:
        """The catalogue with another release table."""
        products = {product.id: product for product in self.products.values()}
        return compile_catalogue(self.documents, products, self.world.canonical, lines, self.world.corrections)

    def without(self, kbs: set[str]) -> dict[str, Line]:
        """The release table of kbgap without some KBs."""
        return {
            key: msgspec.structs.replace(line, releases=tuple(r for r in line.releases if r.kb not in kbs))
            for key, line in self.world.lines.items()
        }


@pytest.fixture(scope="session")
def windows(real_world: World) -> Windows:
    """As corrected."""
    return windows_of(real_world)


@pytest.fixture(scope="session")
def uncorrected(real_documents: tuple[Document, ...]) -> Windows:
    """As Microsoft wrote it: the corrections of builds and products were found with the help of release tables."""
    return windows_of(
        world_of(real_documents, msgspec.structs.replace(load_overrides(), fixed_builds=(), wrong_products=()))
    )


def windows_of(world: World, names: Mapping[str, str] = WINDOWS, component: str = "") -> Windows:
    """Rows for anything else are left out: they do not matter here, and compiling ten times takes its time.

    ``component``: the parts of that kind on these Windows in their place. The rows for these Windows stay, because the
    document in which a KB fixes most CVEs tells when it came.
    """
    by_name = {product.name: product for product in world.products.values()}
    products = {line: by_name[name] for line, name in names.items()}
    windows = {product.id for product in products.values()}
    if component:
        parts = {part.platform: part for part in world.products.values() if part.component == component}
        products = {line: parts[product.id] for line, product in products.items() if product.id in parts}
    mine = {product.id: line for line, product in products.items()}
    ids = {key: mine[product] for key, product in world.canonical.items() if product in mine}
    near = ids.keys() | {key for key, product in world.canonical.items() if product in windows}
    kbs: dict[str, set[str]] = defaultdict(set)
    documents = []
    for document in world.documents:
        entries = []
        for entry in document.entries:
            rows = [
                msgspec.structs.replace(row, products=kept)
                for row in entry.remedies
                if (kept := tuple(product for product in row.products if product in near))
            ]
            entries.append(msgspec.structs.replace(entry, remedies=tuple(rows), version_fixes=(), scores=()))
            for row in rows if entry.id.startswith("CVE-") else ():
                for product in ids.keys() & set(row.products):
                    kbs[ids[product]].add(row.kb)
        documents.append(msgspec.structs.replace(document, entries=tuple(e for e in entries if e.remedies)))
    frozen = {line: frozenset(found) for line, found in kbs.items()}
    return Windows(world=world, products=products, documents=tuple(documents), kbs=frozen)


# --- scoring ------------------------------------------------------------------------------------------------------


@dataclass
class Score:
    """Pairs of state and KB by outcome and line; each that is not right in words."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    labelled: Counter[tuple[str, bool]] = field(default_factory=Counter)  # outcome, and whether the KB is missing
    wrong: list[str] = field(default_factory=list)

    def note(self, line: str, kb: str, state: State, build: Build, verdict: Verdict | None) -> None:
        """Count one verdict on a KB that brings ``build``."""
        outcome = outcome_of(verdict, is_missing=build > state[0])
        self.counts[line][outcome] += 1
        self.labelled[outcome, build > state[0]] += 1
        if outcome in {"called missing", "called there", "silent"}:
            told = f"{line}: KB{kb} brings {build.short}; at {state[0].short} (KB{state[1]}) {outcome}"
            self.wrong.append(told)

    @property
    def total(self) -> Counter[str]:
        """All lines together."""
        return sum(self.counts.values(), Counter())

    def show(self, method: str) -> None:
        """Print the counts, for ``make accuracy``."""
        print(f"\n{method}: {self.total.total()} pairs of released state and KB, {dict(self.total)}")
        for line, counts in sorted(self.counts.items()):
            print(f"  {line:>12}: {counts.total():6} pairs, {dict(counts)}")


def outcome_of(verdict: Verdict | None, *, is_missing: bool) -> str:
    """Right, or how it is wrong. An update whose CVEs another update closed is rightly not missed below its build."""
    match verdict:
        case IsMissing():
            return "right" if is_missing else "called missing"
        case IsCovered(by=by) if by and is_missing:
            return "closed by another"
        case IsInstalled() | IsCovered():
            return "called there" if is_missing else "right"
        case None:
            return "silent"
        case _:
            return "unknown"


def score(
    into: Score, windows: Windows, compiled: Compiled, states: Mapping[str, list[State]], truth: Truth, kbs: set[str]
) -> None:
    """Judge each state of each line, and compare what is said of ``kbs`` with the truth."""
    for line, product in windows.products.items():
        judged = {kb: truth[line][kb] for kb in truth.get(line, {}) if kb in kbs and kb in windows.kbs[line]}
        for state in states.get(line, ()) if judged else ():
            evidence = Evidence(
                products=(Installed(product=product.id, software=product.software),),
                updates=UpdateList(installed=frozenset({state[1]} - {""})),
                track=Track.ROLLUP,
                level=Level(build=state[0], basis=Basis.REPORTED),
            )
            (projected,) = project(evidence, compiled.fixes)
            verdicts = {finding.kb: finding.verdict for finding in assess(projected, compiled.fixes)}
            for kb, build in judged.items():
                into.note(line, kb, state, build, verdicts.get(kb))


def all_kbs(windows: Windows) -> list[str]:
    """Every KB that fixes a CVE on one of the lines."""
    return sorted(set().union(*windows.kbs.values()))


@pytest.mark.timeout(400)
def test_rules_hold_for_kbs_that_the_table_lacks(uncorrected: Windows, shared_data: Path) -> None:
    """No update is called there before it is; where FixedBuild decides, none is called missing when it is there."""
    rows = list(public_table(shared_data))
    truth, states = truth_of(rows), states_of(rows)
    kbs = all_kbs(uncorrected)
    held_out = Score()

    for fold in range(FOLDS):
        out = set(kbs[fold::FOLDS])
        score(held_out, uncorrected, uncorrected.compiled(uncorrected.without(out)), states, truth, out)

    held_out.show("held out of the table")
    total = held_out.total
    assert total.total() >= 90_000
    assert total["called there"] == 0
    # Where every row is wrong, only a table or a correction tells: 5022836 for 22000 carries a build of 22621, 5021255
    # says 22621.993 instead of 963, and 5014678 says 20348.770 instead of 768.
    assert kbs_of(held_out.wrong, "silent") == {"KB5022836"}
    # A KB without a build counts from the next release on, before that only where it is listed: too late by one or two
    # states, never too early.
    assert total["called missing"] <= total.total() * 0.002
    assert total["unknown"] <= total.total() * 0.002
    decided = ("19043", "19044", "19045", "20348", "22000", "22621", "22631", "26100", "server 26100")
    late = [told for told in held_out.wrong if told.startswith(decided)]
    assert kbs_of(late, "called missing") == {"KB5021255", "KB5014678"}


def kbs_of(wrong: Iterable[str], outcome: str) -> set[str]:
    """The KBs of the pairs with one outcome."""
    return {told.partition(": ")[2].split()[0] for told in wrong if told.endswith(outcome)}


@pytest.mark.timeout(300)
def test_one_public_table_agrees_with_the_other(windows: Windows, shared_data: Path) -> None:
    """Judged by one author's table, scored by another's."""
    judged, scored = list(public_table(shared_data)), list(dated_lists(shared_data))
    releases: dict[str, dict[Release, None]] = defaultdict(dict)
    for line, build, kb in judged:
        releases[line][Release(kb=kb, kind="cumulative", build=build)] = None
    lines = {
        key: msgspec.structs.replace(line, releases=tuple(releases.get(key, ())))
        for key, line in windows.world.lines.items()
    }
    other = Score()

    score(other, windows, windows.compiled(lines), states_of(scored), truth_of(scored), set(all_kbs(windows)))

    other.show("judged by one table, scored by the other")
    assert other.total.total() >= 30_000
    assert other.wrong == []
    assert other.total["unknown"] == 0


@pytest.mark.timeout(300)
def test_the_catalogue_as_shipped_is_right_about_every_state(windows: Windows, shared_data: Path) -> None:
    """Against both sources."""
    compiled = windows.compiled(windows.world.lines)
    shipped = Score()

    for rows in (list(public_table(shared_data)), list(dated_lists(shared_data))):
        score(shipped, windows, compiled, states_of(rows), truth_of(rows), set(all_kbs(windows)))

    shipped.show("as shipped")
    assert shipped.total.total() >= 120_000
    assert shipped.wrong == []
    assert shipped.total["unknown"] == 0
