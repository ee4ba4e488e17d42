"""Files are found in folders and archives, and opened no further than a budget."""

import gzip
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from kbgap.catalogue.bounded import Limits
from kbgap.catalogue.files import Item, find, open_item
from kbgap.core.errors import Invalid, NotFound
from tests.catalogue.cvrf import cvrf_xml

SMALL = cvrf_xml().encode()


def names(path: Path, limits: Limits | None = None) -> list[str]:
    """What is found at a place, by name within it."""
    return [item.where.removeprefix(str(path)).lstrip("/: ") for item in find(path, limits or Limits()).items]


def content(path: Path, limits: Limits | None = None) -> bytes:
    """The unpacked content of the one file found at a place."""
    (item,) = find(path, limits or Limits()).items
    with open_item(item, limits or Limits()) as reader:
        return reader.read()


def test_a_folder_is_searched_with_all_its_folders(tmp_path: Path) -> None:
    """XML and JSON in any letter case, plain or packed; everything else is counted."""
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    for name in ("a.xml", "b.JSON", "deep/c.xml.zst", "deep/deeper/d.json.gz", "README.md", "deep/e.csv", "f.xml.bz2"):
        (tmp_path / name).write_bytes(b"")

    listing = find(tmp_path, Limits())

    assert names(tmp_path) == ["a.xml", "b.JSON", "deep/c.xml.zst", "deep/deeper/d.json.gz"]
    assert listing.ignored == 3
    assert listing.refused == ()


def test_an_archive_is_a_folder_too(tmp_path: Path) -> None:
    """Alone or in a folder; its members need not be unpacked."""
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("2020/march.xml", SMALL)
        archive.writestr("notes.txt", b"")

    assert names(tmp_path / "all.zip") == ["2020/march.xml"]
    assert names(tmp_path) == ["all.zip: 2020/march.xml"]
    assert content(tmp_path) == SMALL


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.xml", bytes), ("a.xml.gz", gzip.compress), ("a.xml.zst", zstandard.ZstdCompressor().compress)],
)
def test_packed_files_are_unpacked_as_they_are_read(name: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """By the end of their name."""
    (tmp_path / name).write_bytes(pack(SMALL))

    assert content(tmp_path) == SMALL


def test_a_zst_file_of_several_frames_is_read_to_its_end(tmp_path: Path) -> None:
    """Two packed files joined are one, as the zstd tool has it."""
    pack = zstandard.ZstdCompressor().compress
    (tmp_path / "a.xml.zst").write_bytes(pack(SMALL[:100]) + pack(SMALL[100:]))

    assert content(tmp_path) == SMALL


@pytest.mark.parametrize("name", ["/etc/a.xml", "../a.xml", "a/../../b.xml", "..\\a.xml", "C:\\a.xml"])
def test_a_member_outside_its_archive_is_refused(name: str, tmp_path: Path) -> None:
    """Nothing is unpacked to disk, but such an archive wants something; its other members are kept."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), SMALL)
        archive.writestr("good.xml", SMALL)

    listing = find(tmp_path, Limits())

    assert [item.member for item in listing.items] == ["good.xml"]
    assert "outside its archive" in str(listing.refused[0])


def test_a_broken_archive_costs_only_itself(tmp_path: Path) -> None:
    """The files beside it are found."""
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 no")
    (tmp_path / "good.xml").write_bytes(SMALL)

    listing = find(tmp_path, Limits())

    assert [Path(item.path).name for item in listing.items] == ["good.xml"]
    assert "not a readable zip" in str(listing.refused[0])


def test_a_bomb_stops_at_the_budget(tmp_path: Path) -> None:
    """A file of a few kilobytes that unpacks to a hundred times the budget is refused when the budget is reached."""
    limits = Limits(document=1 << 20)
    bomb = b"<" + b" " * (100 << 20)
    (tmp_path / "a.xml.zst").write_bytes(zstandard.ZstdCompressor().compress(bomb))

    with pytest.raises(Invalid, match="larger than 1 MiB when unpacked"):
        content(tmp_path, limits)


def test_a_zip_bomb_stops_at_the_budget(tmp_path: Path) -> None:
    """Whatever the archive says of its members' sizes."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", b" " * (20 << 20))

    with pytest.raises(Invalid, match="larger than 1 MiB when unpacked"):
        content(tmp_path, Limits(document=1 << 20))


def test_elements_are_counted_while_reading(tmp_path: Path) -> None:
    """A megabyte of <a/> is a hundred megabytes of objects."""
    (tmp_path / "a.xml").write_bytes(b"<a/>" * 2_000)
    item = Item(path=str(tmp_path / "a.xml"))

    with open_item(item, Limits(marks=1_000)) as reader:
        reader.count(b"<")
        with pytest.raises(Invalid, match="more than 1,000 elements"):
            reader.read()


def test_a_window_that_asks_for_gigabytes_is_refused(tmp_path: Path) -> None:
    """A frame may not make the reader keep more than zstd's own long mode does."""
    parameters = zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters)
    with (tmp_path / "a.xml.zst").open("wb") as file, packer.stream_writer(file) as writer:
        writer.write(SMALL)

    with pytest.raises(Invalid, match="cannot be unpacked"):
        content(tmp_path)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xml.gz", gzip.compress(SMALL)[:-20]),
        ("a.xml.gz", b"no gzip"),
        ("a.xml.gz", gzip.compress(SMALL)[:30] + b"\0" * 90),
        ("a.xml.zst", b"no zstd"),
        ("a.xml.zst", b""),
    ],
)
def test_a_damaged_packed_file_is_refused_or_empty(name: str, data: bytes, tmp_path: Path) -> None:
    """Never an error of the unpacking library."""
    (tmp_path / name).write_bytes(data)

    try:
        assert content(tmp_path) == b""
    except Invalid as refusal:
        assert refusal.where == str(tmp_path / name)  # noqa: PT017 - either of two answers is right


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    """It cannot be read without a password, and there is none to ask for."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.xml", SMALL)
    data = bytearray(path.read_bytes())
    for header, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(header) + offset] |= 1
    path.write_bytes(data)

    with pytest.raises(Invalid, match="cannot be opened"):
        content(path)


def test_a_member_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    """A damaged archive tells so when the member is read."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.xml", SMALL)
    path.write_bytes(path.read_bytes().replace(b"March 2020", b"April 2020"))

    with pytest.raises(Invalid, match="cannot be unpacked"):
        content(path)


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    """A whole disk given by mistake is not searched to its end."""
    for number in range(4):
        (tmp_path / f"{number}.xml").write_bytes(b"")

    with pytest.raises(Invalid, match="more than 3 files"):
        find(tmp_path, Limits(files=3))


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    """Nor an archive of millions."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(4):
            archive.writestr(f"{number}.xml", b"")

    assert "more than 3 members" in str(find(tmp_path / "a.zip", Limits(files=3)).refused[0])


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    """No such file, a folder without a document, and a file of another kind."""
    (tmp_path / "notes.txt").write_bytes(b"")

    with pytest.raises(NotFound, match="no such file or folder"):
        find(tmp_path / "nowhere", Limits())
    for path in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(Invalid, match="no document here"):
            find(path, Limits())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    """Reading it would wait for ever."""
    os.mkfifo(tmp_path / "a.xml")
    (tmp_path / "b.xml").write_bytes(SMALL)

    assert names(tmp_path) == ["b.xml"]


def test_a_link_to_nowhere_is_told(tmp_path: Path) -> None:
    """And the file beside it is found."""
    (tmp_path / "a.xml").symlink_to(tmp_path / "gone.xml")
    (tmp_path / "b.xml").write_bytes(SMALL)

    listing = find(tmp_path, Limits())

    assert [Path(item.path).name for item in listing.items] == ["b.xml"]
    assert "cannot be read" in str(listing.refused[0])


def test_a_file_that_went_away_is_refused(tmp_path: Path) -> None:
    """Between listing and reading."""
    with (
        pytest.raises(Invalid, match="cannot be opened"),
        open_item(Item(path=str(tmp_path / "a.xml")), Limits()),
    ):
        pass


def test_the_digest_is_that_of_the_unpacked_content(tmp_path: Path) -> None:
    """So that a document is the same however it is packed."""
    (tmp_path / "a.xml").write_bytes(SMALL)
    (tmp_path / "b.xml.gz").write_bytes(gzip.compress(SMALL))
    digests = set()

    for item in find(tmp_path, Limits()).items:
        with open_item(item, Limits()) as reader:
            reader.read()
            digests.add((reader.sha256, reader.size))

    assert len(digests) == 1
