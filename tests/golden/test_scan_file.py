"""What the offline scan file changes on real machines, each change held against Microsoft's own pairs."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kbgap.catalogue.compile import Compiled
from kbgap.catalogue.edges import join_scans, load_scan_products
from kbgap.catalogue.file import CatalogueFile, write_catalogue
from kbgap.catalogue.records import Document
from kbgap.catalogue.wsus import Scan
from kbgap.core.model import ByList, ByVersion
from kbgap.core.supersedence import newer_by_older, superseding
from kbgap.core.verdicts import IsCovered, IsMissing, ListedSuperseding
from kbgap.inventory.report import Report
from tests.golden.judged import Said, a_report, said_of
from tests.golden.peer_cases import Case, Runner
from tests.golden.scan_truth import lines
from tests.golden.test_systeminfo_hosts import HOSTS, day_of, report_of

PATCHED = {
    "Windows 7, January 2020": ("Microsoft Windows 7 Professional", "6.1.7601", "4534310"),
    "Windows 7, May 2017": ("Microsoft Windows 7 Professional", "6.1.7601", "4019264"),
    "Server 2008 R2, January 2023": ("Microsoft Windows Server 2008 R2 Standard", "6.1.7601", "5022338"),
    "Windows 8.1, January 2023": ("Microsoft Windows 8.1 Pro", "6.3.9600", "5022352"),
    "Server 2012, January 2025": ("Microsoft Windows Server 2012 Standard", "6.2.9200", "5050004"),
    "Server 2012 R2, January 2025": ("Microsoft Windows Server 2012 R2 Standard", "6.3.9600", "5050048"),
    "Server 2008, January 2025": ("Microsoft Windows Server 2008 Standard Service Pack 2", "6.0.6003", "5050063"),
}
# How many KBs each of them is at least no longer told to install.
GONE = {
    "Windows 7, January 2020": 14,
    "Windows 7, May 2017": 11,
    "Server 2008 R2, January 2023": 15,
    "Windows 8.1, January 2023": 31,
    "Server 2012, January 2025": 17,
    "Server 2012 R2, January 2025": 34,
    "Server 2008, January 2025": 113,
}

Pairs = frozenset[tuple[str, str]]


@pytest.fixture(scope="module")
def known_pairs(shared_data: Path) -> Pairs:
    """(newer, older) of 20 scan files, as another project joined them, each within its own file."""
    rows = csv.reader(lines(shared_data / "wsusscn2" / "kb_supersededby-2023-11_2025-02.csv.zst"))
    return frozenset((newer, older) for older, newer in rows)


@pytest.fixture(scope="module")
def scanned_catalogue(scanned: Compiled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CatalogueFile]:
    """The real catalogue, compiled with that scan file instead of our table."""
    with CatalogueFile(write_catalogue(scanned, tmp_path_factory.mktemp("catalogue"))) as catalogue:
        yield catalogue


@pytest.fixture(scope="module")
def lone_catalogue(alone: Compiled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CatalogueFile]:
    """The documents alone: without the scan file, and without our table."""
    with CatalogueFile(write_catalogue(alone, tmp_path_factory.mktemp("alone"))) as catalogue:
        yield catalogue


@pytest.fixture(scope="module")
def reports(shared_data: Path) -> dict[str, tuple[Report, str | None]]:
    """Captured hosts with the day of their capture, and machines whose list holds one rollup alone."""
    folder = shared_data / "systeminfo"
    expected: dict[str, dict[str, Any]] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["files"]
    found = {host: (report_of(folder, expected, host), day_of(host)) for host in HOSTS}
    return found | {
        label: (a_report(name, build, [kb], architecture="x64"), None) for label, (name, build, kb) in PATCHED.items()
    }


def both(report: tuple[Report, str | None], alone: CatalogueFile, scanned: CatalogueFile) -> tuple[Said, Said]:
    """What is said of a machine without the scan file and with it."""
    without, with_it = (said_of(report[0], catalogue, report[1]) for catalogue in (alone, scanned))
    assert isinstance(without, Said)
    assert isinstance(with_it, Said)
    return without, with_it


def test_edges_are_those_that_another_project_found(scan: Scan, known_pairs: Pairs) -> None:
    """Of 52,586 pairs three are ours alone: there the KB in the title names the update, and the other a page."""
    edges = join_scans([scan], load_scan_products())

    found = {(edge.newer, older) for older, newer in edges.items() for edge in newer}

    assert len(found) == 52_586
    assert found - known_pairs == {("4014605", "2656405"), ("4014605", "2804576"), ("4014585", "3035488")}


@pytest.mark.parametrize("machine", [*PATCHED, *HOSTS])
def test_the_scan_file_only_ever_takes_away_what_it_proves(
    machine: str,
    reports: dict[str, tuple[Report, str | None]],
    lone_catalogue: CatalogueFile,
    scanned_catalogue: CatalogueFile,
    known_pairs: Pairs,
) -> None:
    """Nothing becomes missing or unknown; what is covered now is so because Microsoft's pairs lead to a listed KB."""
    before, after = both(reports[machine], lone_catalogue, scanned_catalogue)

    gone = before.missing - after.missing
    print(f"{machine}: {len(before.missing)} missing, {len(gone)} of them not with the file;", end=" ")
    print(f"{len(before.install)} to install, {len(after.install)} with the file")
    assert after.missing <= before.missing
    assert after.unknown <= before.unknown
    assert len(gone) >= GONE.get(machine, 0)
    listed, known = after.evidence.updates.installed, known_without(before)
    for software in after.findings:
        unproven = before.missing_for(software) - after.missing_for(software)
        for finding in after.findings[software]:
            if finding.kb in unproven and isinstance(finding.verdict, IsCovered):
                older = finding.verdict.by or finding.kb
                assert isinstance(finding.verdict.evidence, ListedSuperseding)
                assert contained(older, listed, known_pairs, known), f"KB{finding.kb}: {finding.verdict}"
                unproven -= {finding.kb}
        assert not unproven, f"{software}: {sorted(unproven)} are not said to be covered"


def known_without(said: Said) -> dict[str, frozenset[str]]:
    """For each KB what stands for it in an update list without the scan file."""
    known: dict[str, frozenset[str]] = {}
    for fixes in said.fixes.values():
        for update in fixes.updates:
            match update.proof:
                case ByList(covered_by=covered_by, children=children):
                    stands = covered_by | children
                case ByVersion(listing=listing):
                    stands = listing.covered_by | listing.children
                case _:
                    stands = frozenset()
            known[update.kb] = known.get(update.kb, frozenset()) | stands
    return known


def contained(older: str, listed: frozenset[str], pairs: Pairs, known: dict[str, frozenset[str]]) -> bool:
    """Whether Microsoft's pairs, and what is known without them, lead from a KB to a listed one."""
    without = {(newer, kb) for kb, stands in known.items() for newer in stands}
    return not listed.isdisjoint(superseding(older, newer_by_older(pairs | without)))


@pytest.mark.parametrize("host", [host for host in HOSTS if day_of(host) or host.startswith(("10", "11", "srv"))])
def test_from_windows_10_on_nothing_changes(
    host: str,
    reports: dict[str, tuple[Report, str | None]],
    lone_catalogue: CatalogueFile,
    scanned_catalogue: CatalogueFile,
) -> None:
    """The build decides there, and what Windows Update offered on those hosts is met as before."""
    before, after = both(reports[host], lone_catalogue, scanned_catalogue)

    assert (before.missing, before.unknown, before.install) == (after.missing, after.unknown, after.install)


def test_what_windows_7_still_misses_is_what_microsoft_never_replaced(
    reports: dict[str, tuple[Report, str | None]],
    lone_catalogue: CatalogueFile,
    scanned_catalogue: CatalogueFile,
    known_pairs: Pairs,
) -> None:
    """3108664 and its like of January 2016 are contained in nothing, and Windows Update offers them to this day."""
    _, after = both(reports["Windows 7, January 2020"], lone_catalogue, scanned_catalogue)

    old = {
        finding.kb
        for finding in after.findings["windows_7"]
        if isinstance(finding.verdict, IsMissing) and finding.kb < "4000000"
    }
    print(", ".join(sorted(old)))
    assert {"3108664", "3109560", "3110329"} <= old
    assert not {kb for kb in old if ("4534310", kb) in known_pairs}


# --- cases of other projects ------------------------------------------------------------------------------------------

CASES_ABOUT_MACHINES = {"scenario", "wua_oracle", "kb_twin", "bulletin_patched", "supersedence_expand", "detect"}


@pytest.mark.timeout(300)
def test_no_case_of_another_project_is_answered_worse(
    shared_data: Path,
    real_documents: tuple[Document, ...],
    lone_catalogue: CatalogueFile,
    scanned_catalogue: CatalogueFile,
    tmp_path: Path,
) -> None:
    """Machines, Windows Update's own answers and twins: whatever is right without the scan file is right with it."""
    cases: list[Case] = json.loads((shared_data / "peer_cases.json").read_text(encoding="utf-8"))["cases"]
    asked = [case for case in cases if case["kind"] in CASES_ABOUT_MACHINES]

    wrong, wrong_with = (
        {case["id"] for case in asked if runner.run(case).wrong}
        for runner in (
            Runner(catalogue, real_documents, tmp_path / name)
            for name, catalogue in (("without", lone_catalogue), ("with", scanned_catalogue))
        )
    )

    print(f"{len(asked)} cases; wrong without {sorted(wrong)}, with {sorted(wrong_with)}")
    assert wrong_with <= wrong


SERVER_2008_R2 = "Windows Server 2008 R2 for x64-based Systems Service Pack 1"


@pytest.mark.parametrize(
    ("older", "newer", "product"),
    [
        ("4074587", "4074598", SERVER_2008_R2),
        ("4074587", "4075211", SERVER_2008_R2),
        ("4074598", "4075211", SERVER_2008_R2),
        ("4012204", "4012215", "Internet Explorer 11 on Windows 7 for x64-based Systems Service Pack 1"),
    ],
    ids=["security-only in rollup", "security-only in preview", "rollup in preview", "Internet Explorer in rollup"],
)
def test_rollups_contain_the_other_tracks_of_their_month(
    older: str, newer: str, product: str, scanned_catalogue: CatalogueFile
) -> None:
    """What another project makes of titles, kbgap knows from documents, the release table and the scan file."""
    assert newer in covered_by(scanned_catalogue, older, product)


def test_a_rollup_of_another_windows_contains_nothing_here(scanned_catalogue: CatalogueFile) -> None:
    """The project's own example has 4074594 for Server 2008 R2, but Microsoft's titles have it for 8.1 and 2012 R2."""
    assert "4074594" not in covered_by(scanned_catalogue, "4074598", SERVER_2008_R2)
    assert "4074594" not in covered_by(scanned_catalogue, "4074587", SERVER_2008_R2)


def covered_by(catalogue: CatalogueFile, kb: str, product: str) -> frozenset[str]:
    """Every KB that contains this one on the product."""
    item = catalogue.index.by_name(product)
    assert item is not None
    fixes = catalogue.fixes(item.id)
    assert fixes is not None
    (proof,) = [update.proof for update in fixes.updates if update.kb == kb]
    assert isinstance(proof, ByList)
    return proof.covered_by
