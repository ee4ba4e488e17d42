"""Every case of other projects that concerns Windows, its components or their updates is answered as it should be.

``differences.toml`` lists the cases that kbgap answers otherwise on purpose, each with its reason; a case that is wrong
and not listed there fails, and so does an entry there that is no longer needed.
"""

import json
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.records import Document
from tests.golden.peer_cases import Case, Runner

# Kinds that are about judging or the catalogue, and how many cases each has: none is left out silently. Kinds about
# reading and naming are tested where that is done (tests/inventory, tests/core).
KINDS = {
    "scenario": 44,
    "kernel_version_kbs": 7,
    "wua_oracle": 2,
    "month_analysis": 3,
    "kb_twin": 79,
    "kb_cve_count": 54,
    "catalogue_errata": 51,
    "fixed_build_normalise": 12,
    "fixed_build_compare": 11,
    "supersedence_expand": 9,
    "supersedence_forward": 5,
    "bulletin_patched": 3,
    "kb_filter_by_os": 3,
    "detect": 4,
}
ELSEWHERE = {
    "cross_track_supersedence": "edges are made from titles of the update catalogue, which kbgap does not read",
    "derive_supersedes": "edges between updates of the offline scan file, which kbgap turns round as it reads them",
    "kb_verdict_policy": "judged by another tool's list of what is missing",
    "kb_constraint": "a model in which advisories list the patch levels that are vulnerable",
    "cve_verdict": "judged by another tool's list of what is missing, or about software without a KB",
    "verdict": "Office is not judged yet",
    "supersedence_parse": "tested where documents are read",
}


@pytest.fixture(scope="module")
def peer_cases(shared_data: Path) -> list[Case]:
    """All cases of the data set."""
    cases: list[Case] = json.loads((shared_data / "peer_cases.json").read_text(encoding="utf-8"))["cases"]
    return cases


@pytest.fixture(scope="module")
def runner(
    real_catalogue: CatalogueFile, real_documents: tuple[Document, ...], tmp_path_factory: pytest.TempPathFactory
) -> Runner:
    """Runs them all."""
    return Runner(real_catalogue, real_documents, tmp_path_factory.mktemp("catalogues"))


@pytest.mark.timeout(300)
def test_every_case_is_answered_as_it_should_be(peer_cases: list[Case], runner: Runner) -> None:
    """A wrong answer needs a reason that has been thought through, and an unneeded reason goes."""
    reasons = {entry["id"]: entry["reason"] for entry in _differences()}
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    wrong: dict[str, str] = {}
    for case in (case for case in peer_cases if case["kind"] in KINDS):
        outcome = runner.run(case)
        counts[case["kind"]]["not run" if outcome.not_run else "wrong" if outcome.wrong else "right"] += 1
        if outcome.wrong:
            wrong[case["id"]] = f"{case['case']}: {'; '.join(outcome.wrong)}"
        elif outcome.not_run:
            counts[case["kind"]][outcome.not_run] += 1
    for kind, count in counts.items():
        print(f"{kind:>22}: {dict(count)}")
    for label, told in sorted(wrong.items()):
        print(f"  {label}: {told}\n      because {reasons.get(label, 'NOBODY KNOWS')}")

    assert {label: told for label, told in wrong.items() if label not in reasons} == {}
    assert sorted(reasons.keys() - wrong.keys()) == []


def test_no_kind_of_case_is_left_out_silently(peer_cases: list[Case]) -> None:
    """A kind or a case that is added to the data set asks for an answer here."""
    mine = Counter(case["kind"] for case in peer_cases if case["kind"] in KINDS)
    judged_here = ("scenario", "verdict", "kb_", "supersedence", "fixed_build", "detect", "cve_", "month", "wua")
    kinds = {case["kind"] for case in peer_cases if case["kind"].startswith(judged_here)}

    assert mine == KINDS
    assert kinds - KINDS.keys() - ELSEWHERE.keys() == {"kb_id_parse", "kb_id_valid"}


def _differences() -> list[dict[str, str]]:
    text = (Path(__file__).parent / "differences.toml").read_text(encoding="utf-8")
    entries: list[dict[str, str]] = tomllib.loads(text).get("difference", [])
    return entries
