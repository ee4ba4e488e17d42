"""``kbgap inventory import``: files, folders and streams, packed or plain, again and again."""

import gzip
import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from kbgap.inventory.report import encode_report
from tests.builders import a_report
from tests.cli.conftest import Run


def lines(*names: str) -> bytes:
    """Reports of machines with these names, one a line."""
    return b"".join(encode_report(a_report(name)) + b"\n" for name in names)


def imported(run: Run, *paths: str) -> tuple[int, dict[str, int]]:
    """The exit code, and how many reports were accepted, unchanged and rejected."""
    outcome = run("inventory", "import", *paths, "--format", "json")
    (row,) = json.loads(outcome.out)
    return outcome.code, row


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_stream_of_reports_is_taken_packed_or_plain(
    run: Run, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    """From the standard input, as another program writes it."""
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(pack(lines("a", "b", "c")))))
    monkeypatch.setattr(sys, "stdin", stdin)

    assert imported(run, "-") == (0, {"accepted": 3, "unchanged": 0, "rejected": 0})


def test_a_folder_gives_all_its_files_whatever_their_packing(run: Run, tmp_path: Path) -> None:
    """Below it too, and one bad file loses nobody else."""
    folder = tmp_path / "fleet"
    (folder / "berlin").mkdir(parents=True)
    (folder / "one.ndjson.gz").write_bytes(gzip.compress(lines("a", "b")))
    (folder / "berlin" / "two.ndjson.zst").write_bytes(zstandard.ZstdCompressor().compress(lines("c")))
    (folder / "berlin" / "note.txt").write_text("see you at eight\n")

    assert imported(run, str(folder)) == (2, {"accepted": 3, "unchanged": 0, "rejected": 1})


def test_an_import_that_broke_off_is_repeated_whole(run: Run, tmp_path: Path) -> None:
    """What had come is unchanged, whatever order it comes in; the rest is taken."""
    file = tmp_path / "fleet.ndjson"
    file.write_bytes(lines("a", "b"))
    imported(run, str(file))
    file.write_bytes(lines("c", "b", "a"))

    assert imported(run, str(file)) == (0, {"accepted": 1, "unchanged": 2, "rejected": 0})


def test_older_reports_of_an_archive_change_nothing(run: Run, tmp_path: Path) -> None:
    """The files of many days in one folder give what each machine said last."""
    for name, day, ubr in (("1", 9, 719), ("2", 1, 418)):
        told = a_report("ws-1", ubr=ubr, at=datetime(2020, 3, day, tzinfo=UTC))
        (tmp_path / f"{name}.ndjson").write_bytes(encode_report(told) + b"\n")

    files = [str(tmp_path / "1.ndjson"), str(tmp_path / "2.ndjson")]

    assert imported(run, *files) == (0, {"accepted": 1, "unchanged": 1, "rejected": 0})
    missing = json.loads(run("missing", "--machine", "ws-1", "--format", "json").out)
    assert [row["id"] for row in missing] == ["4551762"]


def test_progress_is_for_terminals_only(run: Run, tmp_path: Path) -> None:
    """A log of another program does not fill with it."""
    file = tmp_path / "fleet.ndjson"
    file.write_bytes(lines("a"))

    outcome = run("inventory", "import", str(file))

    assert "\r" not in outcome.err
    assert "reports" not in outcome.err
