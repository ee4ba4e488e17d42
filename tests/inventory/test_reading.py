"""Whatever people give is read in the order given: files, folders, packed or plain, text or JSON."""

import gzip
import io
import os
from pathlib import Path

import pytest
import zstandard

from kbgap.core.errors import Invalid
from kbgap.inventory.decode import Limits
from kbgap.inventory.reading import Input, read_inputs
from kbgap.inventory.unite import Read
from tests.inventory.samples import LANGUAGES, systeminfo

GOOD = b'{"schema":"kbgap.report/1","os":{"name":"Windows 10","build":"10.0.18363.657"}}'
RUSSIAN = systeminfo(LANGUAGES["Russian"], ["5012117"], host="WS-18").encode("cp866")


def read(*paths: Path | str, stdin: bytes | None = None, limits: Limits | None = None) -> list[Input]:
    """Everything that the paths come to."""
    stream = io.BytesIO(stdin) if stdin is not None else None
    return list(read_inputs([str(path) for path in paths], stream, limits=limits or Limits()))


def names(inputs: list[Input]) -> list[str]:
    """What was read, by the system's name; errors by their sentence."""
    return [item.report.os.name if isinstance(item, Read) else item.what for item in inputs]


def written(folder: Path, **contents: bytes) -> list[Path]:
    """Files with these contents; in names two underscores stand for the dot."""
    paths = [folder / name.replace("__", ".") for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.write_bytes(content)
    return paths


def test_inputs_come_in_the_order_given(tmp_path: Path) -> None:
    """Text, JSON and bad files in between, each in its place."""
    one, two, three = written(tmp_path, b__txt=RUSSIAN, a__json=GOOD, c__txt=b"hello\n")

    found = read(one, three, two)

    assert names(found) == ["Майкрософт Windows 10 Pro", "this is in no known format", "Windows 10"]
    assert [item.where for item in found] == [str(one), str(three), str(two)]


def test_a_folder_gives_all_files_below_it(tmp_path: Path) -> None:
    """In the order of their names, hidden ones left out."""
    (tmp_path / "sub").mkdir()
    written(tmp_path, a__json=GOOD, z__json=GOOD.replace(b"10", b"11", 1))
    written(tmp_path / "sub", b__txt=RUSSIAN)
    (tmp_path / ".hidden").write_bytes(b"oops")

    assert names(read(tmp_path)) == ["Windows 10", "Майкрософт Windows 10 Pro", "Windows 11"]


def test_a_folder_that_links_to_itself_is_read_once(tmp_path: Path) -> None:
    """Links may form circles."""
    (tmp_path / "sub").mkdir()
    written(tmp_path / "sub", a__json=GOOD)
    (tmp_path / "sub" / "again").symlink_to(tmp_path)

    assert names(read(tmp_path)) == ["Windows 10"]


def test_files_of_one_machine_come_in_the_place_of_the_first(tmp_path: Path) -> None:
    """What lies between keeps its place."""
    first, between, last = written(
        tmp_path, ws_qfe__txt=b"HotFixID\nKB5021088\n", other__json=GOOD, ws_systeminfo__txt=RUSSIAN
    )

    found = read(first, between, last)

    assert names(found) == ["Майкрософт Windows 10 Pro", "Windows 10"]
    assert isinstance(found[0], Read)
    assert [update.kb for update in found[0].report.installed_updates or ()] == ["5012117", "5021088"]


@pytest.mark.parametrize("content", [GOOD, RUSSIAN], ids=["json", "text"])
@pytest.mark.parametrize("packed", [lambda b: b, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("is_stdin", [False, True])
def test_packing_and_the_standard_input_do_not_matter(
    tmp_path: Path, content: bytes, packed: object, is_stdin: bool
) -> None:
    """The first bytes tell how a file is packed, not its name."""
    assert callable(packed)
    data = packed(content)
    [path] = written(tmp_path, a__bin=data)

    [found] = read("-", stdin=data) if is_stdin else read(path)

    assert isinstance(found, Read)
    assert found.where == ("standard input" if is_stdin else str(path))


@pytest.mark.parametrize("is_stdin", [False, True])
def test_a_file_of_many_reports_is_read_line_by_line(tmp_path: Path, is_stdin: bool) -> None:
    """Its size does not matter; a bad line is named and skipped."""
    data = b"\n".join([GOOD, b"{oops", b"", GOOD, GOOD[:-1] + b',"x":"' + b"x" * 999 + b'"}', GOOD])
    [path] = written(tmp_path, fleet__ndjson=gzip.compress(data))

    found = read("-", stdin=data, limits=Limits(item=500)) if is_stdin else read(path, limits=Limits(item=500))

    assert [type(item) for item in found] == [Read, Invalid, Read, Invalid, Read]
    assert found[1].where.endswith(" line 2")
    assert found[2].where.endswith(" line 4")
    assert found[3].where.endswith(" line 5")


def test_an_array_and_an_indented_report_are_read_whole(tmp_path: Path) -> None:
    """Not every line of JSON is a report."""
    array, indented = written(tmp_path, a__json=b"[\n" + GOOD + b",\n5\n]", b__json=b"{\n" + GOOD[1:-1] + b"\n}\n")

    assert [type(item) for item in read(array, indented)] == [Read, Invalid, Read]


def test_a_packed_file_that_is_cut_keeps_what_came_before(tmp_path: Path) -> None:
    """The reports before the cut are read, and the cut is said."""
    lines = b"".join(GOOD.replace(b"657", str(100_000 + at).encode()) + b"\n" for at in range(9_999))
    [path] = written(tmp_path, fleet__ndjson=gzip.compress(lines)[:-20])

    found = read(path)

    assert len(found) > 5_000
    assert all(isinstance(item, Read) for item in found[:-1])
    assert "ends too early" in str(found[-1])
    assert found[-1].where == str(path)


def test_what_cannot_be_read_is_one_clear_line_each(tmp_path: Path) -> None:
    """Absent, empty, binary, a pipe, an impossible name: the others are still read."""
    empty, binary, good = written(tmp_path, a__txt=b"", b__exe=b"MZ\0\1\2\3" * 99, c__json=GOOD)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "folder").mkdir()
    bad: list[Path | str] = [tmp_path / "absent", empty, binary, pipe, tmp_path / "folder", "x" * 999, "a\0b", "-"]

    found = read(*bad, good)

    assert len(found) == len(bad) + 1
    assert isinstance(found[-1], Read)
    for path, item in zip(bad, found[:-1], strict=True):
        assert isinstance(item, Invalid), path
        assert item.what
        assert item.mend
        assert "\n" not in str(item)


def test_the_captured_folder_gives_one_machine_for_each_stem(shared_data: Path) -> None:
    """Every captured machine is read once, united with its lists, complete unless nothing completes its cut list."""
    inputs = read(shared_data / "systeminfo")

    machines = [item for item in inputs if isinstance(item, Read)]
    assert [Path(item.where).name.split()[0] for item in inputs if isinstance(item, Invalid)] == [
        "LICENSE-wesng.txt",
        "expected.json",
    ]
    stems = {path.name.rpartition("_")[0] for path in (shared_data / "systeminfo").glob("*_systeminfo.txt")}
    assert {Path(item.where).name.rpartition("_")[0] for item in machines} == stems
    assert len(machines) == len(stems)
    cut = [item for item in machines if not (item.report.update_list and item.report.update_list.complete)]
    assert [Path(item.where).name for item in cut] == ["7_sp1_x64_ultimaten_de_systeminfo.txt"]
