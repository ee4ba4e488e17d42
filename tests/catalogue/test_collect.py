"""A refresh takes what is new and good, keeps the last good document of everything else, and tells what it refused."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from kbgap.catalogue.cache import Cache
from kbgap.catalogue.collect import Collected, collect
from kbgap.catalogue.guard import Cause, facts_of
from kbgap.catalogue.records import Document
from kbgap.catalogue.source import Patience, Service
from kbgap.core.errors import Invalid, NotFound, Unavailable
from tests.catalogue.cvrf import index_json, month
from tests.catalogue.feed import DOCUMENT, INDEX, Feed, cut, saying, serving

MARCH, APRIL = f"{DOCUMENT}2020-Mar", f"{DOCUMENT}2020-Apr"


@pytest.fixture
def feed() -> Iterator[Feed]:
    """A service with two documents."""
    with serving(Feed()) as running:
        running.put("2020-Mar", month("2020-Mar", 30, kbs=9))
        running.put("2020-Apr", month("2020-Apr", 20))
        yield running


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache."""
    return Cache(tmp_path / "documents")


def refresh(feed: Feed, cache: Cache, *, accept_shrink: bool = False) -> Collected:
    """Ask the service, without waiting."""
    service = Service(feed.url, patience=Patience(timeout=5, tries=2), sleep=lambda _: None, proxies={})
    return collect(service, cache, accept_shrink=accept_shrink)


def sizes(collected: Collected) -> dict[str, int]:
    """The documents at hand, with their entries."""
    return {document.id: len(document.entries) for document in collected.documents}


def causes(collected: Collected) -> dict[str, Cause]:
    """What was refused."""
    return {refusal.id: refusal.cause for refusal in collected.refused}


def test_the_first_refresh_fetches_everything(feed: Feed, cache: Cache) -> None:
    """And keeps it."""
    collected = refresh(feed, cache)

    assert sizes(collected) == {"2020-Mar": 30, "2020-Apr": 20}
    assert (set(collected.fresh), collected.unchanged, collected.refused) == ({"2020-Mar", "2020-Apr"}, (), ())
    assert list(cache.documents()) == ["2020-apr", "2020-mar"]
    assert not list(cache.folder.glob(".incoming*"))


def test_the_next_refresh_fetches_only_what_has_another_date(feed: Feed, cache: Cache) -> None:
    """The others are given from the cache."""
    refresh(feed, cache)
    feed.put("2020-Apr", month("2020-Apr", 21, current="2020-05-01T07:00:00Z"), current="2020-05-01T07:00:00Z")
    feed.asked.clear()

    collected = refresh(feed, cache)

    assert feed.paths() == [INDEX, APRIL]
    assert sizes(collected) == {"2020-Mar": 30, "2020-Apr": 21}
    assert (collected.fresh, collected.unchanged) == (("2020-Apr",), ("2020-Mar",))


def test_a_document_that_did_not_change_is_not_sent_again(feed: Feed, cache: Cache) -> None:
    """The index names a later date, the service answers 304."""
    refresh(feed, cache)
    feed.index = index_json({"2020-Mar": "2021-01-01T00:00:00Z", "2020-Apr": "2020-03-12T07:00:00Z"}).encode()

    collected = refresh(feed, cache)

    assert collected.fresh == ()
    assert set(collected.unchanged) == {"2020-Mar", "2020-Apr"}
    assert sizes(collected) == {"2020-Mar": 30, "2020-Apr": 20}


def test_a_month_that_vanishes_from_the_index_is_kept(feed: Feed, cache: Cache) -> None:
    """And told."""
    refresh(feed, cache)
    del feed.documents["2020-Mar"]

    collected = refresh(feed, cache)

    assert sizes(collected) == {"2020-Mar": 30, "2020-Apr": 20}
    assert causes(collected) == {"2020-Mar": Cause.VANISHED}
    assert (collected.lost, collected.lacking) == ((), ())


def test_a_document_that_shrinks_is_refused_until_it_recovers(feed: Feed, cache: Cache) -> None:
    """The old one stays meanwhile, and the next refresh asks again."""
    refresh(feed, cache)
    feed.put("2020-Mar", month("2020-Mar", 20, kbs=9, current="2020-04-01T00:00:00Z"), current="2020-04-01T00:00:00Z")
    shrunken = refresh(feed, cache)
    feed.put("2020-Mar", month("2020-Mar", 31, kbs=9, current="2020-04-02T00:00:00Z"), current="2020-04-02T00:00:00Z")

    recovered = refresh(feed, cache)

    assert (sizes(shrunken)["2020-Mar"], causes(shrunken)) == (30, {"2020-Mar": Cause.SHRUNKEN})
    assert (sizes(recovered)["2020-Mar"], causes(recovered)) == (31, {})


def test_a_person_may_accept_what_shrank(feed: Feed, cache: Cache) -> None:
    """Then it is the last good one."""
    refresh(feed, cache)
    feed.put("2020-Mar", month("2020-Mar", 20, kbs=9, current="2020-04-01T00:00:00Z"), current="2020-04-01T00:00:00Z")

    accepted = refresh(feed, cache, accept_shrink=True)
    after = refresh(feed, cache)

    assert sizes(accepted)["2020-Mar"] == sizes(after)["2020-Mar"] == 20
    assert causes(after) == {}


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (saying(404), Cause.UNREACHABLE),
        (saying(200, b"<html>busy</html>"), Cause.UNREADABLE),
        (saying(200, month("2020-Mar", 30).encode()[:900]), Cause.UNREADABLE),
        (saying(200, month("2020-Jan", 1).encode()), Cause.UNREADABLE),
        (saying(200, index_json({"2020-Mar": ""}).encode()), Cause.UNREADABLE),
    ],
    ids=["missing", "error page", "cut", "another month", "an index"],
)
def test_a_bad_answer_costs_one_document_only(answer: object, cause: Cause, feed: Feed, cache: Cache) -> None:
    """The last good one of it stays, the others are taken, and the reason names it, not a file of ours."""
    refresh(feed, cache)
    for id in ("2020-Mar", "2020-Apr"):
        feed.put(id, month(id, 40, kbs=9, current="2020-05-01T00:00:00Z"), current="2020-05-01T00:00:00Z")
    feed.fail(MARCH, answer)  # type: ignore[arg-type] # pytest's parameters have no type of their own

    collected = refresh(feed, cache)

    assert sizes(collected) == {"2020-Mar": 30, "2020-Apr": 40}
    assert causes(collected) == {"2020-Mar": cause}
    assert "2020-Mar" in collected.refused[0].reason
    assert str(cache.folder) not in collected.refused[0].reason


def test_a_service_that_breaks_off_leaves_what_there_is(feed: Feed, cache: Cache) -> None:
    """What came is kept; what did not is named as lacking."""
    feed.fail(MARCH, cut(), cut())

    collected = refresh(feed, cache)

    assert sizes(collected) == {"2020-Apr": 20}
    assert (collected.lacking, collected.lost) == (("2020-Mar",), ())
    assert causes(collected) == {"2020-Mar": Cause.UNREACHABLE}


def test_without_an_index_nothing_changes(feed: Feed, cache: Cache) -> None:
    """The refresh fails as a whole, the cache stays."""
    refresh(feed, cache)
    feed.index = b'{"value": []}'

    with pytest.raises(Invalid, match="names no document"):
        refresh(feed, cache)

    assert len(cache.documents()) == 2


def test_a_service_that_gives_no_document_at_all_is_an_error(feed: Feed, cache: Cache) -> None:
    """An empty catalogue is never the result."""
    feed.fail(MARCH, saying(404))
    feed.fail(APRIL, saying(404))

    with pytest.raises(Invalid, match="the service answered 404"):
        refresh(feed, cache)


def test_a_damaged_file_in_the_cache_is_told_and_fetched_again(feed: Feed, cache: Cache) -> None:
    """It is lost for one refresh, and the caller is told that it was there before."""
    refresh(feed, cache)
    Path(cache.item(cache.documents()["2020-mar"]).path).write_bytes(
        zstandard.ZstdCompressor().compress(month("2020-Mar", 1).encode())
    )

    damaged = refresh(feed, cache)
    mended = refresh(feed, cache)

    assert (damaged.lost, causes(damaged)) == (("2020-Mar",), {"2020-Mar": Cause.UNREADABLE})
    assert sizes(mended) == {"2020-Mar": 30, "2020-Apr": 20}


def test_a_file_gone_from_the_cache_is_fetched_again(feed: Feed, cache: Cache) -> None:
    """Deleted by hand, for instance."""
    refresh(feed, cache)
    Path(cache.item(cache.documents()["2020-mar"]).path).unlink()

    assert sizes(refresh(feed, cache)) == {"2020-Mar": 30, "2020-Apr": 20}


def test_files_add_to_what_is_kept(cache: Cache, tmp_path: Path) -> None:
    """A folder with one month takes nothing away from the others; given again, it changes nothing."""
    february, march = tmp_path / "february", tmp_path / "march.xml"
    february.mkdir()
    (february / "a.xml").write_text(month("2020-Feb", 10))
    march.write_text(month("2020-Mar", 30))
    collect(february, cache)

    both = collect(march, cache)
    again = collect(march, cache)

    assert sizes(both) == sizes(again) == {"2020-Feb": 10, "2020-Mar": 30}
    assert (both.fresh, both.unchanged, both.refused) == (("2020-Mar",), (), ())
    assert (again.fresh, again.unchanged) == ((), ("2020-Mar",))


def test_an_older_file_does_not_replace_a_later_document(cache: Cache, tmp_path: Path) -> None:
    """Unless a person wants it."""
    path = tmp_path / "march.xml"
    path.write_text(month("2020-Mar", 30, current="2020-04-01T00:00:00Z"))
    collect(path, cache)
    path.write_text(month("2020-Mar", 30, current="2020-03-10T00:00:00Z"))

    refused = collect(path, cache)
    accepted = collect(path, cache, accept_shrink=True)

    assert causes(refused) == {"2020-Mar": Cause.OLDER}
    assert [document.current for document in refused.documents] == ["2020-04-01T00:00:00"]
    assert [document.current for document in accepted.documents] == ["2020-03-10T00:00:00"]


def test_an_index_beside_files_withdraws_nothing(cache: Cache, tmp_path: Path) -> None:
    """It says what is lacking."""
    (tmp_path / "2020-Feb.xml").write_text(month("2020-Feb", 10))
    collect(tmp_path / "2020-Feb.xml", cache)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "2020-Mar.xml").write_text(month("2020-Mar", 30))
    (folder / "index.json").write_text(index_json({"2020-Mar": "", "2020-Apr": "2020-04-14T07:00:00Z"}))

    collected = collect(folder, cache)

    assert collected.refused == ()
    assert collected.lacking == ("2020-Apr",)


def test_the_catalogue_in_use_guards_where_the_cache_is_empty(cache: Cache, tmp_path: Path) -> None:
    """Another machine compiled it: what it knew and what is not at hand here would be lost."""
    path = tmp_path / "march.xml"
    path.write_text(month("2020-Mar", 20, current="2020-04-01T00:00:00Z"))
    full = {document.id: facts_of(document) for document in documents_of(month("2020-Mar", 30), month("2020-Feb", 9))}

    (tmp_path / "april.xml").write_text(month("2020-Apr", 3))
    collected = collect(tmp_path, cache, known=full)

    assert causes(collected) == {"2020-Mar": Cause.SHRUNKEN}
    assert sizes(collected) == {"2020-Apr": 3}
    assert set(collected.lost) == {"2020-Mar", "2020-Feb"}


def documents_of(*texts: str) -> list[Document]:
    """Documents from their XML."""
    import io

    from kbgap.catalogue.msrc_xml import read_xml

    return [read_xml(io.BytesIO(text.encode()), "") for text in texts]


def test_nothing_at_the_path_is_an_error_that_leaves_the_cache(cache: Cache, tmp_path: Path) -> None:
    """A typing slip does no harm."""
    with pytest.raises(NotFound):
        collect(tmp_path / "nowhere", cache)


def test_a_broken_cache_stops_the_refresh(feed: Feed, cache: Cache) -> None:
    """Before anything is fetched: without the last good documents there is no guard."""
    refresh(feed, cache)
    (cache.folder / "manifest.json").write_text("{")
    feed.asked.clear()

    with pytest.raises(Unavailable, match="the list of kept documents is broken"):
        refresh(feed, cache)

    assert MARCH not in feed.paths()


def played(folder: Path, feed: Feed, time: str) -> None:
    """Let the feed stand as it did at a time: the last index until then, and the last state of the two documents."""
    indexes = [path for path in sorted(folder.glob("index@*")) if path.stem.partition("@")[2] <= time]
    dates = {row["ID"]: row["CurrentReleaseDate"] for row in json.loads(indexes[-1].read_bytes())["value"]}
    feed.documents.clear()
    for id in ("2026-Jun", "2026-Jul"):
        states = [path for path in sorted(folder.glob(f"{id}@*")) if path.name.partition("@")[2][:16] <= time]
        if id in dates and states:
            body = zstandard.ZstdDecompressor().stream_reader(states[-1].read_bytes()).read()
            feed.put(id, body, current=dates[id])


def test_the_flaky_days_of_july_2026_lose_nothing(shared_data: Path, cache: Cache) -> None:
    """Every state of the feed in the order of time: nothing is lost, the shrunken June is refused, July grows."""
    folder = shared_data / "msrc-cvrf" / "flaky-feed"
    times = sorted({path.name.partition("@")[2][:16] for path in folder.iterdir()})
    history: dict[str, tuple[dict[str, int], dict[str, Cause]]] = {}

    with serving(Feed()) as feed:
        for time in times:
            played(folder, feed, time)
            collected = refresh(feed, cache)
            history[time] = (sizes(collected), causes(collected))

    assert history == {
        "20260702T155644Z": ({"2026-Jun": 1_273}, {}),
        "20260702T222331Z": ({"2026-Jun": 1_273, "2026-Jul": 21}, {}),
        "20260702T232507Z": ({"2026-Jun": 1_273, "2026-Jul": 21}, {"2026-Jun": Cause.VANISHED}),
        "20260703T090439Z": ({"2026-Jun": 1_278, "2026-Jul": 25}, {}),
        "20260703T212557Z": ({"2026-Jun": 1_278, "2026-Jul": 354}, {}),
        "20260703T222214Z": ({"2026-Jun": 1_278, "2026-Jul": 354}, {}),
        "20260704T085426Z": ({"2026-Jun": 1_279, "2026-Jul": 354}, {}),
        "20260704T221922Z": ({"2026-Jun": 1_279, "2026-Jul": 354}, {"2026-Jun": Cause.OLDER}),
        "20260706T073348Z": ({"2026-Jun": 1_279, "2026-Jul": 375}, {}),
    }


def test_the_real_revisions_are_all_taken_in_their_order(shared_data: Path, cache: Cache, tmp_path: Path) -> None:
    """Seven revisions of 2019-Aug and 2020-Mar and those of today: the guard takes none of them for a loss."""
    folder = shared_data / "msrc-cvrf"
    revisions = sorted((folder / "revisions").iterdir(), key=lambda path: path.name.partition("@")[2])
    today = [folder / "2026-07-06" / f"{id}.xml.zst" for id in ("2019-Aug", "2020-Mar")]

    for path in (*revisions, *today):
        copy = shutil.copy(path, tmp_path / path.name)
        assert causes(collect(Path(copy), cache)) == {}, path.name
