"""Judge the cumulative updates of Windows 10 and later by every independent source, and all of them together.

What nothing of ours was made from is asked of the catalogue exactly as shipped. The other sources are asked of one that
has the public table of releases alone, and documents without the FixedBuild of all KBs asked.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import msgspec

from kbgap.core.assess import assess
from kbgap.core.model import (
    Basis,
    ByBuild,
    Evidence,
    Fixes,
    Installed,
    Level,
    Product,
    Release,
    Track,
    UpdateList,
)
from kbgap.core.project import project
from kbgap.core.verdicts import Verdict
from tests.accuracy.orders import BETWEEN, LINES, Ground, Labels, Pair, Source, between, ground_of, sources_of
from tests.accuracy.tally import Tally
from tests.golden.test_release_pairs import State, Windows, public_table

FAMILY = "Windows 10, 11 and Server"
TOGETHER = "all independent labels together, each pair once"
SHIPPED = "the same pairs, judged exactly as shipped: not independent of all labels"


@dataclass
class Orders:
    """The rows of the table, what each source leaves out and adds, and the pairs on which sources contradict."""

    tallies: list[Tally]
    notes: list[str]
    contradictions: list[str] = field(default_factory=list)


class Judge:
    """What one catalogue says of each state; a state is judged once for all sources."""

    def __init__(self, products: Mapping[str, Product], fixes: Fixes) -> None:
        """By line, the Windows that stands for it."""
        self.products = products
        self.fixes = fixes
        self._said: dict[tuple[str, State], Mapping[str, Verdict]] = {}

    def says(self, pair: Pair) -> Verdict | None:
        """Of a machine that reports its build and lists its newest KB only."""
        line, state, kb = pair
        if (line, state) not in self._said:
            self._said[line, state] = self._judged(self.products[line], state)
        return self._said[line, state].get(kb)

    def _judged(self, product: Product, state: State) -> Mapping[str, Verdict]:
        evidence = Evidence(
            products=(Installed(product=product.id, software=product.software),),
            updates=UpdateList(installed=frozenset({state[1]} - {""})),
            track=Track.ROLLUP,
            level=Level(build=state[0], basis=Basis.REPORTED),
        )
        (projected,) = project(evidence, self.fixes)
        return {finding.kb: finding.verdict for finding in assess(projected, self.fixes)}


def judge_orders(windows: Windows, raw: Windows, shipped: Fixes, shared_data: Path) -> Orders:
    """All rows; ``windows`` has the documents as corrected and ``raw`` as Microsoft wrote them, both of ``LINES``."""
    ground = ground_of(windows, shared_data)
    sources = sources_of(windows, raw, ground, shared_data)
    judges = {False: Judge(windows.products, _table_alone(windows, ground, shared_data))}
    judges[True] = Judge(windows.products, shipped)
    for judge in judges.values():
        _refuse_other_proofs(windows, ground, judge.fixes, shared_data)
    known: dict[Pair, bool] = {}
    for source in sources:
        known |= source.labels
    sources.append(Source(BETWEEN, between(ground, known)))
    rows = [(source, judges[source.as_shipped]) for source in sources]
    tallies = [_tally(source.name, source.labels, judge) for source, judge in rows]
    together, contradictions = _together(rows)
    return Orders(
        tallies=[*tallies, together, _tally(SHIPPED, {**known, **sources[-1].labels}, judges[True])],
        notes=list(_notes(sources)),
        contradictions=contradictions,
    )


def _table_alone(windows: Windows, ground: Ground, shared_data: Path) -> Fixes:
    """What the public table decides."""
    releases: dict[str, dict[Release, None]] = {}
    for line, build, kb in public_table(shared_data, LINES):
        releases.setdefault(line, {})[Release(kb=kb, kind="cumulative", build=build)] = None
    lines = {
        key: msgspec.structs.replace(line, releases=tuple(releases.get(key, ())))
        for key, line in windows.world.lines.items()
    }
    return _without_builds(windows, frozenset(chain.from_iterable(ground.judged.values()))).compiled(lines).fixes


def _without_builds(windows: Windows, kbs: frozenset[str]) -> Windows:
    """The documents without the FixedBuild of some KBs."""
    documents = []
    for document in windows.documents:
        entries = []
        for entry in document.entries:
            rows = tuple(
                msgspec.structs.replace(row, fixed_build="") if row.kb in kbs else row for row in entry.remedies
            )
            entries.append(msgspec.structs.replace(entry, remedies=rows))
        documents.append(msgspec.structs.replace(document, entries=tuple(entries)))
    return Windows(world=windows.world, products=windows.products, documents=tuple(documents), kbs=windows.kbs)


def _refuse_other_proofs(windows: Windows, ground: Ground, fixes: Fixes, shared_data: Path) -> None:
    """A release table must decide each KB that the public one has: else the judge may have read the label."""
    tabled = {(line, kb) for line, _, kb in public_table(shared_data, LINES)}
    for line, product in windows.products.items():
        for update in fixes[product.id].updates:
            if update.kb in ground.judged[line] and (line, update.kb) in tabled:
                assert isinstance(update.proof, ByBuild), f"{line} KB{update.kb}: {update.proof}"
                assert update.proof.source == "release table", f"{line} KB{update.kb}: {update.proof}"


def _tally(name: str, labels: Labels, judge: Judge) -> Tally:
    tally = Tally(FAMILY, name)
    for pair, is_missing in labels.items():
        tally.note(judge.says(pair), _told(pair), is_missing=is_missing)
    return tally


def _told(pair: Pair) -> str:
    line, (build, newest), kb = pair
    return f"{line}: KB{kb} at {build.short} (KB{newest})"


def _together(rows: Iterable[tuple[Source, Judge]]) -> tuple[Tally, list[str]]:
    """Each pair once, right only where it is right by every source that labels it."""
    by_pair: dict[Pair, list[tuple[Judge, bool]]] = {}
    for source, judge in rows:
        for pair, is_missing in source.labels.items():
            by_pair.setdefault(pair, []).append((judge, is_missing))
    tally, contradictions = Tally(FAMILY, TOGETHER), []
    for pair, asked in by_pair.items():
        if len({is_missing for _, is_missing in asked}) > 1:
            contradictions.append(_told(pair))
        judge, is_missing = next((one for one in asked if not _is_right(one[0], pair, is_missing=one[1])), asked[0])
        tally.note(judge.says(pair), _told(pair), is_missing=is_missing)
    return tally, contradictions


def _is_right(judge: Judge, pair: Pair, *, is_missing: bool) -> bool:
    one = Tally("", "")
    one.note(judge.says(pair), "one", is_missing=is_missing)
    return not one.wrong


def _notes(sources: list[Source]) -> Iterable[str]:
    """What each source adds to the others, and what of it nobody used."""
    times = Counter(chain.from_iterable(source.labels for source in sources))
    for source in sources:
        alone = sum(times[pair] == 1 for pair in source.labels)
        yield f"{source.name}: {len(source.labels):,} pairs, {alone:,} of which no other source labels"
        yield from (f"  left out: {count:,} {reason}" for reason, count in source.left_out.items())
