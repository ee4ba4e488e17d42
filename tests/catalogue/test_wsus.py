"""The offline scan file is read into updates by GUID and who supersedes whom; what is bad in it is told in one line."""

from pathlib import Path

import pytest

from kbgap.catalogue.bounded import Limits
from kbgap.catalogue.wsus import Scan, read_scan
from kbgap.core.errors import Invalid, KbgapError, NotFound
from tests.catalogue.cab import LZX, MSZIP
from tests.catalogue.scan_files import WINDOWS_7, Listed, ScanFile, guid
from tests.catalogue.test_cabinets import NEEDS_CABEXTRACT

OLD = Listed(revision=7, kb="3177186", superseded_by=(900,))
NEW = Listed(revision=900, kb="4012215")


def written(folder: Path, file: ScanFile, method: int = MSZIP) -> Path:
    """The scan file on disk."""
    path = folder / "wsusscn2.cab"
    path.write_bytes(file.made(method))
    return path


def scanned(folder: Path, file: ScanFile, method: int = MSZIP) -> Scan:
    """What is read of it."""
    return read_scan(written(folder, file, method))


def pairs(scan: Scan) -> set[tuple[str, str]]:
    """The edges by KB, newer first; an update without a KB by its GUID."""
    names = [update.kb or update.id for update in scan.updates]
    return {(names[newer], names[older]) for newer, older in scan.edges}


def refusal(path: Path, limits: Limits | None = None) -> str:
    """The one line that reading it ends with."""
    with pytest.raises(KbgapError) as error:
        read_scan(path, limits) if limits else read_scan(path)
    assert "\n" not in str(error.value)
    return error.value.what


@pytest.mark.parametrize("method", [0, MSZIP, pytest.param(LZX, marks=NEEDS_CABEXTRACT)])
def test_revisions_become_guids_with_kbs(method: int, tmp_path: Path) -> None:
    """Over several inner cabinets, however they are packed."""
    scan = scanned(tmp_path, ScanFile([OLD, NEW], starts=(0, 100)), method)

    assert scan.day == "2025-02-11"
    assert [(update.id, update.kb, update.products) for update in scan.updates] == [
        (guid(7), "3177186", (WINDOWS_7,)),
        (guid(900), "4012215", (WINDOWS_7,)),
    ]
    assert pairs(scan) == {("4012215", "3177186")}
    assert scan.oddities == ()


def test_what_an_update_supersedes_by_guid_counts_too(tmp_path: Path) -> None:
    """Also an update that the file no longer holds: another month's file may know its KB."""
    scan = scanned(tmp_path, ScanFile([Listed(revision=900, kb="4012215", supersedes=(guid(7).upper(), guid(8)))]))

    assert pairs(scan) == {("4012215", guid(7)), ("4012215", guid(8))}


def test_parts_of_bundles_are_left_out(tmp_path: Path) -> None:
    """A part that is superseded says nothing about the rest of its bundle."""
    part = Listed(revision=8, superseded_by=(900,), bundled_by=(7,))

    scan = scanned(tmp_path, ScanFile([Listed(revision=7, kb="3177186"), part, NEW]))

    assert pairs(scan) == set()
    assert guid(8) not in {update.id for update in scan.updates}


def test_the_kb_in_the_title_goes_before_the_other(tmp_path: Path) -> None:
    """4014583 is the page about several updates of .NET, of which each has a KB of its own in its title."""
    title = "May, 2017 Security and Quality Rollup for .NET Framework 4 on WES09 and POSReady 2009 (KB4014605)"

    scan = scanned(tmp_path, ScanFile([Listed(revision=7, kb="4014583", title=title)]))

    assert [(update.kb, update.titled) for update in scan.updates] == [("4014605", True)]


@pytest.mark.parametrize(
    ("title", "kb", "titled"),
    [
        ("Security Update for Windows 8.1 (KB2965161) without KB2919355", "2965161", True),
        ("Security Update for Microsoft Excel 2016 (KB5002695) 32-Bit Edition", "5002695", True),
        ("Visual Studio 2022 version 17.2.22 update", "5007364", False),
        ("", "5007364", False),
    ],
)
def test_titles_name_a_kb_in_brackets(title: str, kb: str, titled: bool, tmp_path: Path) -> None:
    """Another KB in the title does not count, and a title without one leaves the article's."""
    scan = scanned(tmp_path, ScanFile([Listed(revision=7, kb="5007364", title=title)]))

    assert [(update.kb, update.titled) for update in scan.updates] == [(kb, titled)]


def test_a_fragment_counts_only_in_the_cabinet_of_its_range(tmp_path: Path) -> None:
    """The revision lies in the cabinet with the largest start not above it; elsewhere the number means nothing."""
    stray = {"x/900": b"<ExtendedProperties><KBArticleID>9999999</KBArticleID></ExtendedProperties>"}

    scan = scanned(tmp_path, ScanFile([OLD, NEW], starts=(0, 100), replaced=stray))

    assert pairs(scan) == {("4012215", "3177186")}


def test_revisions_that_are_not_there_are_counted(tmp_path: Path) -> None:
    """No edge is made up for them."""
    scan = scanned(tmp_path, ScanFile([Listed(revision=7, kb="3177186", superseded_by=(900, 12345))]))

    assert scan.unresolved == 2
    assert pairs(scan) == set()


@pytest.mark.parametrize(
    ("fragment", "noted"),
    [
        (b"", False),
        (b"<ExtendedProperties><KBArticleID>none</KBArticleID></ExtendedProperties>", False),
        (b'<?xml version="1.0"?><a/>', False),
        (b"<ExtendedProperties>", True),
        (b"</fragment><!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", True),
        (b"\xff\xfe<\x00a\x00/\x00>\x00", True),
        (b"<a>" * 100_000, True),
    ],
    ids=["empty", "no number", "declared", "cut", "entities", "wrong encoding", "nested"],
)
def test_a_bad_fragment_leaves_its_neighbours(fragment: bytes, noted: bool, tmp_path: Path) -> None:
    """One update loses its article, with a note where it cannot be read; the title's KB and the others stay."""
    scan = scanned(tmp_path, ScanFile([OLD, NEW], replaced={"x/7": fragment}))

    assert pairs(scan) == {("4012215", "3177186")}
    assert [oddity.where.endswith(": package2.cab: x/7") for oddity in scan.oddities] == [True] * noted


def test_a_superseded_update_that_is_no_guid_is_noted(tmp_path: Path) -> None:
    """What the other parts say of the update stays."""
    core = b"<Relationships><SupersededUpdates><UpdateIdentity UpdateID='7' /></SupersededUpdates></Relationships>"

    scan = scanned(tmp_path, ScanFile([OLD, NEW], replaced={"c/900": core}))

    assert pairs(scan) == {("4012215", "3177186")}
    assert [oddity.text for oddity in scan.oddities] == ["names a superseded update that is no GUID"]


def test_updates_without_readable_ids_are_noted(tmp_path: Path) -> None:
    """A revision that is no number, a GUID that is none, and a revision that comes twice."""
    package = ScanFile([OLD, NEW]).package()
    broken = package.replace(
        b"</Updates>",
        b'<Update RevisionId="x" UpdateId="00000000-0000-4000-8000-000000000001"/>'
        b'<Update RevisionId="8" UpdateId="no"/>'
        b'<Update RevisionId="7" UpdateId="00000000-0000-4000-8000-000000000002"/></Updates>',
    )

    scan = scanned(tmp_path, ScanFile([OLD, NEW], replaced={"package.xml": broken}))

    assert pairs(scan) == {("4012215", "3177186")}
    assert len(scan.oddities) == 3


@pytest.mark.parametrize(
    ("package", "told"),
    [
        (b"<OfflineSyncPackage><Updates>", "not complete XML: no element found"),
        (b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "XML with a DOCTYPE is refused"),
        (b"<OfflineSyncPackage/>", "there are no updates in it"),
        (b"\x89PNG", "not complete XML: not well-formed (invalid token)"),
        (b"<a>" * 10_000, "one entry is nested too deeply or too large"),
        (b"<a>" + b"<b/>" * 600_000, "one entry is nested too deeply or too large"),
    ],
    ids=["cut", "entities", "empty", "another kind", "nested", "huge"],
)
def test_a_bad_list_of_updates_is_refused(package: bytes, told: str, tmp_path: Path) -> None:
    """Without it nothing in the file can be told apart."""
    assert refusal(written(tmp_path, ScanFile([OLD], replaced={"package.xml": package}))) == told


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("index.xml", "this is not an offline scan file: it holds no index.xml"),
        ("package.cab", "this is not an offline scan file: it holds no package.cab with package.xml"),
        ("package3.cab", "the file lacks package3.cab, which its index names"),
    ],
)
def test_a_scan_file_without_one_of_its_parts_is_refused(part: str, told: str, tmp_path: Path) -> None:
    """Half a file would say less than the last one."""
    assert refusal(written(tmp_path, ScanFile([OLD, NEW], starts=(0, 100), replaced={part: None}))) == told


def test_a_bad_inner_cabinet_is_named(tmp_path: Path) -> None:
    """By its place in the file, not by a temporary one."""
    path = written(tmp_path, ScanFile([OLD, NEW], replaced={"package2.cab": b"MSCF no more than this"}))

    with pytest.raises(Invalid) as error:
        read_scan(path)

    assert str(error.value) == f"{path}: package2.cab: the cabinet is cut; fetch it again"


def test_budgets_hold_for_inner_cabinets_too(tmp_path: Path) -> None:
    """A small file that unpacks to a large one."""
    path = written(tmp_path, ScanFile([OLD], replaced={"package.xml": bytes(3 << 20)}))

    assert refusal(path, Limits(document=1 << 20)) == "larger than 1 MiB when unpacked"


def test_a_place_without_a_file_is_told(tmp_path: Path) -> None:
    """Nothing there, or a folder."""
    with pytest.raises(NotFound, match="no such file"):
        read_scan(tmp_path / "wsusscn2.cab")
    with pytest.raises(NotFound, match="this is a folder"):
        read_scan(tmp_path)


@pytest.mark.shared_data
def test_another_projects_sample_is_read(shared_data: Path) -> None:
    """A cabinet of the real layout, of which another project tests the same reading."""
    scan = read_scan(shared_data / "wsusscn2" / "mini-wsusscn2.cab")

    known = {update.kb for update in scan.updates if update.kb}
    assert known == {"3019978", "4577066", "2922229"}
    assert {pair for pair in pairs(scan) if set(pair) <= known} == {("4577066", "3019978"), ("2922229", "4577066")}
    assert len(scan.edges) == 200
    assert scan.day == "2023-04-06"
