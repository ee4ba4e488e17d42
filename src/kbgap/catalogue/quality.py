"""Find what is dirty in Microsoft's data beyond single rows: what contradicts the release table or itself."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from kbgap.catalogue.chains import edges_across_months
from kbgap.catalogue.gather import Rows
from kbgap.catalogue.published import Dropped
from kbgap.catalogue.records import Document, Oddity
from kbgap.core.model import Line, Product


def oddities_of(
    documents: Iterable[Document],
    rows: Rows,
    lines: Mapping[str, Line],
    products: Mapping[str, Product],
    dropped: Iterable[Dropped],
) -> dict[str, tuple[Oddity, ...]]:
    """Everything odd, by kind: what reading noted in each document, and what only the whole shows."""
    by_kind: dict[str, list[Oddity]] = defaultdict(list)
    names: dict[str, set[str]] = defaultdict(set)
    for document in documents:
        for oddity in document.oddities:
            by_kind[oddity.kind].append(
                Oddity(kind=oddity.kind, where=f"{document.id}: {oddity.where}", text=oddity.text)
            )
        for product, spelled in document.products.items():
            names[product].update(spelled)
    for oddity in (
        *_wrong_builds(rows, lines),
        *_without_supersedence(rows, lines),
        *_differing_supersedence(rows),
        *_self_edges(rows),
        *_across_months(rows, lines, products),
        *_names(names),
        *_without_rule(rows, names, products),
        *_dropped(dropped, products),
    ):
        by_kind[oddity.kind].append(oddity)
    return {kind: tuple(found) for kind, found in sorted(by_kind.items())}


def _wrong_builds(rows: Rows, lines: Mapping[str, Line]) -> Iterator[Oddity]:
    """A FixedBuild on the KB's own line that the release table contradicts."""
    for line in lines.values():
        for release in line.releases:
            if release.build is None or release.source != "release table":
                continue
            for build, count in rows.builds.get((line.id, release.kb), {}).items():
                if build.prefix == line.prefix and build != release.build:
                    told = f"{count} rows say {build.short}, the release table {release.build.short}"
                    yield Oddity(
                        kind="fixed build contradicts the release table",
                        where=f"KB{release.kb}",
                        text=told,
                        kb=release.kb,
                    )


def _without_supersedence(rows: Rows, lines: Mapping[str, Line]) -> Iterator[Oddity]:
    """A cumulative update that names no predecessor breaks the chain of those who follow it."""
    for line in lines.values():
        for place, release in enumerate(line.releases):
            facts = rows.kbs.get(release.kb) if line.cumulative and place and release.kind != "hotpatch" else None
            if facts is not None and not facts.supersedes and (line.id, release.kb) in rows.kinds:
                kind = "cumulative update without supersedence"
                told = f"breaks the chain on line {line.id}"
                yield Oddity(kind=kind, where=f"KB{release.kb}", text=told, kb=release.kb)


def _differing_supersedence(rows: Rows) -> Iterator[Oddity]:
    for kb, facts in rows.kbs.items():
        if len(facts.supersedes) > 1:
            older = ", ".join(f"KB{other}" for other in sorted(facts.supersedes, key=int))
            yield Oddity(kind="several superseded updates", where=f"KB{kb}", text=f"names {older}", kb=kb)


def _self_edges(rows: Rows) -> Iterator[Oddity]:
    named = {newer for edges in rows.edges.values() for newer, older in edges if newer == older}
    for kb in sorted(named, key=int):
        yield Oddity(kind="update that supersedes itself", where=f"KB{kb}", text="the edge is dropped", kb=kb)


def _across_months(rows: Rows, lines: Mapping[str, Line], products: Mapping[str, Product]) -> Iterator[Oddity]:
    """A security-only update that names another release of its line as superseded: it holds one month only."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for platform, edges in rows.edges.items():
        line = lines.get(products[platform].line) if platform in products else None
        if line is not None and not line.cumulative:
            for edge in edges_across_months(edges, line):
                found[edge].add(line.id)
    for (newer, older), held in sorted(found.items()):
        kind = "security-only update that supersedes another month"
        text = f"names KB{older} on line {', '.join(sorted(held))}"
        yield Oddity(kind=kind, where=f"KB{newer}", text=text, kb=newer)


def _names(names: Mapping[str, set[str]]) -> Iterator[Oddity]:
    ids: dict[str, list[str]] = defaultdict(list)
    for product, spelled in names.items():
        if len(spelled) > 1:
            text = " | ".join(sorted(spelled))
            yield Oddity(
                kind="product id with several names", where=f"product {product}", text=text, product=min(spelled)
            )
        for name in spelled:
            ids[name].append(product)
    for name, products in ids.items():
        if len(products) > 1:
            text = ", ".join(sorted(products))
            yield Oddity(kind="product name with several ids", where=name, text=text, product=name)


def _without_rule(rows: Rows, names: Mapping[str, set[str]], products: Mapping[str, Product]) -> Iterator[Oddity]:
    """A product with KBs that our tables do not know yet: nothing is judged for it."""
    for product, by_kb in rows.by_product.items():
        if product not in products and product in names:
            kbs = ", ".join(f"KB{kb}" for kb in sorted(by_kb, key=int))
            name = min(names[product])
            yield Oddity(kind="product that no rule knows", where=name, text=f"{kbs} not judged for it", product=name)


def _dropped(dropped: Iterable[Dropped], products: Mapping[str, Product]) -> Iterator[Oddity]:
    for row in dropped:
        name = products[row.product].name
        yield Oddity(
            kind="update listed for a wrong product",
            where=f"KB{row.kb} for {name}",
            text=f"{row.reason}; {row.rows} rows left out",
            kb=row.kb,
            product=name,
        )
