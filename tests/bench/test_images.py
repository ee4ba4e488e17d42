"""The fleet of the large benchmarks is the same every time, and as varied as it says."""

from pathlib import Path

from bench.images import PROGRAMS, bodies
from kbgap.catalogue.file import CatalogueFile, write_catalogue
from kbgap.inventory.decode import decode_reports
from kbgap.inventory.report import Report
from kbgap.operations.demo_facts import demo_documents
from kbgap.operations.refresh_catalogue import compile_documents


def _lists(catalogue: CatalogueFile, first: int, last: int) -> list[frozenset[tuple[str, str | None]]]:
    """The programs of each machine."""
    reports = [one for body in bodies(catalogue, first, last, 64) for one in decode_reports(body)]
    found = [report for report in reports if isinstance(report, Report)]
    assert len(found) == last - first
    return [frozenset((program.name, program.version) for program in report.software or ()) for report in found]


def test_a_fleet_grows_by_further_machines(tmp_path: Path) -> None:
    """Those that it had before stay as they were, and images are shared."""
    with CatalogueFile(write_catalogue(compile_documents(demo_documents()), tmp_path)) as catalogue:
        whole = _lists(catalogue, 0, 400)
        rest = _lists(catalogue, 100, 400)

    assert rest == whole[100:]
    assert all(len(programs) >= PROGRAMS for programs in whole)
    assert 20 <= len(set(whole)) <= 200
