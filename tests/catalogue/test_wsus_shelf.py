"""What a scan file said is kept for later refreshes."""

from pathlib import Path

import msgspec
import pytest
import zstandard

from kbgap.catalogue.wsus_shelf import ScanShelf
from kbgap.core.errors import Unavailable
from tests.catalogue.test_edges import a_scan, an_update

SCAN = a_scan((an_update(2, "4012215"), an_update(1, "3156013")))


def test_scans_come_back_as_they_were_kept(tmp_path: Path) -> None:
    """By day; the same file again is one scan."""
    shelf = ScanShelf(tmp_path / "scans")
    older = msgspec.structs.replace(SCAN, day="2017-03-14")

    assert shelf.scans() == ()
    for scan in (SCAN, older, SCAN):
        shelf.keep(scan)

    assert shelf.scans() == (older, SCAN)


WHOLE = zstandard.compress(msgspec.msgpack.encode({"format": 1, "scan": SCAN}))


@pytest.mark.parametrize(
    "body",
    [
        WHOLE[: len(WHOLE) // 2],
        b"",
        b"not packed",
        zstandard.compress(b"\x93"),
        zstandard.compress(msgspec.msgpack.encode({"format": 99, "scan": SCAN})),
    ],
    ids=["cut", "empty", "unpacked", "broken", "another version"],
)
def test_a_broken_scan_is_named_with_what_mends_it(body: bytes, tmp_path: Path) -> None:
    """Without it machines would be told to install what they have, so it is not passed by."""
    shelf = ScanShelf(tmp_path)
    shelf.keep(SCAN)
    (path,) = tmp_path.iterdir()
    path.write_bytes(body)

    with pytest.raises(Unavailable) as error:
        shelf.scans()

    assert error.value.where == str(path)
    assert error.value.mend.startswith("delete it")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """One line, and nothing half written."""
    (tmp_path / "scans").write_text("a file")

    with pytest.raises(Unavailable, match="cannot be kept"):
        ScanShelf(tmp_path / "scans").keep(SCAN)
