"""Kept documents survive crashes and damage, and become current all in one step."""

from pathlib import Path

import pytest

from kbgap.catalogue.bounded import Limits
from kbgap.catalogue.cache import Addition, Cache, Kept, Validators
from kbgap.catalogue.files import Item, open_item
from kbgap.catalogue.guard import facts_of
from kbgap.catalogue.reading import ReadDocument, read_item
from kbgap.core.errors import Unavailable
from tests.catalogue.cvrf import month


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache in a folder that does not exist yet."""
    return Cache(tmp_path / "data" / "documents")


def addition(folder: Path, id: str = "2020-Mar", entries: int = 3, *, etag: str = "") -> Addition:
    """A document in a file of its own, ready to be kept."""
    path = folder / f"{id}-{entries}.xml"
    path.write_text(month(id, entries))
    result = read_item(Item(path=str(path)), Limits())
    assert isinstance(result, ReadDocument)
    return Addition(
        item=result.item,
        facts=facts_of(result.document),
        format=result.format,
        sha256=result.sha256,
        validators=Validators(etag=etag),
    )


def content(cache: Cache, kept: Kept) -> str:
    """A kept document as it was served."""
    with open_item(cache.item(kept), Limits()) as reader:
        return reader.read().decode()


def files(cache: Cache) -> list[str]:
    """What lies in the folder."""
    return sorted(path.name for path in cache.folder.iterdir())


def test_a_kept_document_is_given_back_as_it_was_served(cache: Cache, tmp_path: Path) -> None:
    """With its facts, its digest and what to ask the service again by; on disk it is packed."""
    new = addition(tmp_path, etag='"1"')

    cache.add([new], Limits())

    kept = Cache(cache.folder).documents()["2020-mar"]
    assert content(cache, kept) == month("2020-Mar", 3)
    assert (kept.facts, kept.sha256, kept.validators.etag) == (new.facts, new.sha256, '"1"')
    assert files(cache) == [f"2020-mar-{new.sha256[:16]}.xml.zst", "manifest.json"]


def test_a_later_revision_takes_the_place_of_the_earlier(cache: Cache, tmp_path: Path) -> None:
    """Also when its id is spelled another way; other documents stay."""
    cache.add([addition(tmp_path, "2018-FEB"), addition(tmp_path, "2018-Mar")], Limits())

    cache.add([addition(tmp_path, "2018-Feb", 4)], Limits())

    documents = cache.documents()
    assert {id: one.facts.entries for id, one in documents.items()} == {"2018-feb": 4, "2018-mar": 3}
    assert len(files(cache)) == 3


def test_keeping_the_same_document_again_keeps_its_file(cache: Cache, tmp_path: Path) -> None:
    """Its name is its content's, so it must not be deleted as the old one."""
    for _ in range(2):
        cache.add([addition(tmp_path)], Limits())

    assert cache.has(cache.documents()["2020-mar"])


def test_a_crash_before_the_manifest_leaves_the_old_documents(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was written by then."""
    cache.add([addition(tmp_path, entries=3)], Limits())
    replace = Path.replace

    def crash(self: Path, target: Path) -> Path:
        if target.name == "manifest.json":
            raise KeyboardInterrupt
        return replace(self, target)

    new = addition(tmp_path, entries=4)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            cache.add([new], Limits())

    (kept,) = cache.documents().values()
    assert (kept.facts.entries, content(cache, kept)) == (3, month("2020-Mar", 3))
    assert not list(cache.folder.glob(".incoming*"))


def test_a_full_disk_is_told(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the old documents stay."""
    cache.add([addition(tmp_path, entries=3)], Limits())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    new = addition(tmp_path, entries=4)

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(Unavailable, match="documents cannot be kept: No space left"):
            cache.add([new], Limits())

    (kept,) = cache.documents().values()
    assert kept.facts.entries == 3


def test_a_file_that_changed_since_it_was_read_is_not_kept(cache: Cache, tmp_path: Path) -> None:
    """What is kept must be what the guard saw."""
    new = addition(tmp_path)
    Path(new.item.path).write_text(month("2020-Mar", 1))

    with pytest.raises(Unavailable, match="changed while it was read"):
        cache.add([new], Limits())

    assert cache.documents() == {}


def test_a_forgotten_document_is_gone_and_the_others_stay(cache: Cache, tmp_path: Path) -> None:
    """Because its file is damaged: it will be fetched again."""
    cache.add([addition(tmp_path, "2020-Mar"), addition(tmp_path, "2020-Apr")], Limits())

    cache.forget(["2020-MAR"])

    assert list(cache.documents()) == ["2020-apr"]
    assert len(files(cache)) == 2


def test_an_empty_cache_has_nothing(cache: Cache) -> None:
    """A folder that does not exist is no error."""
    cache.add([], Limits())
    cache.forget([])

    assert cache.documents() == {}


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"format": 1, "documents": [{}]}', "\udcff", '{"format": 2}'])
def test_a_broken_manifest_is_told_with_its_remedy(manifest: str, cache: Cache) -> None:
    """It is never taken for an empty one: then the guard would have nothing to compare with."""
    cache.folder.mkdir(parents=True)
    (cache.folder / "manifest.json").write_bytes(manifest.encode("utf-8", "surrogateescape"))

    with pytest.raises(Unavailable, match=r"delete the folder .* and run: kbgap catalogue refresh"):
        cache.documents()


def test_a_manifest_cannot_lead_out_of_its_folder(cache: Cache, tmp_path: Path) -> None:
    """Only the last part of a file name counts."""
    cache.add([addition(tmp_path)], Limits())
    path = cache.folder / "manifest.json"
    path.write_text(path.read_text().replace('"2020-mar-', '"../../2020-mar-'))

    assert Path(cache.item(cache.documents()["2020-mar"]).path).parent == cache.folder


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Here a file is in its place."""
    (tmp_path / "documents").write_text("")

    with pytest.raises(Unavailable, match="the folder cannot be written"), Cache(tmp_path / "documents").incoming():
        pass
