"""Many files are read alike in one process and in several, each for itself."""

import json
import os
import signal
import threading
from pathlib import Path

import pytest

from kbgap.catalogue import reading
from kbgap.catalogue.bounded import Limits
from kbgap.catalogue.files import Item, find
from kbgap.catalogue.reading import ReadDocument, ReadIndex, Result, Unreadable, read_item, read_items
from kbgap.core.errors import Invalid
from tests.catalogue.cvrf import cvrf_json, entry_json, fix_json, index_json, month


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two months, one of them in JSON, an index and a bad file between them."""
    (tmp_path / "2020-Feb.xml").write_text(month("2020-Feb", 3))
    (tmp_path / "2020-Mar.json").write_text(json.dumps(cvrf_json(entry_json(fix_json()))))
    (tmp_path / "bad.xml").write_text(month("2020-Apr", 3)[:500])
    (tmp_path / "index.json").write_text(index_json({"2020-Feb": "2020-02-11T08:00:00Z"}))
    (tmp_path / "swagger.json").write_text('{"openapi": "3.0.1"}')
    return tmp_path


def read(folder: Path, processes: int | None = None) -> list[Result]:
    """Read everything in a folder."""
    return list(read_items(find(folder, Limits()).items, Limits(), processes))


def test_each_file_is_told_for_what_it_is(folder: Path) -> None:
    """By its content: documents in either format, the index, and what is neither, with file and reason."""
    february, march, bad, index, swagger = read(folder)

    assert isinstance(february, ReadDocument)
    assert (february.document.id, february.format) == ("2020-Feb", "xml")
    assert isinstance(march, ReadDocument)
    assert (march.document.id, march.format) == ("2020-Mar", "json")
    assert isinstance(bad, Unreadable)
    assert bad.reason.startswith(f"{folder / 'bad.xml'}, line 1, column")
    assert isinstance(index, ReadIndex)
    assert index.index.documents == {"2020-Feb": "2020-02-11T08:00:00"}
    assert isinstance(swagger, Unreadable)
    assert "no CVRF document" in swagger.reason


def test_several_processes_give_the_same(folder: Path) -> None:
    """In the same order."""
    assert read(folder, processes=2) == read(folder, processes=1)


def test_processes_may_be_started_from_a_thread(folder: Path) -> None:
    """As a server does; forking there would copy locks that nobody opens again."""
    results: list[Result] = []
    thread = threading.Thread(target=lambda: results.extend(read(folder, processes=2)))

    thread.start()
    thread.join(60)

    assert results == read(folder, processes=1)


def _die(item: Item, limits: Limits) -> Result:
    if "bad" in item.path:
        os.kill(os.getpid(), signal.SIGKILL)
    return read_item(item, limits)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes cannot be killed like this here")
def test_where_a_process_dies_the_rest_is_read_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed for its memory, for instance; what it had not read is not lost."""
    expected = read(folder, processes=1)
    in_processes = reading._in_processes

    def dying(items: list[Item], limits: Limits, processes: int) -> object:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reading, "read_item", _die)
            yield from in_processes(items, limits, processes)

    monkeypatch.setattr(reading, "_in_processes", dying)

    assert read(folder, processes=2) == expected


def test_where_processes_cannot_be_started_files_are_read_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container without semaphores, for instance."""
    expected = read(folder, processes=1)

    def refused(*_: object, **__: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(reading, "ProcessPoolExecutor", refused)

    assert read(folder, processes=2) == expected


def test_all_files_together_have_a_budget(folder: Path) -> None:
    """Many files that are each within theirs can still be too much."""
    items = find(folder, Limits()).items

    with pytest.raises(Invalid, match="all documents together unpack to more than"):
        list(read_items(items, Limits(total=2_000)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not complete JSON"),
        ("   ", "not complete JSON"),
        ("KB4540673", "not complete JSON"),
        ("\ufeff \n<html/>", "the root element is html"),
    ],
)
def test_a_file_of_anything_is_refused_in_one_line(text: str, told: str, tmp_path: Path) -> None:
    """Blank, text or markup."""
    path = tmp_path / "a.xml"
    path.write_text(text)

    result = read_item(Item(path=str(path)), Limits())

    assert isinstance(result, Unreadable)
    assert told in result.reason
    assert "\n" not in result.reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["2020-Feb.xml", "2020-Mar.json"])
def test_format_and_encoding_are_told_by_content(name: str, encoding: str, folder: Path) -> None:
    """The end of the name does not matter, a byte-order mark does not disturb."""
    text = (folder / name).read_text()
    path = folder / "misnamed.xml"
    path.write_bytes(text.encode(encoding))

    result = read_item(Item(path=str(path)), Limits())

    assert isinstance(result, ReadDocument)
    assert result.document.id == name[:8]


def test_a_bomb_of_elements_is_refused(tmp_path: Path) -> None:
    """In both formats, before the objects fill the memory."""
    limits = Limits(marks=10_000)
    for name, text in (("a.xml", "<a>" * 20_000), ("a.json", "[" + "{}," * 20_000 + "{}]")):
        (tmp_path / name).write_text(text)

        result = read_item(Item(path=str(tmp_path / name)), limits)

        assert isinstance(result, Unreadable)
        assert "more than 10,000 elements" in result.reason
