"""Compile Microsoft's documents into what judging reads: proofs and closings per product, facts per KB and CVE."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kbgap.catalogue.application_builds import Builds
from kbgap.catalogue.chains import Chains
from kbgap.catalogue.describe import describe_cves, describe_updates
from kbgap.catalogue.edges import Edges
from kbgap.catalogue.gather import Rows, RowsOfKb, gather, is_cve
from kbgap.catalogue.guard import facts_of
from kbgap.catalogue.published import DocumentFacts, Dropped, PublishedCve, PublishedUpdate
from kbgap.catalogue.quality import oddities_of
from kbgap.catalogue.records import Document, Oddity
from kbgap.core.builds import Build
from kbgap.core.model import (
    ByBuild,
    ByList,
    ByMark,
    Closing,
    Flaw,
    Kind,
    Line,
    Product,
    ProductFixes,
    Proof,
    Release,
    Servicing,
    Update,
    Value,
)
from kbgap.core.proof import NotValid, Published, fixed_version, lowest_covering, on_line, prove_by, prove_program
from kbgap.core.versions import Branch

_LEVEL_PARTS = 3
_OWN_SERVICING = frozenset({"flash", ".net"})
_KIND_ORDER = (Kind.HOTPATCH, Kind.SERVICING_STACK, Kind.STANDALONE, Kind.SETUP)


class Compiled(Value, frozen=True):
    """A whole catalogue in memory; ``catalogue/file.py`` writes it down.

    ``fixes`` by canonical product id, ``lines`` by line id, ``updates`` by KB, ``cves`` by id, ``oddities`` by kind.
    """

    newest: str
    products: tuple[Product, ...]
    lines: dict[str, Line]
    fixes: dict[str, ProductFixes]
    updates: dict[str, PublishedUpdate]
    cves: dict[str, PublishedCve]
    documents: tuple[DocumentFacts, ...]
    oddities: dict[str, tuple[Oddity, ...]]


class Corrections(Value, frozen=True):
    """What compiling itself reads besides documents: KBs that leave no trace, standalone ones, builds of programs.

    ``scanned``: what the offline scan files at hand say of supersedence, by the older KB.
    """

    traceless: frozenset[str] = frozenset()
    standalone: frozenset[str] = frozenset()
    scanned: Edges = msgspec.field(default_factory=dict)
    application_builds: Builds = msgspec.field(default_factory=dict)


def compile_catalogue(
    documents: Sequence[Document],
    products: Mapping[str, Product],
    canonical: Mapping[str, str],
    lines: Mapping[str, Line],
    corrections: Corrections,
) -> Compiled:
    """Compile ``documents`` (already corrected by the overrides) with our product rules and release table.

    ``products`` holds every canonical product that our rules know; ``canonical`` maps each id of Microsoft's to one of
    them. Rows of other products are described, but not judged.
    """
    rows = gather(documents, products, canonical)
    products = _with_branches(products, rows)
    known = _with_fixed_builds(lines, rows, corrections)
    compiler = _Compiler(rows, known, products, corrections)
    fixes = {
        product_id: compiler.product(products[product_id], by_kb)
        for product_id, by_kb in rows.by_product.items()
        if product_id in products and products[product_id].software
    }
    return Compiled(
        newest=_newest(documents),
        products=tuple(sorted(products.values(), key=lambda product: product.id)),
        lines=known,
        fixes=fixes,
        updates=describe_updates(rows, fixes, known, corrections.scanned),
        cves=describe_cves(documents, products, canonical, rows, known, fixes, compiler.dropped),
        documents=tuple(facts_of(document) for document in sorted(documents, key=lambda d: (d.initial, d.id))),
        oddities=oddities_of(documents, rows, known, products, compiler.dropped),
    )


def _newest(documents: Iterable[Document]) -> str:
    """The id of the document released last, among those that fix something by KB."""
    fixing = [d for d in documents if any(entry.remedies for entry in d.entries)]
    return max(fixing, key=lambda d: (d.initial, d.id)).id if fixing else ""


def _with_branches(products: Mapping[str, Product], rows: Rows) -> dict[str, Product]:
    """A level of a program that the tables do not know yet gets the branch of its own fixed builds, to three parts."""
    known = dict(products)
    for product_id, product in products.items():
        if product.servicing is Servicing.VERSION and product.branch is None and not product.system:
            texts = Counter(
                text for of_kb in rows.by_product.get(product_id, {}).values() for text in of_kb.fixed_builds
            )
            version = fixed_version(None, [text for text, _ in texts.most_common()])
            if version is not None and len(version) >= _LEVEL_PARTS:
                level = version[:_LEVEL_PARTS]
                branch = Branch(level, (*level[:-1], level[-1] + 1))
                known[product_id] = msgspec.structs.replace(product, branch=branch)
    return known


def _with_fixed_builds(lines: Mapping[str, Line], rows: Rows, corrections: Corrections) -> dict[str, Line]:
    """Add to each cumulative line the KBs that only FixedBuild places on it, so that newer months need no new table.

    Hotpatches too: a listed one brings its build (semantics 3.3b), though it is no cumulative update.
    """
    tabled = {(line.id, release.kb) for line in lines.values() for release in line.releases}
    elsewhere = {release.kb for line in lines.values() for release in line.releases}
    added: dict[str, list[Release]] = defaultdict(list)
    exempt = {Kind.SERVICING_STACK, Kind.STANDALONE, Kind.SECURITY_ONLY, Kind.SETUP}
    for (line_id, kb), builds in rows.builds.items():
        line = lines.get(line_id)
        if line is None or not line.cumulative or (line_id, kb) in tabled or kb in elsewhere:
            continue
        if kb in corrections.traceless | corrections.standalone or rows.kinds[line_id, kb] & exempt:
            continue
        hotpatch = Kind.HOTPATCH in rows.kinds[line_id, kb]
        build = on_line(commonest(builds), line, exempt=hotpatch)
        if build is not None:
            kind = "hotpatch" if hotpatch else "security"
            first = rows.kbs[kb].first
            added[line_id].append(Release(kb=kb, kind=kind, build=build, date=first, source="FixedBuild"))
    return {
        line_id: msgspec.structs.replace(line, releases=line.releases + tuple(sorted(added[line_id], key=_by_build)))
        for line_id, line in lines.items()
    }


def _by_build(release: Release) -> tuple[Build, str]:
    return release.build or Build(0, 0, 0, 0), release.kb


def commonest(builds: Mapping[Build, int]) -> tuple[Build, ...]:
    """Builds by falling number of rows; of equally common ones the lower first, which asks for less."""
    return tuple(sorted(builds, key=lambda build: (-builds[build], build)))


class _Compiler:
    """Compiles product after product, keeping what they share: closures by platform, release rows by line and KB."""

    def __init__(
        self, rows: Rows, lines: Mapping[str, Line], products: Mapping[str, Product], corrections: Corrections
    ) -> None:
        self._rows = rows
        self._lines = lines
        self._corrections = corrections
        # Some KBs were released twice with another revision (3200970: 14393.447 and 448): the first one counts.
        released = [(line.id, release) for line in lines.values() for release in reversed(line.releases)]
        self._releases = {(line_id, release.kb): release for line_id, release in released}
        self._tabled = {kb for _, kb in self._releases}
        self._released = _release_days(lines)
        self._chains = Chains(rows, lines, products, corrections.scanned)
        self.dropped: list[Dropped] = []

    def product(self, product: Product, by_kb: Mapping[str, RowsOfKb]) -> ProductFixes:
        """All updates, CVEs and closings of one product; rows that are not valid for it are dropped and kept apart."""
        updates: list[Update] = []
        for kb in sorted(by_kb, key=int):
            proof = self._proof(product, kb, by_kb[kb])
            if isinstance(proof, NotValid):
                dropped = Dropped(product=product.id, kb=kb, rows=len(by_kb[kb].flaws), reason=proof.reason)
                self.dropped.append(dropped)
                continue
            kind = _kind(by_kb[kb], proof, self._releases.get((product.line, kb)))
            updates.append(Update(kb=kb, kind=kind, proof=proof, published=self._published(kb)))
        flaws, closings = _closings(updates, by_kb, parts=product.servicing is Servicing.PARTS)
        return ProductFixes(
            product=product.id,
            software=product.software,
            line=product.line,
            free_until=product.free_until,
            updates=tuple(updates),
            flaws=tuple(Flaw(cve=cve, published=self._rows.dates.get(cve, "")) for cve in flaws),
            closings=closings,
        )

    def _proof(self, product: Product, kb: str, rows: RowsOfKb) -> Proof | NotValid:
        covered = self._chains.covered_by(product, kb)
        listing = ByList(children=frozenset(rows.children), covered_by=covered, application=not product.platform)
        line = self._lines.get(product.line)
        if line is None:
            tabled = self._corrections.application_builds.get((product.software, kb), ())
            fixed = [text for text, _ in rows.fixed_builds.most_common()]
            return prove_program(kb, product, tabled, fixed, listing)
        if line.cumulative and covered:
            listing = msgspec.structs.replace(listing, reached=lowest_covering(line, covered))
        here = self._releases.get((line.id, kb))
        published = Published(
            kb=kb,
            kinds=frozenset(self._rows.kinds[line.id, kb]),
            builds=commonest(self._rows.builds.get((line.id, kb), {})),
            published=self._rows.released(kb),
            here=here,
            elsewhere=here is None and kb in self._tabled,
            own=product.component in _OWN_SERVICING,
            standalone=kb in self._corrections.standalone,
            traceless=kb in self._corrections.traceless,
        )
        return prove_by(published, line, listing)

    def _published(self, kb: str) -> str:
        """The day from which the KB counts: its first document, or its release where that is later.

        Later documents add CVEs to an older KB, and old documents are revised to name a newer KB: 2019-Aug names
        4540673 of March 2020.
        """
        return max(self._rows.kbs[kb].first, self._released.get(kb, ""))


def _release_days(lines: Mapping[str, Line]) -> dict[str, str]:
    """The first day on which the release table has each KB."""
    days: dict[str, str] = {}
    for line in lines.values():
        for release in line.releases:
            if release.date and (release.kb not in days or release.date < days[release.kb]):
                days[release.kb] = release.date
    return days


def _kind(rows: RowsOfKb, proof: Proof, release: Release | None) -> Kind:
    """The kind that most rows give, except that one row is enough for what is no ordinary update.

    A cumulative update that the release table calls a preview is one, whatever SubType says.
    """
    for kind in _KIND_ORDER:
        if kind in rows.kinds:
            return kind
    if isinstance(proof, ByBuild):
        return Kind.PREVIEW_ROLLUP if release is not None and release.kind == "preview" else Kind.SECURITY
    if isinstance(proof, ByMark) and not proof.equal:
        return Kind.STANDALONE
    return min(rows.kinds, key=lambda kind: (-rows.kinds[kind], kind))


def _closings(
    updates: Sequence[Update], by_kb: Mapping[str, RowsOfKb], *, parts: bool
) -> tuple[list[str], tuple[Closing, ...]]:
    """CVEs grouped by the updates that close them; advisories in groups of their own, for the install set alone.

    Where the product has ``parts``, several plain security updates are all needed; a cumulative update among them
    contains them, so that any one is said to do (semantics 3.4).
    """
    closers: dict[str, list[int]] = defaultdict(list)
    for index, update in enumerate(updates):
        for flaw in by_kb[update.kb].flaws:
            closers[flaw].append(index)
    flaws = sorted(closers)
    groups: dict[tuple[bool, tuple[int, ...]], list[int]] = defaultdict(list)
    for number, flaw in enumerate(flaws):
        groups[not is_cve(flaw), tuple(closers[flaw])].append(number)
    return flaws, tuple(
        Closing(
            updates=key,
            flaws=tuple(value),
            advisory=advisory,
            needs_all=parts and len(key) > 1 and all(updates[index].kind is Kind.SECURITY for index in key),
        )
        for (advisory, key), value in sorted(groups.items())
    )
