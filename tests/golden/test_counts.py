"""The numbers that people know: how many CVEs an update closes, for a software and a machine."""

from pathlib import Path

import pytest

from kbgap.catalogue.file import CatalogueFile, write_catalogue
from kbgap.catalogue.offers import read_path
from kbgap.operations.refresh_catalogue import compile_documents
from tests.golden.judged import Said, a_report, said_of

W10_1903 = "Windows 10 Version 1903 for x64-based Systems"
W10_1909 = "Windows 10 Version 1909 for x64-based Systems"
W10_20H2 = "Windows 10 Version 20H2 for x64-based Systems"
MARCH_2020 = ["2020-03-10", "2020-03-13", "2020-03-23", "2020-04-04"]


def row(catalogue: CatalogueFile, name: str, build: str, kb: str) -> int:
    """The ``cveAddressed`` of a KB that a machine misses."""
    said = said_of(a_report(name, build, complete=False), catalogue)
    assert isinstance(said, Said)
    return said.rows[kb]


def as_published(shared_data: Path, folder: Path, march: str, august: str) -> CatalogueFile:
    """A catalogue of the documents of 2020-Mar and 2019-Aug as they were published on two days."""
    revisions = shared_data / "msrc-cvrf" / "revisions"
    names = (f"2020-Mar@{march}.xml.zst", f"2019-Aug@{august}.xml.zst")
    documents = [read_path(revisions / name).documents[0] for name in names]
    return CatalogueFile(write_catalogue(compile_documents(documents), folder))


def test_edge_misses_14_cves_with_4540673(real_catalogue: CatalogueFile) -> None:
    """The sample row of Defender's documentation: 14, on data of any day."""
    assert len(real_catalogue.update("4540673").software["edge"]) == 14


@pytest.mark.parametrize("march", MARCH_2020)
def test_a_machine_of_spring_2020_misses_97_cves_with_4540673(shared_data: Path, tmp_path: Path, march: str) -> None:
    """79 of Windows, 14 of Edge and 6 of Internet Explorer, two of which are the same: 97 on 1909, and 96 on 1903."""
    with as_published(shared_data, tmp_path, march, "2021-01-02") as catalogue:
        software = catalogue.update("4540673").software

        assert (len(software["windows_10"]), len(software["edge"]), len(software["internet_explorer"])) == (79, 14, 6)
        assert row(catalogue, W10_1909, "10.0.18363.657", "4540673") == 97
        assert row(catalogue, W10_1903, "10.0.18362.657", "4540673") == 96


def test_three_of_them_come_from_an_older_document(shared_data: Path, tmp_path: Path) -> None:
    """The August 2019 document named 4540673 only after it was published again: without that, 94."""
    with as_published(shared_data, tmp_path, "2020-03-23", "2019-09-01") as catalogue:
        assert row(catalogue, W10_1909, "10.0.18363.657", "4540673") == 94


def test_counts_follow_the_documents_of_the_day(real_catalogue: CatalogueFile) -> None:
    """CVE-2020-0762 and -0763 left 4540673 in June 2020: 95 distinct CVEs today, and 97 only as a sum of pairs."""
    software = real_catalogue.update("4540673").software

    assert row(real_catalogue, W10_1909, "10.0.18363.657", "4540673") == 95
    assert [len(software[name]) for name in ("windows_10", "edge", "internet_explorer")] == [77, 14, 6]


def test_a_count_spans_documents(real_catalogue: CatalogueFile) -> None:
    """5066836 closes 79 CVEs from four documents, and is named after the one in which it closes most."""
    update = real_catalogue.update("5066836")

    assert len({cve for cves in update.software.values() for cve in cves}) == 79
    assert update.name == "October 2025 Security Updates"
    assert real_catalogue.update("4540673").name == "March 2020 Security Updates"


def test_20h2_misses_26_cves_with_5005033(real_catalogue: CatalogueFile) -> None:
    """24 of August 2021 and two of the July document."""
    assert row(real_catalogue, W10_20H2, "10.0.19042.1110", "5005033") == 26
