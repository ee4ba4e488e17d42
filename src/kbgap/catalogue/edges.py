"""Join the offline scan files at hand into edges between KBs, each with its source, its day and where it holds.

Updates are joined by their GUIDs, over all files: one month's file names updates of which only an earlier one still
knows the KB. A KB is the number of several updates, and an edge between two of them says nothing about another Windows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from kbgap.catalogue.rules import load_line_rules, read_table
from kbgap.catalogue.wsus import Scan, ScanUpdate
from kbgap.core.errors import Invalid
from kbgap.core.model import Value

_TABLE = "wsus_products.toml"
SCAN_FILE = "wsusscn2"


class ScanEdge(Value, frozen=True):
    """A KB that supersedes another, says a source, last on that day (ISO).

    ``lines``: the Windows lines before 10 on which it holds; ``elsewhere``: it holds for other software too.
    """

    newer: str
    source: str
    day: str
    lines: frozenset[str] = frozenset()
    elsewhere: bool = False


Edges = Mapping[str, tuple[ScanEdge, ...]]
"""By the older KB."""


class _Product(Value, frozen=True, forbid_unknown_fields=True):
    id: str
    name: str
    line: str


class _Table(Value, frozen=True, forbid_unknown_fields=True):
    product: tuple[_Product, ...]


@cache
def load_scan_products() -> Mapping[str, str]:
    """The line of each product of a scan file that is a Windows before 10, by GUID, as the package's table says."""
    text = files("kbgap.data").joinpath(_TABLE).read_text(encoding="utf-8")
    table = read_table(text, _Table, where=_TABLE)
    known = lines_before_10()
    for number, product in enumerate(table.product):
        if product.line not in known:
            mend = "mend the table, or install kbgap again if you did not change it"
            place = f"{_TABLE}: $.product[{number}]"
            raise Invalid(f"there is no line {product.line!r} before Windows 10", where=place, mend=mend)
    return {product.id: product.line for product in table.product}


@cache
def lines_before_10() -> frozenset[str]:
    """The ids of the lines where the list of updates decides, not the build."""
    return frozenset(line.id for line in load_line_rules() if not line.cumulative)


def join_scans(scans: Iterable[Scan], lines: Mapping[str, str]) -> Edges:
    """All edges between KBs that the scan files give; ``lines`` as ``load_scan_products``.

    Of two files that say the same the later day counts. Self edges are dropped, and so is the KB of a page: one that
    supersedes itself among updates whose titles do not have it (5007364 is every update of Visual Studio 2022).
    """
    ordered = sorted(scans, key=lambda scan: scan.day)
    updates = _updates(ordered)
    days: dict[tuple[str, str], str] = {}
    for scan in ordered:
        ids = [update.id for update in scan.updates]
        days.update(((ids[newer], ids[older]), scan.day) for newer, older in scan.edges)
    pages = _pages(updates, days)
    found: dict[str, dict[str, _Joined]] = defaultdict(lambda: defaultdict(_Joined))
    held: dict[tuple[tuple[str, ...], tuple[str, ...]], frozenset[str]] = {}
    for (newer, older), day in days.items():
        one, other = updates[newer], updates[older]
        if one.kb and other.kb and one.kb != other.kb and pages.isdisjoint((one.kb, other.kb)):
            products = one.products, other.products
            if products not in held:
                held[products] = _held(*products, lines)
            found[other.kb][one.kb].add(day, held[products])
    return {
        older: tuple(by_newer[newer].edge(newer) for newer in sorted(by_newer, key=int))
        for older, by_newer in sorted(found.items())
    }


def edges_of(edges: Edges, older: str, line: str) -> Iterator[str]:
    """The KBs that supersede one on a line before Windows 10, or for software elsewhere when ``line`` is empty."""
    for edge in edges.get(older, ()):
        if line in edge.lines or (not line and edge.elsewhere):
            yield edge.newer


def _updates(ordered: Iterable[Scan]) -> dict[str, ScanUpdate]:
    """By GUID; the latest file that knows the KB counts."""
    updates: dict[str, ScanUpdate] = {}
    for scan in ordered:
        for update in scan.updates:
            if update.kb or update.id not in updates:
                updates[update.id] = update
    return updates


def _pages(updates: Mapping[str, ScanUpdate], pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    ends = ((updates[newer], updates[older]) for newer, older in pairs)
    return frozenset(one.kb for one, other in ends if one.kb == other.kb and not (one.titled or other.titled))


def _held(newer: tuple[str, ...], older: tuple[str, ...], lines: Mapping[str, str]) -> frozenset[str]:
    """The lines of both ends; the empty one stands for all other software, and for ends without any product."""
    mine, theirs = ({lines.get(product, "") for product in products} or {""} for products in (newer, older))
    return frozenset(mine & theirs)


@dataclass(slots=True)
class _Joined:
    """Edges between updates that are edges between the same two KBs."""

    day: str = ""
    held: set[str] = field(default_factory=set)

    def add(self, day: str, held: frozenset[str]) -> None:
        self.day = max(self.day, day)
        self.held |= held

    def edge(self, newer: str) -> ScanEdge:
        return ScanEdge(
            newer=newer,
            source=SCAN_FILE,
            day=self.day,
            lines=frozenset(self.held - {""}),
            elsewhere="" in self.held,
        )
