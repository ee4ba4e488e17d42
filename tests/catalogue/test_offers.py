"""Of everything that a folder holds, the latest revision of each document is offered, and the rest is told."""

from pathlib import Path

import pytest

from kbgap.catalogue.bounded import Limits
from kbgap.catalogue.guard import Cause
from kbgap.catalogue.offers import read_path
from kbgap.core.errors import Invalid, NotFound
from tests.catalogue.cvrf import index_json, month


def test_the_latest_revision_of_a_document_wins(tmp_path: Path) -> None:
    """By its date, whatever the files are called; the others are named."""
    for name, day, entries in (("a", 10, 5), ("b", 23, 4), ("c", 13, 6)):
        (tmp_path / f"{name}.xml").write_text(month("2020-Mar", entries, current=f"2020-03-{day}T07:00:00Z"))

    offer = read_path(tmp_path)

    assert [(document.id, len(document.entries)) for document in offer.documents] == [("2020-Mar", 4)]
    b = f"{tmp_path / 'b.xml'} of 2020-03-23T07:00:00"
    assert offer.older == (
        f"{tmp_path / 'a.xml'}: 2020-Mar of 2020-03-10T07:00:00 gave way to {b}",
        f"{tmp_path / 'c.xml'}: 2020-Mar of 2020-03-13T07:00:00 gave way to {b}",
    )


def test_of_two_revisions_with_one_date_the_fuller_wins(tmp_path: Path) -> None:
    """And of two equal ones the first."""
    for name, id, entries in (("a", "2020-MAR", 5), ("b", "2020-Mar", 6), ("c", "2020-Mar", 6)):
        (tmp_path / f"{name}.xml").write_text(month(id, entries))

    (found,) = read_path(tmp_path).found

    assert Path(found.item.path).name == "b.xml"


def test_a_bad_file_is_refused_and_its_neighbours_are_kept(tmp_path: Path) -> None:
    """With file, place and reason."""
    (tmp_path / "a.xml").write_text(month("2020-Mar", 5))
    (tmp_path / "b.xml").write_text("<html>")
    (tmp_path / "c.zip").write_bytes(b"no zip")
    (tmp_path / "README.md").write_text("")

    offer = read_path(tmp_path)

    assert [document.id for document in offer.documents] == ["2020-Mar"]
    assert [refusal.cause for refusal in offer.refused] == [Cause.UNREADABLE, Cause.UNREADABLE]
    assert sorted(refusal.reason.partition(": ")[0] for refusal in offer.refused) == [
        f"{tmp_path / 'b.xml'}, line 1, column 7",
        f"{tmp_path / 'c.zip'}",
    ]
    assert offer.ignored == 1


def test_an_index_beside_the_documents_says_what_to_expect(tmp_path: Path) -> None:
    """Several of them are joined, each document with its latest date."""
    (tmp_path / "a.xml").write_text(month("2020-Mar", 5))
    (tmp_path / "index@1.json").write_text(index_json({"2020-Mar": "2020-03-10T00:00:00Z"}))
    (tmp_path / "index@2.json").write_text(index_json({"2020-Mar": "2020-03-12T00:00:00Z", "2020-Apr": ""}))

    offer = read_path(tmp_path)

    assert offer.listed == {"2020-Mar": "2020-03-12T00:00:00", "2020-Apr": ""}
    assert [oddity.kind for oddity in offer.oddities] == ["unreadable date"]


def test_documents_come_by_date_whatever_the_files_are_called(tmp_path: Path) -> None:
    """So that a catalogue does not depend on names."""
    (tmp_path / "z.xml").write_text(month("2020-Feb", 1).replace("2020-03-10T07:00:00Z", "2020-02-11T08:00:00Z"))
    (tmp_path / "a.xml").write_text(month("2020-Mar", 1))

    assert [document.id for document in read_path(tmp_path).documents] == ["2020-Feb", "2020-Mar"]


def test_progress_is_told_file_by_file(tmp_path: Path) -> None:
    """The stage, how many are done, and of how many."""
    told: list[tuple[str, int, int]] = []
    for id in ("2020-Feb", "2020-Mar"):
        (tmp_path / f"{id}.xml").write_text(month(id, 1))

    read_path(tmp_path, progress=lambda *step: told.append(step))

    assert told == [("read", 1, 2), ("read", 2, 2)]


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    """A place that is not there, or without a document."""
    with pytest.raises(NotFound):
        read_path(tmp_path / "nowhere")
    with pytest.raises(Invalid):
        read_path(tmp_path)


def test_limits_are_kept(tmp_path: Path) -> None:
    """A document over its budget is refused, its neighbour is not."""
    (tmp_path / "a.xml").write_text(month("2020-Feb", 500))
    (tmp_path / "b.xml").write_text(month("2020-Mar", 5))

    offer = read_path(tmp_path, Limits(document=50_000, marks=500))

    assert [document.id for document in offer.documents] == ["2020-Mar"]
    assert "more than 500 elements" in offer.refused[0].reason


def test_the_real_revisions_of_march_2020_give_the_latest(shared_data: Path) -> None:
    """Four of March 2020 with a byte-order mark, three of August 2019."""
    offer = read_path(shared_data / "msrc-cvrf" / "revisions")

    dates = {document.id: document.current for document in offer.documents}
    assert dates == {"2019-Aug": "2020-10-13T07:00:00", "2020-Mar": "2020-04-01T07:00:00"}
    assert (len(offer.older), offer.refused) == (5, ())
