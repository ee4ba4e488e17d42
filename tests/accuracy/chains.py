"""What WSUS says of supersedence, as labels for updates that no build decides.

The catalogue of the documents alone never reads the offline scan file. That a newer KB supersedes an older one there
says two things: a machine with the newer one does not miss the older, and one with only the older one misses the newer
where that closes a CVE more.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import zstandard

from kbgap.core.assess import assess
from kbgap.core.gap import cves_of
from kbgap.core.model import (
    Basis,
    ByList,
    ByVersion,
    Evidence,
    Fixes,
    Installed,
    Kind,
    Level,
    Line,
    Product,
    ProductFixes,
    Servicing,
    Track,
    UpdateList,
)
from kbgap.core.project import project
from kbgap.core.verdicts import Verdict
from tests.accuracy.tally import Tally

LABELS = "supersedence of the WSUS scan file, which this catalogue was made without"
SAME = "the same labels, the catalogue made with the scan file of February 2025: not independent"
BY_LIST = (Servicing.OS, Servicing.PARTS, Servicing.LIST)
FAMILIES = {
    ".net_framework": ".NET Framework",
    "internet_explorer": "Internet Explorer",
    "flash_player": "Flash Player",
    "adobe_flash_player": "Flash Player",
    "sharepoint": "SharePoint",
    "visual_studio": "Visual Studio",
}


def edges(shared_data: Path) -> Mapping[str, frozenset[str]]:
    """By newer KB, the older ones that it supersedes."""
    packed = (shared_data / "wsusscn2" / "kb_supersededby-2023-11_2025-02.csv.zst").read_bytes()
    text = zstandard.ZstdDecompressor().decompressobj().decompress(packed).decode("utf-8")
    older: dict[str, set[str]] = defaultdict(set)
    for row in csv.DictReader(io.StringIO(text)):
        if row["kb"] != row["superseded_by_kb"]:
            older[row["superseded_by_kb"]].add(row["kb"])
    return {kb: frozenset(found) for kb, found in older.items()}


def family_of(product: Product) -> str:
    """The family of a product that some KB is for."""
    for start, family in FAMILIES.items():
        if product.software.startswith(start):
            return family
    if product.platform == product.id:
        return "Windows before 10"
    return "Office and its programs (MSI)" if "office" in product.name.lower() or not product.line else "others"


def judge_chains(
    products: Iterable[Product], fixes: Fixes, lines: Mapping[str, Line], shared_data: Path, labels: str = LABELS
) -> list[Tally]:
    """A tally for each family; what the version decides (SQL Server, Exchange) is scored by builds instead."""
    newer = edges(shared_data)
    tallies: dict[str, Tally] = {}
    for product in products:
        line = lines.get(product.line)
        published = fixes.get(product.id)
        by_build = product.platform == product.id and _cumulative(line)
        if published is None or by_build or product.servicing not in BY_LIST:
            continue
        tally = tallies.setdefault(family_of(product), Tally(family_of(product), labels))
        judge_product(product, published, line, newer, tally)
    return [tally for tally in tallies.values() if tally.pairs]


def _cumulative(line: Line | None) -> bool:
    return line is not None and line.cumulative


def judge_product(
    product: Product, published: ProductFixes, line: Line | None, newer: Mapping[str, frozenset[str]], tally: Tally
) -> None:
    """Judge every pair of one product's updates of which ``newer`` says, by newer KB, that it supersedes the older."""
    kinds = {Kind.PREVIEW_ROLLUP, Kind.SECURITY_ONLY, Kind.IE_CUMULATIVE}
    listed = {u.kb for u in published.updates if isinstance(u.proof, ByList | ByVersion) and u.kind not in kinds}
    verdicts: dict[str, Mapping[str, Verdict]] = {}

    def said(installed: str, kb: str) -> Verdict | None:
        if installed not in verdicts:
            verdicts[installed] = _verdicts(product, published, line, installed)
        return verdicts[installed].get(kb)

    for kb in sorted(listed & newer.keys()):
        for older in sorted(newer[kb] & listed):
            told = f"{product.name}: KB{older} on a machine with KB{kb}"
            tally.note(said(kb, older), told, is_missing=False)
            if cves_of(published, kb) - cves_of(published, older):
                told = f"{product.name}: KB{kb} on a machine with KB{older}"
                tally.note(said(older, kb), told, is_missing=True)


def _verdicts(product: Product, published: ProductFixes, line: Line | None, installed: str) -> Mapping[str, Verdict]:
    level = line.first if line is not None and line.cumulative else None
    evidence = Evidence(
        products=(Installed(product=product.id, software=product.software),),
        updates=UpdateList(installed=frozenset({installed}), complete=True, history=True, applications=True),
        track=Track.ROLLUP,
        level=None if level is None else Level(build=level, basis=Basis.REPORTED),
    )
    (state,) = project(evidence, {product.id: published})
    return {finding.kb: finding.verdict for finding in assess(state, {product.id: published})}
