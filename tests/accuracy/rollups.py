"""The rollups of Windows before 10: each contains all earlier ones, which a public list of them orders.

The judged KB is taken out of kbgap's release table, a tenth of the KBs at a time; Supersedence and the neighbours are
what is left. The label is its place in the list of the vuls project.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from kbgap.core.assess import assess
from kbgap.core.model import Evidence, Fixes, Installed, Kind, Product, Track, UpdateList
from kbgap.core.project import project
from kbgap.core.verdicts import Verdict
from tests.accuracy.tally import Tally
from tests.golden.test_release_pairs import FOLDS, Windows

PRODUCTS = {
    "Windows 7": "Windows 7 for x64-based Systems Service Pack 1",
    "Windows Server 2008": "Windows Server 2008 for x64-based Systems Service Pack 2",
    "Windows Server 2008 R2": "Windows Server 2008 R2 for x64-based Systems Service Pack 1",
    "Windows 8.1": "Windows 8.1 for x64-based Systems",
    "Windows Server 2012": "Windows Server 2012",
    "Windows Server 2012 R2": "Windows Server 2012 R2",
}
# Since October 2016 each rollup contains the one before; on Windows Server 2008 since September 2018.
FIRST = {"3185330", "3185331", "3185332", "4458010"}


def rollups_of(shared_data: Path) -> dict[str, list[str]]:
    """The rollups of each Windows in order of release, from the first that contains all earlier ones."""
    listed: dict[str, list[str]] = defaultdict(list)
    with (shared_data / "windows-builds" / "windows_releases_vuls.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["os"] in PRODUCTS and row["track"] == "rollup" and row["kb"]:
                started = listed[row["os"]] or row["kb"] in FIRST
                if started and row["kb"] not in listed[row["os"]]:
                    listed[row["os"]].append(row["kb"])
    return listed


def judge_rollups(windows: Windows, shared_data: Path) -> Tally:
    """Each rollup as the only one that a machine lists, against each other one that fixes a CVE."""
    tally = Tally("Windows before 10", "order of rollups (vuls project), the judged KB held out")
    listed = rollups_of(shared_data)
    kbs = sorted({kb for order in listed.values() for kb in order})
    for fold in range(FOLDS):
        out = set(kbs[fold::FOLDS])
        fixes = windows.compiled(windows.without(out)).fixes
        for name, order in listed.items():
            _judge(windows.products[name], order, out, fixes, tally)
    return tally


def _judge(product: Product, order: list[str], out: set[str], fixes: Fixes, tally: Tally) -> None:
    published = fixes[product.id]
    security = {u.kb for u in published.updates if u.kind not in {Kind.PREVIEW_ROLLUP, Kind.SECURITY_ONLY}}
    judged = [(place, kb) for place, kb in enumerate(order) if kb in out and kb in security]
    for place, listed in enumerate(order):
        verdicts = _verdicts(product, listed, fixes)
        for other, kb in judged:
            told = f"{product.name}: KB{kb} on a machine that lists KB{listed}"
            tally.note(verdicts.get(kb), told, is_missing=other > place)


def _verdicts(product: Product, listed: str, fixes: Fixes) -> Mapping[str, Verdict]:
    evidence = Evidence(
        products=(Installed(product=product.id, software=product.software),),
        updates=UpdateList(installed=frozenset({listed}), complete=True),
        track=Track.ROLLUP,
    )
    (state,) = project(evidence, fixes)
    return {finding.kb: finding.verdict for finding in assess(state, fixes)}
