"""Which update contains which, before and with the table that we ship, against WSUS and Microsoft's old bulletins.

The table is made of WSUS' facts, so that WSUS is no independent label of what is shipped. The bulletins are: until
March 2017 each said which updates it replaces, product by product, and the table was not made of them (the documents
tell of the same months in part). They tell more than the scan file, out of which Microsoft takes updates: 3124000 is in
it for Vista only.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import zstandard

from kbgap.catalogue.compile import Compiled
from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.records import Document
from kbgap.core.model import Fixes, Line, Product
from kbgap.core.supersedence import newer_by_older, superseding
from kbgap.operations.refresh_catalogue import compile_documents
from tests.accuracy.chains import BY_LIST, family_of, judge_chains, judge_product
from tests.accuracy.tally import Tally

SHIPPED = "the same labels, judged as shipped: not independent, the table of supersedence is made of WSUS"
BULLETINS = "what Microsoft's bulletins replaced until March 2017, judged as shipped"
BULLETINS_ALONE = "what Microsoft's bulletins replaced until March 2017, judged by the documents alone"
LAST_BULLETIN = "20170331"
Labels = Mapping[str, frozenset[tuple[str, str]]]
"""By product name: (newer, older)."""


def judge_contained(
    documents: tuple[Document, ...], catalogue: CatalogueFile, shared_data: Path, shipped: Fixes
) -> list[Tally]:
    """A row for each family and label: the documents alone, and what a plain refresh makes of them."""
    alone: Compiled = compile_documents(documents, supersedence={})
    products, lines, stated = catalogue.products, catalogue.lines, bulletins(shared_data)
    return [
        *judge_chains(products, alone.fixes, lines, shared_data),
        *judge_chains(products, shipped, lines, shared_data, SHIPPED),
        *judge_bulletins(products, alone.fixes, lines, stated, BULLETINS_ALONE),
        *judge_bulletins(products, shipped, lines, stated, BULLETINS),
    ]


def judge_bulletins(
    products: Iterable[Product], fixes: Fixes, lines: Mapping[str, Line], stated: Labels, labels: str
) -> list[Tally]:
    """A tally for each family; what the build or the version decides has other labels."""
    tallies: dict[str, Tally] = {}
    for product in products:
        line, published = lines.get(product.line), fixes.get(product.id)
        if published is None or product.servicing not in BY_LIST or (line is not None and line.cumulative):
            continue
        pairs = (pair for name in {product.name, *product.aliases} for pair in stated.get(name, ()))
        tally = tallies.setdefault(family_of(product), Tally(family_of(product), labels))
        judge_product(product, published, line, older_by_newer(pairs), tally)
    return [tally for tally in tallies.values() if tally.pairs]


def older_by_newer(pairs: Iterable[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    """All that each KB replaces, through any number of bulletins."""
    newer, found = newer_by_older(pairs), defaultdict[str, set[str]](set)
    for older in newer:
        for kb in superseding(older, newer):
            found[kb].add(older)
    return {kb: frozenset(older) for kb, older in found.items()}


def bulletins(shared_data: Path) -> Labels:
    """What each bulletin says that it replaces, by the name of the product as the documents have it.

    The list has rows of the documents too, some dated by an older CVE. In them a tag ("Microsoft Browsers") stands
    where a bulletin has the component, so that the name is no product's.
    """
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in _rows(shared_data / "wesng" / "CVEs_20260628.csv.zst"):
        if row["DatePosted"] <= LAST_BULLETIN:
            name = " on ".join(filter(None, (row["AffectedComponent"], row["AffectedProduct"])))
            replaced = {older.strip() for older in row["Supersedes"].split(";")}
            found[name].update((row["BulletinKB"], older) for older in replaced if older.isdecimal())
    return {name: frozenset(pairs) for name, pairs in found.items()}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open("rb") as packed:
        stream = zstandard.ZstdDecompressor(max_window_size=1 << 28).stream_reader(packed)
        yield from csv.DictReader(io.TextIOWrapper(stream, "utf-8"))
