"""Every row of the table of accuracy: which labels score which family, and what judges there."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.overrides import load_overrides
from kbgap.catalogue.records import Document
from kbgap.operations.refresh_catalogue import compile_documents
from tests.accuracy.chains import SAME, judge_chains
from tests.accuracy.contained import judge_contained
from tests.accuracy.cumulative import FAMILY, Orders, judge_orders
from tests.accuracy.dotnet import judge_dotnet
from tests.accuracy.orders import LINES
from tests.accuracy.programs import judge_exchange, judge_sql
from tests.accuracy.rollups import PRODUCTS, judge_rollups
from tests.accuracy.tally import Tally
from tests.fleet import World
from tests.golden.conftest import world_of
from tests.golden.scan_truth import february
from tests.golden.test_release_pairs import (
    FOLDS,
    Score,
    Windows,
    all_kbs,
    public_table,
    score,
    states_of,
    truth_of,
    windows_of,
)

EDGE = "Edge (EdgeHTML)"
HELD_OUT = "public table of releases (vuls project), the judged KB held out, no row corrected"
Progress = Callable[[str], None]


def judge_families(
    documents: tuple[Document, ...], catalogue: CatalogueFile, shared_data: Path, progress: Progress
) -> tuple[list[Tally], Orders]:
    """All rows, and what is to be told of the labels of cumulative updates."""
    overrides = load_overrides()
    corrected = world_of(documents, overrides)
    raw = world_of(documents, msgspec.structs.replace(overrides, fixed_builds=(), wrong_products=()), {})
    fixes = {published.product: published for published in catalogue.all_fixes()}
    progress("Windows by its build, against independent labels")
    orders = judge_orders(windows_of(corrected, LINES), windows_of(raw, LINES), fixes, shared_data)
    tallies = list(orders.tallies)
    for family, component in ((FAMILY, ""), (EDGE, "edgehtml")):
        progress(f"{family}, held out")
        tallies.append(_held_out(family, windows_of(raw, component=component), shared_data))
    progress("Windows before 10, held out")
    tallies.append(judge_rollups(windows_of(corrected, PRODUCTS), shared_data))
    progress("SQL Server and Exchange")
    tallies += _programs(raw, documents, shared_data)
    progress("supersedence of WSUS")
    tallies += judge_contained(documents, catalogue, shared_data, fixes)
    tallies += _with_scan(documents, catalogue, shared_data)
    tallies.append(judge_dotnet(catalogue, shared_data))
    return tallies, orders


def _with_scan(documents: tuple[Document, ...], catalogue: CatalogueFile, shared_data: Path) -> list[Tally]:
    """What the same families come to once the scan file is read: it proves only that nothing was lost on the way."""
    with tempfile.TemporaryDirectory(prefix="kbgap-accuracy-") as folder:
        compiled = compile_documents(documents, [february(shared_data, Path(folder))])
    return judge_chains(compiled.products, compiled.fixes, catalogue.lines, shared_data, SAME)


def _programs(raw: World, documents: tuple[Document, ...], shared_data: Path) -> list[Tally]:
    compiled = raw.compiled()
    return [judge_sql(compiled, shared_data), judge_exchange(compiled, documents, shared_data)]


def _held_out(family: str, windows: Windows, shared_data: Path) -> Tally:
    rows = list(public_table(shared_data))
    truth, states, kbs, found = truth_of(rows), states_of(rows), all_kbs(windows), Score()
    for fold in range(FOLDS):
        out = set(kbs[fold::FOLDS])
        score(found, windows, windows.compiled(windows.without(out)), states, truth, out)
    return _tally(family, HELD_OUT, found)


def _tally(family: str, labels: str, score: Score) -> Tally:
    tally = Tally(family, labels, wrong=list(score.wrong))
    for (outcome, is_missing), times in score.labelled.items():
        answer = {"called missing": "missing", "unknown": "unknown", "silent": "nothing"}.get(outcome, "there")
        if outcome == "right":
            answer = "missing" if is_missing else "there"
        tally.count(answer, "", is_missing=is_missing and outcome != "closed by another", times=times)
    return tally
