"""The list of documents is read row by row, and a bad row costs that row only."""

import json
from pathlib import Path

import pytest

from kbgap.catalogue.msrc_index import is_index, read_index
from kbgap.core.errors import Invalid


def test_the_real_index_names_190_documents(shared_data: Path) -> None:
    """Among them spellings that are not Mmm."""
    data = json.loads((shared_data / "msrc-cvrf" / "2026-07-06" / "index.json").read_bytes())

    index = read_index(data, "index")

    assert (len(index.documents), index.oddities) == (190, ())
    assert index.documents["2018-FEB"] > "2018"
    assert index.documents["2026-Jun"] == "2026-07-05T14:46:17"
    assert "2017-May-B" in index.documents


def test_bad_rows_become_oddities() -> None:
    """A row that is no object, one without an id, an id that could be a path, and a date that is none."""
    rows = [
        7,
        {"CurrentReleaseDate": "2020-03-10T07:00:00Z"},
        {"ID": "../2020-Mar", "CurrentReleaseDate": "2020-03-10T07:00:00Z"},
        {"ID": "2020-Mar", "CurrentReleaseDate": "soon"},
        {"ID": "2020-Apr", "CurrentReleaseDate": "2020-04-14T07:00:00Z", "Severity": None},
    ]

    index = read_index({"value": rows}, "index")

    assert index.documents == {"2020-Mar": "", "2020-Apr": "2020-04-14T07:00:00"}
    assert [oddity.kind for oddity in index.oddities] == [
        "unreadable index row",
        "unreadable index row",
        "unreadable document id",
        "unreadable date",
    ]


def test_a_document_listed_twice_counts_with_its_later_date() -> None:
    """The order of the rows does not matter."""
    rows = [{"ID": "2020-Mar", "CurrentReleaseDate": f"2020-03-{day}T07:00:00Z"} for day in (10, 12, 11)]

    assert read_index({"value": rows}, "index").documents == {"2020-Mar": "2020-03-12T07:00:00"}


@pytest.mark.parametrize("data", [{"value": []}, {"value": [{}]}, {"value": {}}, {"error": "busy"}, []])
def test_an_index_without_documents_is_refused(data: object) -> None:
    """An empty list is a fault of the service, never the end of all updates."""
    with pytest.raises(Invalid):
        read_index(data, "index")


def test_an_index_is_told_from_other_json() -> None:
    """By its list named value."""
    assert is_index({"value": []})
    assert not is_index({"value": 1})
    assert not is_index([])
