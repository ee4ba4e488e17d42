"""Every row of the table of accuracy: which labels score which family, and what judges there."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.overrides import load_overrides
from kbgap.catalogue.records import Document
from kbgap.core.model import Release
from kbgap.operations.refresh_catalogue import compile_documents
from tests.accuracy.chains import SAME, judge_chains
from tests.accuracy.dotnet import judge_dotnet
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
    dated_lists,
    public_table,
    score,
    states_of,
    truth_of,
    windows_of,
)

CUMULATIVE = "Windows 10, 11 and Server"
EDGE = "Edge (EdgeHTML)"
HELD_OUT = "public table of releases (vuls project), the judged KB held out, no row corrected"
OTHER_TABLE = "dated lists of another author, judged by the public table alone"
Progress = Callable[[str], None]


def judge_families(
    documents: tuple[Document, ...], catalogue: CatalogueFile, shared_data: Path, progress: Progress
) -> list[Tally]:
    """All rows, in the order in which they are shown."""
    overrides = load_overrides()
    corrected = world_of(documents, overrides)
    raw = world_of(documents, msgspec.structs.replace(overrides, fixed_builds=(), wrong_products=()), {})
    progress("Windows by its build, one table against the other")
    windows = windows_of(corrected)
    tallies = [_by_other_table(windows, shared_data)]
    for family, component in ((CUMULATIVE, ""), (EDGE, "edgehtml")):
        progress(f"{family}, held out")
        tallies.append(_held_out(family, windows_of(raw, component=component), shared_data))
    progress("Windows before 10, held out")
    tallies.append(judge_rollups(windows_of(corrected, PRODUCTS), shared_data))
    progress("SQL Server and Exchange")
    tallies += _programs(raw, documents, shared_data)
    progress("supersedence of WSUS")
    fixes = {published.product: published for published in catalogue.all_fixes()}
    tallies += judge_chains(catalogue.products, fixes, catalogue.lines, shared_data)
    tallies += _with_scan(documents, catalogue, shared_data)
    tallies.append(judge_dotnet(catalogue, shared_data))
    return tallies


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


def _by_other_table(windows: Windows, shared_data: Path) -> Tally:
    releases: dict[str, dict[Release, None]] = {}
    for line, build, kb in public_table(shared_data):
        releases.setdefault(line, {})[Release(kb=kb, kind="cumulative", build=build)] = None
    lines = {
        key: msgspec.structs.replace(line, releases=tuple(releases.get(key, ())))
        for key, line in windows.world.lines.items()
    }
    rows, found = list(dated_lists(shared_data)), Score()
    score(found, windows, windows.compiled(lines), states_of(rows), truth_of(rows), set(all_kbs(windows)))
    return _tally(CUMULATIVE, OTHER_TABLE, found)


def _tally(family: str, labels: str, score: Score) -> Tally:
    tally = Tally(family, labels, wrong=list(score.wrong))
    for (outcome, is_missing), times in score.labelled.items():
        answer = {"called missing": "missing", "unknown": "unknown", "silent": "nothing"}.get(outcome, "there")
        if outcome == "right":
            answer = "missing" if is_missing else "there"
        tally.count(answer, "", is_missing=is_missing and outcome != "closed by another", times=times)
    return tally
