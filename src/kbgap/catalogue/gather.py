"""Gather every fix row of the documents by product, line and KB, before anything is decided about them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kbgap.catalogue.records import Document, Entry, Remedy
from kbgap.core.builds import Build, parse_os_build
from kbgap.core.model import Kind, Product

_CHILD = re.compile(r"[?&]q=(?:KB)?(\d{6,8})\b", re.IGNORECASE)


@dataclass(slots=True)
class RowsOfKb:
    """The rows of one KB on one product: how often each kind, which children and CVEs, and what FixedBuild says."""

    kinds: Counter[Kind] = field(default_factory=Counter)
    children: set[str] = field(default_factory=set)
    flaws: dict[str, None] = field(default_factory=dict)
    fixed_builds: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class KbFacts:
    """What all rows of one KB say together, whatever the product."""

    first: str = ""
    flaws: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))  # by document date, title
    urls: dict[str, None] = field(default_factory=dict)
    kinds: Counter[Kind] = field(default_factory=Counter)
    supersedes: dict[str, None] = field(default_factory=dict)

    @property
    def main(self) -> tuple[str, str]:
        """Day and title of the document in which the KB fixes most CVEs; of equal ones the latest (semantics 3.7)."""
        return max(self.flaws, key=lambda document: (len(self.flaws[document]), document), default=(self.first, ""))


@dataclass(slots=True)
class Rows:
    """Every fix row with a KB, sorted into the tables that compiling reads.

    ``by_product``: canonical product id, then KB. ``builds`` and ``kinds``: (line, KB). ``edges``: (newer, older) by
    the product id of the platform. ``kbs``: by KB. ``dates``: CVE id to the day of its first release.
    """

    by_product: dict[str, dict[str, RowsOfKb]] = field(default_factory=lambda: defaultdict(dict))
    builds: dict[tuple[str, str], Counter[Build]] = field(default_factory=lambda: defaultdict(Counter))
    kinds: dict[tuple[str, str], set[Kind]] = field(default_factory=lambda: defaultdict(set))
    edges: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    kbs: dict[str, KbFacts] = field(default_factory=lambda: defaultdict(KbFacts))
    dates: dict[str, str] = field(default_factory=dict)

    def released(self, kb: str) -> str:
        """The day on which a KB can have come at the earliest: that of its main document, or of its first CVE if later.

        An update between two Patch Tuesdays stands in the document of the earlier one: 4483187 fixes a flaw that became
        known on 2018-12-19, so the rollup of 2018-12-11 does not contain it, though both are of one document.
        """
        facts = self.kbs[kb]
        first = min((self.dates.get(flaw, "") for flaws in facts.flaws.values() for flaw in flaws), default="")
        return max(facts.main[0], first)


def gather(documents: Iterable[Document], products: Mapping[str, Product], canonical: Mapping[str, str]) -> Rows:
    """Sort the Vendor Fix rows of all documents; ``canonical`` joins the ids that Microsoft gives one product."""
    rows = Rows()
    for document in documents:
        for entry in document.entries:
            if entry.remedies:
                _note_date(rows, entry)
            for remedy in entry.remedies:
                _note_kb(rows, document, entry, remedy)
                for product in dict.fromkeys(canonical.get(item, item) for item in remedy.products):
                    _note_row(rows, entry, remedy, products.get(product), product)
    return rows


def _note_date(rows: Rows, entry: Entry) -> None:
    known = rows.dates.get(entry.id, "")
    if entry.published and (not known or entry.published < known):
        rows.dates[entry.id] = entry.published
    else:
        rows.dates.setdefault(entry.id, known)


def _note_kb(rows: Rows, document: Document, entry: Entry, remedy: Remedy) -> None:
    facts = rows.kbs[remedy.kb]
    day = document.initial[:10]
    if not facts.first or day < facts.first:
        facts.first = day
    facts.flaws[day, document.title].update([entry.id] if is_cve(entry.id) else [])
    if remedy.url:
        facts.urls[remedy.url] = None
    facts.kinds[remedy.kind] += 1
    facts.supersedes.update((older, None) for older in remedy.supersedes if older != remedy.kb)


def _note_row(rows: Rows, entry: Entry, remedy: Remedy, product: Product | None, product_id: str) -> None:
    mine = rows.by_product[product_id].setdefault(remedy.kb, RowsOfKb())
    mine.kinds[remedy.kind] += 1
    mine.children.update(child for child in children_of(remedy.url) if child != remedy.kb)
    mine.flaws[entry.id] = None
    if product is None:
        return
    platform = product.platform or product.id
    rows.edges[platform].update((remedy.kb, older) for older in remedy.supersedes)
    if product.line:
        rows.kinds[product.line, remedy.kb].add(remedy.kind)
        build = parse_os_build(remedy.fixed_build)
        if build is not None:
            rows.builds[product.line, remedy.kb][build] += 1
    elif remedy.fixed_build:
        mine.fixed_builds[remedy.fixed_build] += 1


def children_of(url: str) -> list[str]:
    """The KB in Microsoft's catalogue link: for .NET it is the child that an update list shows (semantics 4)."""
    return _CHILD.findall(url)


def is_cve(identifier: str) -> bool:
    """Whether an entry is a CVE; advisories (ADV...) never count and never make a KB missing (semantics 3.6)."""
    return identifier.upper().startswith("CVE-")
