"""A refresh takes what is good, keeps what was good, and switches in one step."""

from pathlib import Path

import pytest

from kbgap.catalogue.shelf import Shelf, age_in_days
from kbgap.cli.main import main
from kbgap.core.errors import Invalid
from kbgap.operations.refresh_catalogue import refresh_catalogue
from tests.catalogue.cvrf import cvrf_xml, entry_xml, fix_xml, month


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    """A folder of documents."""
    folder = tmp_path / "feed"
    folder.mkdir()
    (folder / "2020-Mar.xml").write_text(cvrf_xml("2020-Mar", entry_xml("CVE-2020-0796", fix_xml("4551762"))))
    return folder


def test_the_first_refresh_makes_a_current_catalogue(feed: Path, tmp_path: Path) -> None:
    """From nothing to a catalogue that answers."""
    done = refresh_catalogue(feed, tmp_path / "data")

    with Shelf(tmp_path / "data" / "catalogue").current() as catalogue:
        assert (catalogue.revision, catalogue.newest) == (done.revision, "2020-Mar")
        assert catalogue.update("4551762").software == {"windows_10": ("CVE-2020-0796",)}
    assert done.is_new


def test_the_same_again_changes_nothing(feed: Path, tmp_path: Path) -> None:
    """The same documents give the same revision."""
    first = refresh_catalogue(feed, tmp_path / "data")
    again = refresh_catalogue(feed, tmp_path / "data")

    assert (again.revision, again.is_new) == (first.revision, False)
    assert again.collected.unchanged == ("2020-Mar",)


def test_a_document_that_vanished_from_the_feed_stays(feed: Path, tmp_path: Path) -> None:
    """Never delete on absence (semantics 2)."""
    refresh_catalogue(feed, tmp_path / "data")
    (feed / "2020-Mar.xml").rename(tmp_path / "gone.xml")
    (feed / "2020-Apr.xml").write_text(month("2020-Apr", 3))

    refresh_catalogue(feed, tmp_path / "data")

    with Shelf(tmp_path / "data" / "catalogue").current() as catalogue:
        assert {facts.id for facts in catalogue.documents} == {"2020-Mar", "2020-Apr"}


def test_a_shrunken_document_is_refused_until_a_person_accepts_it(feed: Path, tmp_path: Path) -> None:
    """The last good one is compiled again, so the revision does not move."""
    (feed / "2020-Apr.xml").write_text(month("2020-Apr", 40))
    first = refresh_catalogue(feed, tmp_path / "data")
    (feed / "2020-Apr.xml").write_text(month("2020-Apr", 20, current="2020-05-01T07:00:00Z"))

    refused = refresh_catalogue(feed, tmp_path / "data")
    accepted = refresh_catalogue(feed, tmp_path / "data", accept_shrink=True)

    assert [refusal.id for refusal in refused.collected.refused] == ["2020-Apr"]
    assert refused.revision == first.revision
    assert accepted.revision != first.revision


def test_a_catalogue_whose_documents_are_nowhere_is_not_forgotten(feed: Path, tmp_path: Path) -> None:
    """An imported catalogue has no documents beside it; a part of them must not replace it."""
    data = tmp_path / "data"
    first = refresh_catalogue(feed, data)
    (data / "documents").rename(tmp_path / "lost")
    (feed / "2020-Mar.xml").unlink()
    (feed / "2020-Apr.xml").write_text(month("2020-Apr", 3))

    with pytest.raises(Invalid, match="2020-Mar"):
        refresh_catalogue(feed, data)

    with Shelf(data / "catalogue").current() as catalogue:
        assert catalogue.revision == first.revision


def test_a_bad_neighbour_is_told_and_left_out(feed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, one line for the bad file, and the good ones compiled."""
    (feed / "2020-Feb.xml").write_text("<cvrf:cvrfdoc")

    code = main(["catalogue", "refresh", "--from", str(feed), "--data-dir", str(tmp_path / "data")])

    told = capsys.readouterr()
    assert code == 2
    assert len([line for line in told.err.splitlines() if "2020-Feb" in line]) == 1
    assert "2020-Mar" in told.out


def test_a_refresh_moves_the_fleet_too(feed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Machines that reported before are judged by the new catalogue."""
    data, report = ["--data-dir", str(tmp_path / "data")], tmp_path / "a.json"
    report.write_text(
        '{"schema": "kbgap.report/1", "machine": {"computerDnsName": "a"}, "os": {"name": "Microsoft Windows 10 Pro", '
        '"build": "10.0.18363.600", "architecture": "x64"}}'
    )
    main(["catalogue", "refresh", "--from", str(feed), *data])
    main(["inventory", "import", str(report), *data])
    (feed / "2020-Apr.xml").write_text(cvrf_xml("2020-Apr", entry_xml("CVE-2020-1", fix_xml("4549951"))))

    main(["catalogue", "refresh", "--from", str(feed), *data])
    capsys.readouterr()
    main(["missing", "--machine", "a", "--format", "csv", *data])

    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()[1:]] == ["4549951", "4551762"]


def test_the_age_of_a_catalogue_is_that_of_its_newest_document(feed: Path, tmp_path: Path) -> None:
    """45 days and more are said on standard error (ARCHITECTURE 5)."""
    from datetime import date

    refresh_catalogue(feed, tmp_path / "data")

    with Shelf(tmp_path / "data" / "catalogue").current() as catalogue:
        assert age_in_days(catalogue, date(2020, 3, 22)) == 10


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b"])
def test_a_revision_is_no_path(tmp_path: Path, name: str) -> None:
    """Names come from people and from a file."""
    with pytest.raises(Invalid):
        Shelf(tmp_path).open(name)
