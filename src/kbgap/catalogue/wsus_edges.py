"""Choose, from the edges of the offline scan files, those that tell what supersedes the updates of one product.

Where the build decides (Windows 10 and later) they decide nothing. Before Windows 10 an edge counts on the line of both
its ends. For what has a list of its own on later Windows (.NET, Flash) and for programs told by version, the newer KB
has to be for the product as well; for the rest of the programs (Office, SharePoint) a KB that is listed is enough,
since it is the same package for each application that Microsoft names beside it.
"""

from collections.abc import Callable, Mapping

from kbgap.catalogue.edges import Edges, edges_of
from kbgap.catalogue.gather import Rows
from kbgap.core.model import Line, Product, Servicing
from kbgap.core.supersedence import Edge

_OWN_SERVICING = frozenset({"flash", ".net"})


class ScannedEdges:
    """Answers which edges of the scan files concern a product."""

    def __init__(self, edges: Edges, rows: Rows, lines: Mapping[str, Line]) -> None:
        """Read ``rows`` and ``lines`` when asked."""
        self._edges = edges
        self._rows = rows
        self._lines = lines

    def edges_for(self, product: Product) -> frozenset[Edge]:
        """All edges that lead from the product's KBs, and what Microsoft names on its platform, to newer ones."""
        line = self._lines.get(product.line)
        if not self._edges or (line is not None and line.cumulative and product.component not in _OWN_SERVICING):
            return frozenset()
        held_on = line.id if line is not None and not line.cumulative else ""
        counts = self._rule(product, line)
        found: set[Edge] = set()
        named = self._rows.edges.get(product.platform or product.id, ())
        seen = {*self._rows.by_product.get(product.id, {}), *(kb for edge in named for kb in edge)}
        waiting = list(seen)
        while waiting:
            older = waiting.pop()
            newer = {kb for kb in edges_of(self._edges, older, held_on) if counts(kb)}
            found.update((kb, older) for kb in newer)
            waiting += newer - seen
            seen |= newer
        return frozenset(found)

    def _rule(self, product: Product, line: Line | None) -> Callable[[str], bool]:
        """Whether a newer KB counts for the product, once the edge holds where the product is."""
        mine, named = self._rows.by_product.get(product.id, {}), self._rows.kbs
        if line is not None and line.cumulative:
            return lambda kb: kb in mine or kb not in named
        if line is None and product.servicing is Servicing.VERSION:
            return lambda kb: kb in mine
        return lambda _: True
