"""Write the table of which update contains which, from Microsoft's offline scan file and its documents.

    python tools/supersedence_table.py FOLDER_OF_CVRF_DOCUMENTS SCAN_FILE... > src/kbgap/data/supersedence.csv

A scan file is wsusscn2.cab, or lines of JSON (``.jsonl.zst``) with what another project took out of one. The rules
are in docs/adr/0011: per product the edges that judging would use; KBs that no document names are walked through, and
what follows from two steps is left out. The same files give the same bytes.
"""

import csv
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from kbgap.catalogue.edges import SCAN_FILE, Edges, join_scans, load_scan_products
from kbgap.catalogue.gather import Rows, gather
from kbgap.catalogue.offers import read_path
from kbgap.catalogue.overrides import apply, load_overrides
from kbgap.catalogue.records import Document
from kbgap.catalogue.rules import load_lines, load_product_rules
from kbgap.catalogue.supersedence_table import ELSEWHERE
from kbgap.catalogue.wsus import Scan, ScanUpdate, read_scan
from kbgap.catalogue.wsus_edges import ScannedEdges
from kbgap.core.model import Line, Product
from kbgap.core.product_names import product_table
from kbgap.core.supersedence import Edge

_KB_IN_TITLE = re.compile(r"\(KB(\d{6,8})\)")
_DAY_IN_NAME = re.compile(r"\d{4}-\d{2}-\d{2}")


class Row(NamedTuple):
    """One row of the table, in the order of its columns; ``where`` and ``newer`` are words with blanks between."""

    older: str
    where: str
    newer: str
    source: str
    date: str


class Judged(NamedTuple):
    """What the documents say, and the products that are judged by it."""

    rows: Rows
    products: tuple[Product, ...]
    lines: Mapping[str, Line]


def read_file(path: Path) -> Scan:
    """One scan file, of either form."""
    return read_scan(path) if path.suffix == ".cab" else read_lines(path)


def read_lines(path: Path) -> Scan:
    """A scan file of a day as another project wrote it: one update a line."""
    with zstandard.open(path, "rt", encoding="utf-8") as stream:
        lines: list[dict[str, Any]] = [json.loads(line) for line in stream]
    day = _DAY_IN_NAME.findall(path.name)[-1]
    updates = {line["updateId"]: _update(line) for line in lines}
    place = {id_: number for number, id_ in enumerate(sorted(updates))}
    edges = {
        (place[newer], place[line["updateId"]])
        for line in lines
        for newer in line["supersededByUpdate"]
        if newer in place and newer != line["updateId"]
    }
    ordered = tuple(updates[id_] for id_ in sorted(updates))
    return Scan(day=day, sha256="", updates=ordered, edges=tuple(sorted(edges)))


def _update(line: Mapping[str, Any]) -> ScanUpdate:
    titled = _KB_IN_TITLE.findall(line["title"] or "")
    products = sorted({id_ for kind, id_ in line["categories"] if kind == "Product"})
    kb = titled[-1] if titled else line["kbArticleId"] or ""
    return ScanUpdate(id=line["updateId"], kb=kb, titled=bool(titled), products=tuple(products))


def judged_by(documents: Iterable[Document]) -> Judged:
    """The rows and products as the compiler has them."""
    corrected, _ = apply(documents, load_overrides())
    names: dict[str, set[str]] = defaultdict(set)
    for document in corrected:
        for product, spelled in document.products.items():
            names[product].update(spelled)
    table = product_table(names, load_product_rules())
    rows = gather(corrected, table.products, table.canonical)
    products = tuple(p for id_ in rows.by_product if (p := table.products.get(id_)) is not None and p.software)
    return Judged(rows, products, load_lines())


def build_table(judged: Judged, edges: Edges) -> list[Row]:
    """The rows, by the older KB."""
    where: dict[Edge, set[str]] = defaultdict(set)
    done: set[tuple[str, frozenset[Edge]]] = set()
    scanned, named = ScannedEdges(edges, judged.rows, judged.lines), named_by(judged.rows)
    for product in judged.products:
        line = judged.lines.get(product.line)
        held = line.id if line is not None and not line.cumulative else ELSEWHERE
        used = scanned.edges_for(product)
        if (held, used) not in done:
            done.add((held, used))
            for edge in reduced(contracted(used, named)):
                where[edge].add(held)
    return list(_rows(where, edges))


def named_by(rows: Rows) -> frozenset[str]:
    """Every KB that the documents name in a fix: the fixes, what they supersede, and the children in their links."""
    children = {kb for by_kb in rows.by_product.values() for of_kb in by_kb.values() for kb in of_kb.children}
    superseded = {kb for edges in rows.edges.values() for edge in edges for kb in edge}
    return frozenset(rows.kbs.keys() | children | superseded)


def contracted(edges: Iterable[Edge], named: frozenset[str]) -> set[Edge]:
    """The edges from the named KBs, led on through all others: one of those between breaks no chain."""
    newer = _newer(edges)
    found: set[Edge] = set()
    for older in newer.keys() & named:
        waiting, seen = list(newer[older]), set(newer[older])
        while waiting:
            kb = waiting.pop()
            found.add((kb, older))
            further = newer.get(kb, set()) - seen if kb not in named else set()
            seen |= further
            waiting += further
    return {edge for edge in found if edge[0] != edge[1]}


def reduced(edges: Iterable[Edge]) -> set[Edge]:
    """The fewest edges from which all others follow. Raises graphlib.CycleError where they run in a circle."""
    newer = _newer(edges)
    reached: dict[str, set[str]] = {}
    for kb in TopologicalSorter(newer).static_order():  # the newest first
        reached[kb] = set().union(newer.get(kb, ()), *(reached[other] for other in newer.get(kb, ())))
    return {
        (kb, older)
        for older, direct in newer.items()
        for kb in direct.difference(*(reached[other] for other in direct))
    }


def _newer(edges: Iterable[Edge]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for newer, older in edges:
        found[older].add(newer)
    return dict(found)


def _rows(where: Mapping[Edge, set[str]], edges: Edges) -> Iterator[Row]:
    """Edges of one older KB that hold at the same places and are of the same day share a row."""
    days = {(edge.newer, older): edge.day for older, by in edges.items() for edge in by}
    shared: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for newer, older in sorted(where, key=lambda edge: (int(edge[1]), int(edge[0]))):
        held = " ".join(sorted(where[newer, older]))
        shared[older, held, days.get((newer, older), min(days.values()))].append(newer)
    for (older, held, day), kbs in shared.items():
        yield Row(older, held, " ".join(kbs), SCAN_FILE, day)


if __name__ == "__main__":
    scans = [read_file(Path(name)) for name in sys.argv[2:]]
    found = judged_by(read_path(Path(sys.argv[1])).documents)
    rows = build_table(found, join_scans(scans, load_scan_products()))
    csv.writer(sys.stdout, lineterminator="\n").writerows([Row._fields, *rows])
