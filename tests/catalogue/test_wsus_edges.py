"""Edges of a scan file count for a product only where they say something about it."""

import pytest

from kbgap.catalogue.records import Document, Entry, Remedy
from kbgap.catalogue.wsus import Scan
from kbgap.core.model import ByList, ByVersion, Kind, Proof
from kbgap.operations.refresh_catalogue import compile_documents
from tests.catalogue.scan_files import OFFICE_2016, SERVER_2012_R2, WINDOWS_7
from tests.catalogue.test_edges import a_scan, an_update

WINDOWS_10_GUID = "a3c2375d-0c8a-42f9-bce0-28333e198407"
SQL_2019_GUID = "97b8b817-fce1-44e4-ac26-61127d4604c0"
SEVEN = "Windows 7 for x64-based Systems Service Pack 1"
R2 = "Windows Server 2012 R2"
TEN = "Windows 10 Version 1909 for x64-based Systems"
DOTNET_ON_TEN = f"Microsoft .NET Framework 3.5 AND 4.8 on {TEN}"
EXCEL, OFFICE = "Microsoft Excel 2016 (64-bit edition)", "Microsoft Office 2016 (64-bit edition)"
SQL = "Microsoft SQL Server 2019 for x64-based Systems (GDR)"
NAMES = (SEVEN, R2, TEN, DOTNET_ON_TEN, EXCEL, OFFICE, SQL)
IDS = {name: str(90_001 + place) for place, name in enumerate(NAMES[:3])}
IDS |= {DOTNET_ON_TEN: f"9472-{IDS[TEN]}", EXCEL: "90010", OFFICE: "90011", SQL: "90012"}


def a_document(*fixes: tuple[str, str], supersedes: tuple[str, str] = ("", "")) -> Document:
    """One month in which each KB fixes a CVE of its own for one product; ``supersedes``: (newer, older)."""
    day = "2016-04-12"
    entries = []
    for place, (kb, product) in enumerate(fixes):
        older = (supersedes[1],) if kb == supersedes[0] else ()
        remedy = Remedy(
            kb=kb,
            kind=Kind.SECURITY,
            subtype="",
            url="",
            supersedes=older,
            fixed_build="",
            products=(IDS[product],),
        )
        entries.append(Entry(id=f"CVE-2016-{place:04}", title="A flaw", published=day, revised=day, remedies=(remedy,)))
    products: dict[str, tuple[str, ...]] = {IDS[name]: (name,) for name in NAMES}
    return Document(id="2016-Apr", title="April", initial=day, current=day, products=products, entries=tuple(entries))


def covered_by(kb: str, product: str, document: Document, *scans: Scan) -> frozenset[str]:
    """What is known to contain a KB of a product where the update list decides, without the table that we ship."""
    fixes = compile_documents([document], scans, supersedence={}).fixes[IDS[product]]
    (proof,) = [update.proof for update in fixes.updates if update.kb == kb]
    return listing_of(proof).covered_by


def listing_of(proof: Proof) -> ByList:
    """The part of a proof that reads the update list."""
    assert isinstance(proof, ByList | ByVersion)
    return proof.listing if isinstance(proof, ByVersion) else proof


def test_a_rollup_contains_an_update_from_before_there_were_rollups() -> None:
    """Microsoft's documents never say so: 3156013 of May 2016 and every rollup since."""
    scan = a_scan((an_update(2, "4012215", WINDOWS_7), an_update(1, "3156013", WINDOWS_7)))
    document = a_document(("3156013", SEVEN))

    assert covered_by("3156013", SEVEN, document) == frozenset()
    assert "4012215" in covered_by("3156013", SEVEN, document, scan)


def test_what_is_said_of_another_windows_proves_nothing() -> None:
    """One KB for several Windows is superseded on each by another one."""
    scan = a_scan((an_update(2, "4012213", SERVER_2012_R2), an_update(1, "3156013", SERVER_2012_R2)))
    document = a_document(("3156013", SEVEN), ("3156013", R2))

    assert covered_by("3156013", SEVEN, document, scan) == frozenset()
    assert covered_by("3156013", R2, document, scan) == {"4012213"}


def test_both_sources_make_one_chain() -> None:
    """Microsoft's document leads to a KB that the scan file leads on from."""
    scan = a_scan((an_update(2, "4012213", SERVER_2012_R2), an_update(1, "3168965", SERVER_2012_R2)))
    document = a_document(("3161664", R2), ("3168965", R2), supersedes=("3168965", "3161664"))

    assert covered_by("3161664", R2, document, scan) == {"3168965", "4012213"}


def test_on_later_windows_the_build_decides_whatever_the_file_says() -> None:
    """Semantics 3.3a: for Windows 10 the file decides nothing, though it lists its updates."""
    scan = a_scan((an_update(2, "4541335", WINDOWS_10_GUID), an_update(1, "4540673", WINDOWS_10_GUID)))
    document = a_document(("4540673", TEN))

    one, other = (compile_documents([document], scans).fixes[IDS[TEN]] for scans in ((), (scan,)))

    assert one == other


@pytest.mark.parametrize(("newer", "counts"), [("4552931", True), ("4540670", True), ("4499999", False)])
def test_dotnet_on_later_windows_needs_a_newer_kb_of_its_own(newer: str, counts: bool) -> None:
    """One for the same product, or one that no document names; a KB of other software proves nothing."""
    scan = a_scan((an_update(2, newer, WINDOWS_10_GUID), an_update(1, "4532938", WINDOWS_10_GUID)))
    document = a_document(("4532938", DOTNET_ON_TEN), ("4552931", DOTNET_ON_TEN), ("4499999", EXCEL))

    without = covered_by("4532938", DOTNET_ON_TEN, document)
    assert (newer in covered_by("4532938", DOTNET_ON_TEN, document, scan) - without) is (
        counts and newer not in without
    )


def test_office_kbs_count_for_every_application_that_names_them() -> None:
    """4486670 is named for Excel, and its successor for Office alone: it is the same package."""
    scan = a_scan((an_update(2, "5002635", OFFICE_2016), an_update(1, "4486670", OFFICE_2016)))
    document = a_document(("4486670", EXCEL), ("5002635", OFFICE))

    assert covered_by("4486670", EXCEL, document, scan) == {"5002635"}


def test_a_program_told_by_version_needs_a_newer_kb_of_its_own_branch() -> None:
    """Of two instances of SQL Server, one may be on another branch: its KB says nothing about this one."""
    scan = a_scan((an_update(2, "5046860", SQL_2019_GUID), an_update(1, "5046859", SQL_2019_GUID)))
    own = a_scan((an_update(3, "5063757", SQL_2019_GUID), an_update(1, "5046859", SQL_2019_GUID)))
    document = a_document(("5046859", SQL), ("5063757", SQL))

    assert covered_by("5046859", SQL, document, scan) == frozenset()
    assert covered_by("5046859", SQL, document, own) == {"5063757"}


def test_every_edge_is_kept_with_its_source_and_day() -> None:
    """Also where it decides nothing: what Microsoft says of a KB is shown."""
    scan = a_scan((an_update(2, "4541335", WINDOWS_10_GUID), an_update(1, "4540673", WINDOWS_10_GUID)))

    update = compile_documents([a_document(("4540673", TEN))], [scan]).updates["4540673"]

    assert [(edge.kb, edge.source, edge.day) for edge in update.scanned] == [("4541335", "wsusscn2", "2025-02-11")]
    assert update.superseded_by == ()
