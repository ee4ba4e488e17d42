"""A slow, obvious second assessor, written only from the definition of missing (semantics 3.1 to 3.8).

It reads the parsed documents, our product rules and the release table, and nothing that compiling or judging made of
them: no proofs, no closings, no projection. Each question below names the rule that it answers.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from kbgap.catalogue.edges import ScanEdge
from kbgap.catalogue.records import Document, Remedy
from kbgap.core.builds import Build, parse_os_build
from kbgap.core.model import Kind, Line, Product, Track

SERVICED_APART = {"flash", ".net"}  # components that the cumulative update of Windows does not always contain
CUMULATIVE = {"security", "preview", "out-of-band", "cumulative"}
ROLLUPS = {"rollup", "preview-rollup"}
REMEMBERED = (  # answers to these questions are kept; nothing else here is done for speed
    *("tabled", "kind", "is_valid", "placed", "build_of", "cumulative_updates"),
    *("names", "names_of_newer", "newer_than", "edges_for", "alike", "called", "appeared"),
)
APART = {Kind.SECURITY_ONLY, Kind.STANDALONE, Kind.PREVIEW_ROLLUP}
UNUSUAL = (Kind.HOTPATCH, Kind.SERVICING_STACK, Kind.STANDALONE, Kind.SETUP)
EXEMPT = {Kind.HOTPATCH, Kind.SERVICING_STACK, Kind.STANDALONE}
NOTHING_TOLD: Mapping[str, Sequence[ScanEdge]] = {}


class Answer(StrEnum):
    """What is said of one KB on one software of a machine."""

    INSTALLED = "installed"
    COVERED = "covered"
    MISSING = "missing"
    NOT_ENTITLED = "not entitled"
    UNKNOWN = "unknown"


class Holds(StrEnum):
    """Whether an update is there: itself, through something that contains it, not, or nobody can tell."""

    ITSELF = "itself"
    CONTAINED = "contained"
    NO = "no"
    MAYBE = "maybe"

    @property
    def satisfied(self) -> bool:
        """Whether what the update fixes is fixed."""
        return self in {Holds.ITSELF, Holds.CONTAINED}


@dataclass(frozen=True)
class Machine:
    """A machine as plain facts: its Windows, its components (with why they may not be there), what it reports."""

    windows: str
    components: Mapping[str, str] = field(default_factory=dict)
    build: Build | None = None
    installed: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()
    complete: bool = False
    history: bool = False
    hotpatch: bool = False
    esu: bool | None = None
    esu_untold: str = "entitled"  # what counts where nothing says so


@dataclass(frozen=True)
class Row:
    """A fix row: product p, CVE c, KB K, subtype, build b, the child in its catalogue link."""

    product: str
    cve: str
    kb: str
    kind: Kind
    build: Build | None
    child: str


@dataclass(frozen=True)
class Known:
    """u, how far a machine is patched on its line, and whether that is all or only the least that can be said."""

    build: Build | None
    is_floor: bool = False


def is_cve(identifier: str) -> bool:
    """Whether an entry is a CVE, not an advisory."""
    return identifier.upper().startswith("CVE-")


class Oracle:
    """Judges machines against documents; everything it needs of the documents is looked up row by row."""

    def __init__(
        self,
        documents: Iterable[Document],
        products: Mapping[str, Product],
        canonical: Mapping[str, str],
        lines: Mapping[str, Line],
        traceless: frozenset[str] = frozenset(),
        standalone: frozenset[str] = frozenset(),
        told: Mapping[str, Sequence[ScanEdge]] = NOTHING_TOLD,
    ) -> None:
        """Take the fix rows of the documents apart, one for each product, CVE and KB.

        ``told``: by the older KB, what other sources than the documents say of supersedence.
        """
        self.products, self.lines = products, lines
        self.traceless, self.standalone, self.told = traceless, standalone, told
        self.rows: dict[str, list[Row]] = defaultdict(list)  # by product
        self.rows_on_line: dict[tuple[str, str], list[Row]] = defaultdict(list)  # by line and KB
        self.edges: dict[str, set[tuple[str, str]]] = defaultdict(set)  # by platform: (newer, older)
        self.first_document: dict[str, str] = {}
        self.published: dict[str, str] = {}
        self.all_kinds: dict[str, set[Kind]] = defaultdict(set)
        self.fixed: dict[str, dict[tuple[str, str], set[str]]] = defaultdict(lambda: defaultdict(set))
        for document in documents:
            for entry in document.entries:
                if entry.remedies and entry.published:
                    self.published[entry.id] = min(self.published.get(entry.id, entry.published), entry.published)
                for remedy in entry.remedies:
                    day = document.initial[:10]
                    self.all_kinds[remedy.kb].add(remedy.kind)
                    self.first_document[remedy.kb] = min(self.first_document.get(remedy.kb, day), day)
                    self.fixed[remedy.kb][day, document.title] |= {entry.id} if is_cve(entry.id) else set()
                    for product in {canonical.get(named, named) for named in remedy.products} & set(products):
                        self._take(products[product], entry.id, remedy)
        for question in REMEMBERED:
            setattr(self, question, cache(getattr(self, question)))

    def _take(self, product: Product, cve: str, remedy: Remedy) -> None:
        digits = remedy.url.upper().rpartition("?Q=")[2].removeprefix("KB")
        child = digits if digits.isdigit() and 6 <= len(digits) <= 8 else ""
        row = Row(product.id, cve, remedy.kb, remedy.kind, parse_os_build(remedy.fixed_build), child)
        self.rows[product.id].append(row)
        self.rows_on_line[product.line, remedy.kb].append(row)
        for older in remedy.supersedes:
            self.edges[product.platform or product.id].add((remedy.kb, older))

    # 3.1 is given: the products of a machine.  ---------------------------------------------------------------------

    def judge(self, machine: Machine) -> dict[tuple[str, str], Answer]:
        """The answer for each software and KB of which there is something to say."""
        answers: dict[tuple[str, str], list[Answer]] = defaultdict(list)
        for product, doubt in {machine.windows: "", **machine.components}.items():
            for kb, answer in self.judge_product(machine, self.products[product], doubt):
                answers[self.products[product].software, kb].append(answer)
        strongest = [Answer.MISSING, Answer.UNKNOWN, Answer.NOT_ENTITLED, Answer.INSTALLED, Answer.COVERED]
        return {key: min(said, key=strongest.index) for key, said in answers.items()}

    def judge_product(self, machine: Machine, product: Product, doubt: str) -> Iterable[tuple[str, Answer]]:
        """3.4 and 3.5 for each CVE of one product: every answer that a row of it gives."""
        valid = [row for row in self.rows[product.id] if self.is_valid(product.line, row.kb)]
        holds = {kb: self.holds(machine, product, kb) for kb in {row.kb for row in valid}}
        yield from ((kb, Answer.INSTALLED) for kb, held in holds.items() if held is Holds.ITSELF)
        yield from ((kb, Answer.COVERED) for kb, held in holds.items() if held is Holds.CONTAINED)
        pairs: dict[str, set[str]] = defaultdict(set)
        for row in valid:
            if is_cve(row.cve):  # 3.6: advisories never count
                pairs[row.cve].add(row.kb)
        for alternatives in pairs.values():
            if any(holds[kb].satisfied for kb in alternatives):  # 3.4 closed
                yield from ((kb, Answer.COVERED) for kb in alternatives if not holds[kb].satisfied)
                continue
            is_open = all(holds[kb] is Holds.NO for kb in alternatives)
            for kb in self.offered(alternatives, product, self.track(machine, product.line)):
                surely = is_open and not doubt
                paid = bool(product.free_until) and self.appeared(kb) > product.free_until
                gets = self.gets_esu(machine) if paid else "entitled"
                if gets == "not-entitled":
                    yield kb, Answer.NOT_ENTITLED
                else:
                    yield kb, Answer.MISSING if surely and gets == "entitled" else Answer.UNKNOWN

    # 3.11 extended security updates  -------------------------------------------------------------------------------

    def gets_esu(self, machine: Machine) -> str:
        """As reported; else yes for a machine that has an update which needs them; else what counts."""
        if machine.esu is not None:
            return "entitled" if machine.esu else "not-entitled"
        windows = self.products[machine.windows]
        line, last = self.lines[windows.line], windows.free_until
        listed = machine.installed - machine.pending
        if not line.cumulative:
            monthly = [r for r in line.releases if r.kind in ROLLUPS | {"security-only"}]
            has = any(r.kb in listed and r.date > last for r in monthly)
        else:
            u = self.known(machine, line).build
            has = u is not None and any(u >= build for _, build, day in self.cumulative_updates(line.id) if day > last)
        return "entitled" if has else machine.esu_untold

    def appeared(self, kb: str) -> str:
        """The day from which a KB counts: its first document's, or its release where that is later."""
        released = [r.date for line in self.lines.values() for r in line.releases if r.kb == kb and r.date]
        return max(self.first_document[kb], min(released, default=""))

    # 3.2 valid  ----------------------------------------------------------------------------------------------------

    def is_valid(self, line: str, kb: str) -> bool:
        """Whether the rows of a KB hold for the products of a line: not a KB of other lines only."""
        if self.tabled(line, kb) or self.is_exempt(line, kb):
            return True
        if any(self.placed(other, kb) for other in self.lines if other != line):
            return False
        builds = [row.build for row in self.rows_on_line[line, kb] if row.build]
        return not builds or any(build.prefix == self.lines[line].prefix for build in builds)

    def is_exempt(self, line: str, kb: str) -> bool:
        """Hotpatch, servicing stack and standalone ones, those of 3.8 too: their FixedBuild may be another line's."""
        called = {row.kind for row in self.rows_on_line.get((line, kb), ())}
        return bool(called & (EXEMPT | {Kind.SETUP})) or kb in self.traceless | self.standalone

    def tabled(self, line: str, kb: str) -> bool:
        """Whether the release table has the KB on the line."""
        return any(release.kb == kb for release in self.lines[line].releases)

    def placed(self, line: str, kb: str) -> bool:
        """Whether the release table has the KB on the line, or would have: its FixedBuild is a build of the line."""
        rows = self.rows_on_line.get((line, kb), ())
        unusual = self.is_exempt(line, kb) or any(row.kind is Kind.SECURITY_ONLY for row in rows)
        if not self.lines[line].cumulative or unusual or any(self.tabled(other, kb) for other in self.lines):
            return self.tabled(line, kb)
        return self.build_of(line, kb) is not None

    def kind(self, line: str, kb: str) -> Kind:
        """What Microsoft calls the KB on the line: one row is enough for the unusual kinds, else most rows decide.

        The word is not reliable row by row (semantics 2, SubType).
        """
        called = Counter(row.kind for row in self.rows_on_line[line, kb])
        for unusual in UNUSUAL:
            if unusual in called:
                return unusual
        if self.lines[line].cumulative and (kb in self.standalone or Kind.SECURITY_ONLY in called):
            # There is no security-only track where every update is cumulative.
            return Kind.STANDALONE if self.build_of(line, kb) else Kind.SECURITY
        return min(called, key=lambda kind: (-called[kind], kind))

    # 3.3 satisfied  ------------------------------------------------------------------------------------------------

    def holds(self, machine: Machine, product: Product, kb: str) -> Holds:
        """Whether the KB is there for the product, by the first of the rules 3.8, 3.3c, 3.3a, 3.3e that applies."""
        line = self.lines[product.line]
        kind = self.kind(line.id, kb)
        own_build = self.build_of(line.id, kb)
        if kb in self.traceless or kind is Kind.SETUP:
            return self.by_list(machine, product, kb, needs_history=True)  # 3.8
        is_cumulative = any(release.kb == kb and release.kind in CUMULATIVE for release in line.releases)
        if line.cumulative and kind in EXEMPT and not is_cumulative and own_build:
            return self.by_mark(machine, line, kb, kind, own_build)  # 3.3c
        if kind is Kind.SERVICING_STACK:
            return self.by_list(machine, product, kb, needs_history=True)  # 3.8
        build = own_build or self.first_later(line, kb, product)
        if line.cumulative and build:
            held = self.by_build(machine, line, build)  # 3.3a
            is_told = own_build is None and held in {Holds.NO, Holds.MAYBE} and self.is_listed(machine, line, kb)
            return Holds.ITSELF if is_told else held
        return self.by_list(machine, product, kb, needs_history=False)  # 3.3e

    def build_of(self, line: str, kb: str) -> Build | None:
        """The build that a KB brings on a line: the release table first, then the commonest FixedBuild there."""
        prefix = self.lines[line].prefix
        for release in self.lines[line].releases:
            if release.kb == kb and release.build:
                return release.build
        said = Counter(row.build for row in self.rows_on_line.get((line, kb), ()) if row.build)
        here = {build: times for build, times in said.items() if build.prefix == prefix}
        if here:
            return min(here, key=lambda build: (-here[build], build))
        if said and self.is_exempt(line, kb):
            # 3.2 exempts it, so its revision counts on this line whichever line the row names.
            return min(said, key=lambda build: (-said[build], build))._replace(build=int(prefix.rpartition(".")[2]))
        return None

    def first_later(self, line: Line, kb: str, product: Product) -> Build | None:
        """3.3a, last part: for an older update without a build, the first cumulative update after it."""
        if product.component in SERVICED_APART or self.tabled(line.id, kb):
            return None
        later = [build for _, build, day in self.cumulative_updates(line.id) if day > self.came(kb)]
        return min(later, default=None)

    def is_listed(self, machine: Machine, line: Line, kb: str) -> bool:
        """3.3a, last part: a list is believed about a KB without a build, unless u is one from before it came."""
        earlier = [build for _, build, day in self.cumulative_updates(line.id) if "" < day < self.came(kb)]
        before = max(earlier, default=line.first)
        is_possible = machine.build is None or (before is not None and machine.build > before)
        return before is not None and is_possible and kb in machine.installed - machine.pending

    def cumulative_updates(self, line: str) -> list[tuple[str, Build, str]]:
        """KB, build and day of every cumulative update of the line: the table's, and newer ones by FixedBuild."""
        found = [(r.kb, r.build, r.date) for r in self.lines[line].releases if r.kind in CUMULATIVE and r.build]
        for there, kb in self.rows_on_line:
            build = self.build_of(line, kb) if there == line else None
            if build and self.placed(line, kb) and not self.tabled(line, kb):
                found.append((kb, build, self.first_document[kb]))
        return found

    def known(self, machine: Machine, line: Line) -> Known:
        """3.3b: u as reported; else the highest build that a listed KB brings, a floor where the list is cut."""
        if machine.build is not None or not line.cumulative:
            return Known(machine.build)
        cumulative = {kb: build for kb, build, _ in self.cumulative_updates(line.id)}
        listed = machine.installed - machine.pending
        brought = [cumulative[kb] for kb in listed if kb in cumulative]
        for kb in listed:
            if self.rows_on_line.get((line.id, kb)) and self.kind(line.id, kb) is Kind.HOTPATCH:
                brought += [build for build in [self.build_of(line.id, kb)] if build]
        return Known(max(brought, default=line.first), is_floor=not machine.complete)

    def by_build(self, machine: Machine, line: Line, build: Build) -> Holds:
        """3.3a: the build decides, and nothing else when it is known."""
        u = self.known(machine, line)
        if u.build is None:
            return Holds.MAYBE
        if u.build >= build:
            return Holds.ITSELF if u.build == build else Holds.CONTAINED
        return Holds.MAYBE if u.is_floor else Holds.NO

    def by_mark(self, machine: Machine, line: Line, kb: str, kind: Kind, build: Build) -> Holds:
        """3.3c: exactly this build, or the first cumulative update at or above it; what leaves u alone, by the list."""
        u = self.known(machine, line)
        reached = min((b for _, b, _ in self.cumulative_updates(line.id) if b >= build), default=None)
        if u.build and reached and u.build >= reached:
            return Holds.CONTAINED
        if u.build == build and kind is not Kind.STANDALONE:
            return Holds.ITSELF
        is_listed = kb in machine.installed - machine.pending
        build_is_known = u.build is not None and not u.is_floor
        if is_listed and (kind is not Kind.HOTPATCH or not build_is_known):
            return Holds.ITSELF
        if not build_is_known:
            return Holds.MAYBE
        is_too_low = u.build is not None and u.build < build and kind is Kind.STANDALONE  # it sits on this build
        told = kind is Kind.HOTPATCH or machine.complete or kb in machine.pending or is_too_low
        return Holds.NO if told else Holds.MAYBE

    def by_list(self, machine: Machine, product: Product, kb: str, *, needs_history: bool) -> Holds:
        """3.3e and 3.8: the KB or its child in the list, or anything that supersedes it there or by the build."""
        line = self.lines[product.line]
        newer = self.newer_than(product, kb)
        u = self.known(machine, line)
        for other, build, _ in self.cumulative_updates(line.id) if newer else ():
            if other in newer and u.build and u.build >= build:
                return Holds.CONTAINED
        listed = machine.installed - machine.pending
        if listed & self.names(product, kb):
            return Holds.ITSELF
        if any(listed & self.names_of_newer(product, other) for other in {kb, *newer}):
            return Holds.CONTAINED
        if kb in machine.pending:
            return Holds.NO
        return Holds.NO if machine.complete and (machine.history or not needs_history) else Holds.MAYBE

    def names(self, product: Product, kb: str) -> frozenset[str]:
        """A KB and the children in the links of the product's rows: an update list shows those of a .NET parent."""
        return frozenset({kb} | {row.child for row in self.rows[product.id] if row.kb == kb and row.child})

    def names_of_newer(self, product: Product, kb: str) -> frozenset[str]:
        """The same for a newer KB, which may be for another name of the same .NET."""
        return frozenset().union(*(self.names(other, kb) for other in self.alike(product)))

    def newer_than(self, product: Product, kb: str) -> frozenset[str]:
        """The KBs that supersede one, by either name, through any number of steps on the product's platform."""
        edges = self.edges_for(product)
        found: set[str] = set()
        names = set(self.names(product, kb))
        while names:
            newer = {newer for older in names for newer in edges.get(older, ())} - found - {kb}
            found |= newer
            names = {name for other in newer for name in self.names_of_newer(product, other)}
        return frozenset(found)

    def edges_for(self, product: Product) -> dict[str, set[str]]:
        """What is newer than each KB, in one step: as Microsoft says, and where later updates contain all earlier."""
        edges: dict[str, set[str]] = defaultdict(set)
        line = self.lines[product.line]
        tabled = {release.kb: release.kind for release in line.releases if not line.cumulative}
        for newer, older in self.edges[product.platform or product.id]:
            if tabled.get(newer) != "security-only" or older not in tabled:  # it holds one month, whatever it says
                edges[older].add(newer)
        # A rollup contains all earlier rollups of its line; a Flash update, or a rollup of .NET, those of its product.
        rollups = [release.kb for release in line.releases if release.kind in ROLLUPS and not line.cumulative]
        own = sorted(self.contain_earlier(product), key=lambda kb: (self.came(kb), int(kb)))
        for ordered in (rollups, own):
            for place, older in enumerate(ordered):
                edges[older].update(ordered[place + 1 :])
        for older, newer in (*self.parallel(product), *self.untabled(product), *self.told_of(product)):
            edges[older].add(newer)
        return edges

    def told_of(self, product: Product) -> Iterable[tuple[str, str]]:
        """What other sources say: what holds on a rollup line; else of .NET and Flash, by KBs for the product."""
        line = self.lines[product.line]
        if line.cumulative and product.component not in SERVICED_APART:
            return
        mine = {row.kb for row in self.rows[product.id]}
        for older, said in self.told.items():
            for edge in said:
                if line.cumulative:
                    holds = edge.elsewhere and (edge.newer in mine or edge.newer not in self.all_kinds)
                else:
                    holds = line.id in edge.lines
                if holds:
                    yield older, edge.newer

    def parallel(self, product: Product) -> Iterable[tuple[str, str]]:
        """On rollup lines a rollup contains the security-only and IE updates of its product up to its day."""
        line = self.lines[product.line]
        kinds: dict[str, set[Kind]] = defaultdict(set)
        for row in self.rows[product.id] if not line.cumulative else ():
            kinds[row.kb].add(row.kind)
        rollups = {kb: self.came(kb) for kb, called in kinds.items() if Kind.ROLLUP in called}
        if kinds and not product.component:
            rollups.update({release.kb: release.date for release in line.releases if release.kind == "rollup"})
        for kb, called in kinds.items():
            if called & {Kind.SECURITY_ONLY, Kind.IE_CUMULATIVE} and kb not in rollups:
                yield from ((kb, rollup) for rollup, day in rollups.items() if day >= self.came(kb))

    def untabled(self, product: Product) -> Iterable[tuple[str, str]]:
        """A rollup that the release table lacks contains those of earlier days; those of later days contain it."""
        line = self.lines[product.line]
        if line.cumulative or product.component:
            return
        tabled = {release.kb: release for release in line.releases}
        days = {kb: release.date for kb, release in tabled.items() if release.kind == "rollup" and release.date}
        new = {row.kb for row in self.rows[product.id] if row.kind is Kind.ROLLUP} - set(tabled)
        days |= {kb: self.came(kb) for kb in new}
        times = Counter(days.values())
        alone = [kb for kb in days if times[days[kb]] == 1]
        for older in alone:
            for newer in alone:
                if days[older] < days[newer] and {older, newer} & new:
                    yield older, newer

    def contain_earlier(self, product: Product) -> set[str]:
        """All Flash updates; those of .NET that are not apart, on rollup lines from the product's first rollup on."""
        if product.component == "flash":
            return {row.kb for row in self.rows[product.id]}
        if product.component != ".net":
            return set()
        named = {row.kb for other in self.alike(product) for row in self.rows[other.id]}
        joined = {kb for kb in named if self.all_kinds[kb].isdisjoint(APART)}
        if self.lines[product.line].cumulative:
            return joined
        rollups = {r.kb for other in self.alike(product) for r in self.rows[other.id] if r.kind is Kind.ROLLUP}
        return rollups | {kb for kb in joined if any(self.came(kb) > self.came(first) for first in rollups)}

    def alike(self, product: Product) -> list[Product]:
        """Itself, and the .NET products of its Windows that have all its versions, or the same newest one."""

        def newest(versions: Iterable[str]) -> list[int]:
            return max([int(part) for part in version.split(".")] for version in versions)

        return [product] + [
            other
            for other in self.products.values()
            if product.component == other.component == ".net" and other.platform == product.platform
            if product.versions and other.versions and other.id != product.id
            if set(product.versions) <= set(other.versions) or newest(product.versions) == newest(other.versions)
        ]

    def came(self, kb: str) -> str:
        """The day on which a KB can have come: of the document in which it fixes most CVEs, of equal ones the latest.

        Or of its first CVE, if later: what comes between two months stands in the document of the earlier one.
        """
        fixed = self.fixed[kb]
        day = max(fixed, key=lambda document: (len(fixed[document]), document))[0]
        return max(day, min((self.published.get(cve, "") for cves in fixed.values() for cve in cves), default=""))

    # 3.5 the track  ------------------------------------------------------------------------------------------------

    def track(self, machine: Machine, line: str) -> Track:
        """Hotpatch for enrolled machines, security-only where the list shows only that, rollup for the rest."""
        if self.lines[line].cumulative:
            return Track.HOTPATCH if machine.hotpatch else Track.ROLLUP
        listed = machine.installed - machine.pending
        kinds = {release.kind for release in self.lines[line].releases if release.kb in listed}
        return Track.SECURITY_ONLY if "security-only" in kinds and not kinds & ROLLUPS else Track.ROLLUP

    def offered(self, alternatives: Iterable[str], product: Product, track: Track) -> set[str]:
        """Of the KBs that close one CVE, those that a machine on the track would take."""
        kinds = {kb: self.called(product, kb) for kb in alternatives}
        preview = {kb for kb, kind in kinds.items() if kind is Kind.PREVIEW_ROLLUP}
        hotpatch = {kb for kb, kind in kinds.items() if kind is Kind.HOTPATCH}
        parallel = {kb for kb, kind in kinds.items() if kind in {Kind.SECURITY_ONLY, Kind.IE_CUMULATIVE}}
        standalone = {kb for kb, kind in kinds.items() if kind is Kind.STANDALONE}
        rollup = {kb for kb, kind in kinds.items() if kind is Kind.ROLLUP}
        plain = set(kinds) - preview - hotpatch - parallel - standalone - rollup
        order = {
            Track.ROLLUP: [plain | rollup, standalone, parallel, preview],
            Track.SECURITY_ONLY: [plain | parallel | standalone, rollup, preview],
            Track.HOTPATCH: [hotpatch | standalone, plain | rollup, parallel, preview],
        }
        return next((choice for choice in order[track] if choice), set())

    def called(self, product: Product, kb: str) -> Kind:
        """What most rows of the product call the KB, unless it is one of the unusual kinds there."""
        said = Counter(row.kind for row in self.rows[product.id] if row.kb == kb)
        unusual = [kind for kind in UNUSUAL if kind in said]
        tabled = {release.kind for release in self.lines[product.line].releases if release.kb == kb}
        if self.lines[product.line].cumulative and "preview" in tabled and not unusual:
            return Kind.PREVIEW_ROLLUP  # whatever SubType says
        if self.kind(product.line, kb) is Kind.STANDALONE and not unusual:
            return Kind.STANDALONE
        return unusual[0] if unusual else min(said, key=lambda kind: (-said[kind], kind))
