"""Describe each KB and each CVE for people and for the API, from the rows and from what compiling made of them."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping

from kbgap.catalogue.edges import Edges
from kbgap.catalogue.gather import Rows
from kbgap.catalogue.published import (
    BuildOnLine,
    Dropped,
    FixedProduct,
    LeftOut,
    PublishedCve,
    PublishedUpdate,
    ScannedNewer,
)
from kbgap.catalogue.records import Document, Entry
from kbgap.core.builds import parse_os_build
from kbgap.core.model import ByMark, ByVersion, Line, Product, ProductFixes, Servicing
from kbgap.core.versions import fixed_version_text, version_text

_SEVERITY = {"critical": "Critical", "important": "High", "moderate": "Medium", "low": "Low"}
_WORST_FIRST = ("Critical", "High", "Medium", "Low")


def describe_updates(
    rows: Rows, fixes: Mapping[str, ProductFixes], lines: Mapping[str, Line], scanned: Edges
) -> dict[str, PublishedUpdate]:
    """Every KB that some Vendor Fix row names."""
    newer: dict[str, set[str]] = defaultdict(set)
    for kb, facts in rows.kbs.items():
        for older in facts.supersedes:
            newer[older].add(kb)
    builds = _builds(lines)
    software = _software(fixes)
    days = _days(fixes)
    return {
        kb: PublishedUpdate(
            kb=kb,
            name=facts.main[1],
            urls=tuple(facts.urls),
            kinds=tuple(sorted(kind.value for kind in facts.kinds)),
            builds=tuple(builds[kb]),
            supersedes=tuple(sorted(facts.supersedes, key=int)),
            superseded_by=tuple(sorted(newer[kb], key=int)),
            scanned=tuple(ScannedNewer(kb=e.newer, source=e.source, day=e.day) for e in scanned.get(kb, ())),
            published=days.get(kb, facts.first),
            software={name: tuple(sorted(cves)) for name, cves in sorted(software[kb].items())},
        )
        for kb, facts in rows.kbs.items()
    }


def _builds(lines: Mapping[str, Line]) -> dict[str, list[BuildOnLine]]:
    builds: dict[str, list[BuildOnLine]] = defaultdict(list)
    for line in lines.values():
        for release in line.releases:
            if release.build is not None:
                builds[release.kb].append(BuildOnLine(line=line.id, build=str(release.build)))
    return builds


def _software(fixes: Mapping[str, ProductFixes]) -> dict[str, dict[str, set[str]]]:
    """KB to software to the distinct CVE ids that valid rows name (semantics 3.6)."""
    software: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for published in fixes.values():
        for closing in published.closings:
            for index in () if closing.advisory else closing.updates:
                cves = software[published.updates[index].kb][published.software]
                cves.update(published.flaws[flaw].cve for flaw in closing.flaws)
    return software


def _days(fixes: Mapping[str, ProductFixes]) -> dict[str, str]:
    return {update.kb: update.published for published in fixes.values() for update in published.updates}


def describe_cves(
    documents: Iterable[Document],
    products: Mapping[str, Product],
    canonical: Mapping[str, str],
    rows: Rows,
    lines: Mapping[str, Line],
    fixes: Mapping[str, ProductFixes],
    dropped: Iterable[Dropped],
) -> dict[str, PublishedCve]:
    """Every entry that a KB or a version fixes; of several entries with one id the one revised last.

    What compiling has ``dropped`` is told apart: it closes nothing there.
    """
    reasons: dict[str, dict[str, str]] = defaultdict(dict)  # by KB and product
    for row in dropped:
        reasons[row.kb][row.product] = row.reason
    corrected = {(line.id, r.kb): str(r.build) for line in lines.values() for r in line.releases if r.build is not None}
    corrected.update(_builds_of_marks(fixes))
    corrected.update(_builds_of_programs(fixes))
    described: dict[str, PublishedCve] = {}
    for document in documents:
        names = {canonical.get(i, i): spelled[0] for i, spelled in document.products.items() if spelled}
        for entry in document.entries:
            if not (entry.remedies or entry.version_fixes):
                continue
            known = described.get(entry.id)
            if known is None or known.revised <= entry.revised:
                left_out = _left_out(entry, products, canonical, reasons)
                fixed = _fixed_products(entry, names, products, canonical, corrected, left_out.keys())
                date = rows.dates.get(entry.id, entry.published)
                described[entry.id] = _describe(entry, fixed, tuple(left_out.values()), date)
    return described


def _describe(
    entry: Entry, fixed: tuple[FixedProduct, ...], left_out: tuple[LeftOut, ...], published: str
) -> PublishedCve:
    best = max(entry.scores, key=lambda score: score.base, default=None)
    words = {_SEVERITY.get(word.casefold(), "") for word in entry.severities.values()}
    return PublishedCve(
        id=entry.id,
        title=entry.title,
        severity=next((word for word in _WORST_FIRST if word in words), "Low"),
        cvss=best.base if best else 0.0,
        vector=best.vector if best else "",
        published=published,
        revised=entry.revised,
        exploit=entry.exploit,
        products=fixed,
        description=entry.description,
        left_out=left_out,
    )


def _left_out(
    entry: Entry,
    products: Mapping[str, Product],
    canonical: Mapping[str, str],
    reasons: Mapping[str, Mapping[str, str]],
) -> dict[tuple[str, str], LeftOut]:
    """The rows of the entry that judging does not read, by product id and KB."""
    found: dict[tuple[str, str], LeftOut] = {}
    for remedy in entry.remedies:
        by_product = reasons.get(remedy.kb, {})
        for item in dict.fromkeys(canonical.get(i, i) for i in remedy.products) if by_product else ():
            if item in by_product:
                found[item, remedy.kb] = LeftOut(product=products[item].name, kb=remedy.kb, reason=by_product[item])
    return found


def _fixed_products(
    entry: Entry,
    names: Mapping[str, str],
    products: Mapping[str, Product],
    canonical: Mapping[str, str],
    corrected: Mapping[tuple[str, str], str],
    left_out: Container[tuple[str, str]],
) -> tuple[FixedProduct, ...]:
    """Each product that the entry's fixes name, with its KBs and the build that the release table or the row gives."""
    kbs: dict[str, dict[str, None]] = defaultdict(dict)
    builds: dict[str, dict[str, None]] = defaultdict(dict)
    for remedy in entry.remedies:
        for item in dict.fromkeys(canonical.get(i, i) for i in remedy.products):
            if (item, remedy.kb) in left_out:
                continue
            kbs[item][remedy.kb] = None
            product = products.get(item)
            known = corrected.get((product.line or product.id, remedy.kb)) if product is not None else None
            build = known or _as_build(remedy.fixed_build, product)
            builds[item].update({build: None} if build else {})
    for fix in entry.version_fixes:
        for item in dict.fromkeys(canonical.get(i, i) for i in fix.products):
            build = _as_build(fix.fixed_build, products.get(item))
            builds[item].update({build: None} if build else {})
    return tuple(
        FixedProduct(
            product=products[item].name if item in products else names.get(item, item),
            software=products[item].software if item in products else "",
            kbs=tuple(sorted(kbs[item], key=int)),
            fixed_build=", ".join(builds[item]),
        )
        for item in dict.fromkeys([*kbs, *builds])
    )


def _builds_of_marks(fixes: Mapping[str, ProductFixes]) -> dict[tuple[str, str], str]:
    """Hotpatches and what goes with them carry the build of one line for several: here the line's own."""
    return {
        (published.line, update.kb): str(update.proof.build)
        for published in fixes.values()
        for update in published.updates
        if isinstance(update.proof, ByMark)
    }


def _builds_of_programs(fixes: Mapping[str, ProductFixes]) -> dict[tuple[str, str], str]:
    return {
        (product_id, update.kb): version_text(update.proof.build)
        for product_id, published in fixes.items()
        for update in published.updates
        if isinstance(update.proof, ByVersion)
    }


def _as_build(text: str, product: Product | None) -> str:
    """FixedBuild without what cannot be the product's: package revisions ("1.003") and builds of other branches.

    A text that is no version at all stays: the address of a page, or builds in words.
    """
    if product is None or not text:
        return text
    if product.line and product.servicing is Servicing.OS:
        return text if parse_os_build(text) is not None else ""
    if product.line:
        return text
    return fixed_version_text(text, product.branch) or ("" if fixed_version_text(text, None) else text)
