"""Which KBs contain which, on one platform and for one product: Microsoft's edges, and where they break, the order.

Microsoft's edges hold, but for one kind: a security-only update contains no other release of its line, though some
name the month before (5003228), or its rollup (5004951).

Supercedence is empty or misses a step so often that a patched machine would be called unpatched (semantics 4, "Chain
broken"). Five things mend it, each only where later updates are known to contain earlier ones:

1. Rollups of a line before Windows 10, in the order of the release table; those that it lacks, by their day.
2. Flash updates and .NET Framework rollups of one product, in the order in which Microsoft released them. The offline
   scan file, which lists supersedence against every later update, contradicts this nowhere (docs/adr/0003). The same
   .NET has had several names, "4.8" and "3.5 AND 4.8": an update for one of them counts for what it contains.
3. A child before its parent: lists show the child, and Supercedence names the older KB by either number.
4. Security-only updates and those of Internet Explorer before Windows 10, by the rollups from the same day on that are
   for the product. Microsoft mostly says so by naming both for one CVE, but not always: 4483187, 5016679, 5043049.
5. What our table of facts of Microsoft's offline scan file says, and such a file itself, where one was given
   (``supersedence_table.py``, ``wsus_edges.py``).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from kbgap.catalogue.edges import Edges
from kbgap.catalogue.gather import Rows, RowsOfKb
from kbgap.catalogue.wsus_edges import ScannedEdges
from kbgap.core.model import Kind, Line, Product
from kbgap.core.supersedence import Edge, newer_by_older, superseding

_ROLLUPS = frozenset({"rollup", "preview-rollup"})
_APART = frozenset({Kind.SECURITY_ONLY, Kind.STANDALONE, Kind.PREVIEW_ROLLUP})
_PARALLEL = frozenset({Kind.SECURITY_ONLY, Kind.IE_CUMULATIVE})
_DOTNET, _FLASH = ".net", "flash"


class Chains:
    """Answers what supersedes a KB for a product; keeps each closure that it has worked out."""

    def __init__(
        self, rows: Rows, lines: Mapping[str, Line], products: Mapping[str, Product], scanned: Edges | None = None
    ) -> None:
        """Read ``rows`` and the release tables of ``lines`` when asked; ``products`` by canonical id.

        ``scanned`` are the edges of our table and of the offline scan files at hand.
        """
        self._rows = rows
        self._scanned = ScannedEdges(scanned or {}, rows, lines)
        self._lines = lines
        self._dotnet: dict[str, list[Product]] = defaultdict(list)
        for product in products.values():
            if product.component == _DOTNET:
                self._dotnet[product.platform].append(product)
        self._own: dict[str, frozenset[Edge]] = {}
        self._newer: dict[tuple[str, str], dict[str, frozenset[str]]] = {}
        self._covered: dict[tuple[tuple[str, str], str], frozenset[str]] = {}

    def covered_by(self, product: Product, kb: str) -> frozenset[str]:
        """Every KB that supersedes this one on the product's platform, through any number of steps (semantics 3.3e)."""
        own = self._own_edges(product)
        graph = product.platform or product.id, product.id if own else ""
        if (graph, kb) not in self._covered:
            if graph not in self._newer:
                self._newer[graph] = newer_by_older(self._platform_edges(graph[0], product.line) | own)
            self._covered[graph, kb] = superseding(kb, self._newer[graph])
        return self._covered[graph, kb]

    def _platform_edges(self, platform: str, line_id: str) -> set[Edge]:
        """Microsoft's own edges, and point 1."""
        edges = set(self._rows.edges.get(platform, set()))
        line = self._lines.get(line_id)
        if line is not None and not line.cumulative:
            edges.difference_update(edges_across_months(edges, line))
            rollups = [release.kb for release in line.releases if release.kind in _ROLLUPS]
            edges.update((newer, older) for older, newer in pairwise(rollups))
        return edges

    def _own_edges(self, product: Product) -> frozenset[Edge]:
        """Points 2 to 5, which hold for one product only."""
        if product.id not in self._own:
            line = self._lines.get(product.line)
            named = [item for alike in self._alike(product) for item in self._rows.by_product.get(alike, {}).items()]
            edges = {(child, kb) for kb, rows in named for child in rows.children}
            ordered = sorted(
                self._contain_earlier(product.component, named, line), key=lambda kb: (self._rows.released(kb), int(kb))
            )
            edges.update((newer, older) for older, newer in pairwise(ordered))
            if line is not None and not line.cumulative:
                edges |= self._parallel_edges(product, line) | self._untabled_edges(product, line)
            edges |= self._scanned.edges_for(product)
            self._own[product.id] = frozenset(edges)
        return self._own[product.id]

    def _contain_earlier(self, component: str, named: Sequence[tuple[str, RowsOfKb]], line: Line | None) -> set[str]:
        """All of Flash; of .NET what is not apart, before Windows 10 only from the product's first rollup on.

        Microsoft calls a rollup of .NET "Monthly Rollup" until 2025, and "Security Update" since.
        """
        if component == _FLASH:
            return {kb for kb, _ in named}
        if component != _DOTNET:
            return set()
        joined = {kb for kb, _ in named if not self._rows.kbs[kb].kinds.keys() & _APART}
        if line is None or line.cumulative:
            return joined
        rollups = {kb for kb, rows in named if Kind.ROLLUP in rows.kinds}
        first = min(map(self._rows.released, rollups), default="")
        return rollups | {kb for kb in joined if first and self._rows.released(kb) > first}

    def _alike(self, product: Product) -> list[str]:
        """The product, and for .NET the others on the same Windows whose updates contain what is for it."""
        others = self._dotnet.get(product.platform, ()) if product.component == _DOTNET else ()
        return [product.id, *(o.id for o in others if o.id != product.id and _contains(o.versions, product.versions))]

    def _parallel_edges(self, product: Product, line: Line) -> set[Edge]:
        """Point 4: the next rollup is enough, for later ones contain it."""
        by_kb = self._rows.by_product[product.id]
        days = {kb: self._rows.released(kb) for kb in by_kb}
        rollups = {kb: days[kb] for kb, rows in by_kb.items() if Kind.ROLLUP in rows.kinds}
        if not product.component:
            rollups.update((release.kb, release.date) for release in line.releases if release.kind == "rollup")
        edges = set()
        for kb, rows in by_kb.items():
            if rows.kinds.keys() & _PARALLEL and kb not in rollups:
                later = [(day, int(rollup), rollup) for rollup, day in rollups.items() if day >= days[kb]]
                edges |= {(min(later)[2], kb)} if later else set()
        return edges

    def _untabled_edges(self, product: Product, line: Line) -> set[Edge]:
        """Point 1 for rollups that the release table lacks: by the day on which they came, where no two share it."""
        tabled = {release.kb: release for release in line.releases}
        days = {kb: release.date for kb, release in tabled.items() if release.kind == "rollup" and release.date}
        for kb, rows in self._rows.by_product[product.id].items() if not product.component else ():
            if Kind.ROLLUP in rows.kinds and kb not in tabled:
                days[kb] = self._rows.released(kb)
        shared = Counter(days.values())
        ordered = sorted((kb for kb, day in days.items() if shared[day] == 1), key=lambda kb: days[kb])
        return {(newer, older) for older, newer in pairwise(ordered) if not {newer, older} <= tabled.keys()}


def edges_across_months(edges: Iterable[Edge], line: Line) -> list[Edge]:
    """Those by which a security-only update of a line before Windows 10 would contain another release of the line."""
    kinds = {release.kb: release.kind for release in line.releases}
    return [(newer, older) for newer, older in edges if older in kinds and kinds.get(newer) == Kind.SECURITY_ONLY]


def _contains(versions: Sequence[str], others: Sequence[str]) -> bool:
    """Whether an update of .NET for some versions holds those for others: all of them, or the same newest one.

    The newest one tells the package: Microsoft calls one package "4.8" in one month and "3.5 AND 4.8" in another.
    """
    if not versions or not others:
        return False
    return set(versions) >= set(others) or max(map(_numbers, versions)) == max(map(_numbers, others))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
