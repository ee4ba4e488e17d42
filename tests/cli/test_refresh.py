"""``kbgap catalogue refresh``: with lists of what is exploited, one at a time, and without leaving old files behind."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from kbgap.catalogue.turns import one_turn
from kbgap.cli.main import main
from tests.catalogue.cvrf import cvrf_xml, entry_xml, fix_xml
from tests.catalogue.test_turns import clock
from tests.cli.conftest import Outcome, Run, Write

KEV = {
    "catalogVersion": "2026.11.20",
    "count": 1,
    "vulnerabilities": [{"cveID": "CVE-2020-0796", "dateAdded": "2022-02-10"}],
}
EPSS = "#model_version:v1,score_date:2026-11-01T00:00:00Z\ncve,epss,percentile\nCVE-2020-0796,0.9,1\nnonsense,1,1\n"


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    """A folder with one document."""
    folder = tmp_path / "feed"
    folder.mkdir()
    (folder / "2020-Mar.xml").write_text(cvrf_xml("2020-Mar", entry_xml("CVE-2020-0796", fix_xml("4551762"))))
    return folder


@pytest.fixture
def lists(tmp_path: Path) -> tuple[Path, Path]:
    """CISA's list and FIRST's estimates as files."""
    kev, epss = tmp_path / "kev.json", tmp_path / "epss.csv.gz"
    kev.write_text(json.dumps(KEV))
    epss.write_bytes(gzip.compress(EPSS.encode()))
    return kev, epss


@pytest.fixture
def refreshed(feed: Path, tmp_path: Path, report: Write, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run commands on a data folder that was refreshed from the feed, with one machine."""
    data = ["--data-dir", str(tmp_path / "fresh")]

    def call(*words: str) -> Outcome:
        capsys.readouterr()
        code = main([*words, *data])
        return Outcome(code, *capsys.readouterr())

    assert call("catalogue", "refresh", "--from", str(feed)).code == 0
    assert call("inventory", "import", str(report("a"))).code == 0
    return call


def status(run: Run) -> Any:  # noqa: ANN401 - the object that the command prints
    """What ``catalogue status`` tells."""
    return json.loads(run("catalogue", "status", "--format", "json").out)


def another_month(feed: Path, name: str, kb: str) -> None:
    """The feed has a document more."""
    (feed / f"{name}.xml").write_text(cvrf_xml(name, entry_xml(f"CVE-2020-{kb[:4]}", fix_xml(kb))))


# --- lists --------------------------------------------------------------------------------------------------------


def test_lists_alone_are_loaded_without_the_service(refreshed: Run, lists: tuple[Path, Path]) -> None:
    """What they say is shown at once."""
    kev, epss = map(str, lists)
    before = status(refreshed)["revision"]

    outcome = refreshed("catalogue", "refresh", "--kev", kev, "--epss", epss)

    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "1 CVEs known to be exploited (2026.11.20)",
        "1 estimates of exploitation of 2026-11-01",
    ]
    assert outcome.err == f"kbgap: {epss}: 1 rows cannot be read and are left out\n"
    assert status(refreshed)["revision"] == before
    (row,) = json.loads(refreshed("software", "list", "--format", "json").out)
    assert row["publicExploit"] is True


def test_lists_and_documents_are_loaded_together(refreshed: Run, feed: Path, lists: tuple[Path, Path]) -> None:
    """One of the lists is enough."""
    another_month(feed, "2020-Apr", "4549951")

    outcome = refreshed("catalogue", "refresh", "--from", str(feed), "--kev", str(lists[0]))

    assert [line.split()[0] for line in outcome.out.splitlines()] == ["1", "1"]
    assert status(refreshed)["documents"] == 2


def test_lists_can_be_a_setting(
    refreshed: Run, feed: Path, lists: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then every refresh loads them, beside the documents."""
    monkeypatch.setenv("KBGAP_EPSS", str(lists[1]))

    outcome = refreshed("catalogue", "refresh", "--from", str(feed))

    assert "estimates of exploitation" in outcome.out
    assert "0 documents new or revised, 1 unchanged" in outcome.out


def test_a_bad_list_ends_the_refresh_and_is_remembered(refreshed: Run, tmp_path: Path) -> None:
    """One line; the catalogue stays as it was."""
    (tmp_path / "kev.json").write_text("[]")

    outcome = refreshed("catalogue", "refresh", "--kev", str(tmp_path / "kev.json"))

    last = status(refreshed)["lastRefresh"]
    assert outcome.code == 2
    assert len(outcome.err.splitlines()) == 1
    assert (last["outcome"], "kev.json" in last["message"]) == ("failed", True)
    assert refreshed("catalogue", "refresh", "--kev", str(tmp_path / "nowhere.json")).code == 2


def test_a_bad_list_does_not_keep_documents_back(
    refreshed: Run, feed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that a setting names and that is not there fails the refresh at its end."""
    monkeypatch.setenv("KBGAP_KEV", str(tmp_path / "nowhere.json"))
    another_month(feed, "2020-Apr", "4549951")

    outcome = refreshed("catalogue", "refresh", "--from", str(feed))

    told = status(refreshed)
    assert (outcome.code, len(outcome.err.splitlines())) == (2, 1)
    assert "nowhere.json" in outcome.err
    assert told["documents"] == 2
    assert told["lastRefresh"]["outcome"] == "failed"


def test_lists_need_a_fleet(feed: Path, tmp_path: Path, lists: tuple[Path, Path]) -> None:
    """There is nothing yet that they could weigh."""
    assert main(["catalogue", "refresh", "--kev", str(lists[0]), "--data-dir", str(tmp_path / "none")]) == 3


# --- one at a time ------------------------------------------------------------------------------------------------


def test_a_second_refresh_says_that_one_is_running(refreshed: Run, feed: Path, tmp_path: Path) -> None:
    """Exit code 3, and nothing is touched; an import is refused as well."""
    file = tmp_path / "moved.kbcat"
    assert refreshed("catalogue", "export", str(file)).code == 0

    with one_turn(tmp_path / "fresh" / "catalogue", clock):
        outcomes = [
            refreshed("catalogue", "refresh", "--from", str(feed)),
            refreshed("catalogue", "import", str(file)),
        ]

    for outcome in outcomes:
        assert outcome.code == 3
        assert "another refresh or import is running" in outcome.err
        assert len(outcome.err.splitlines()) == 1


# --- what stays -----------------------------------------------------------------------------------------------------


def test_the_current_catalogue_and_the_one_before_stay(refreshed: Run, feed: Path, tmp_path: Path) -> None:
    """Older files go, in the folder and in the database."""
    revisions = [status(refreshed)["revision"]]
    for month, kb in (("2020-Apr", "4549951"), ("2020-May", "4556799")):
        another_month(feed, month, kb)
        refreshed("catalogue", "refresh", "--from", str(feed))
        revisions.append(status(refreshed)["revision"])

    told = status(refreshed)
    files = {path.stem for path in (tmp_path / "fresh" / "catalogue").glob("*.kbcat")}
    assert files == set(revisions[1:])
    assert (told["revision"], told["previous"]) == (revisions[2], revisions[1])
    assert [(tenant["revision"], tenant["nextRevision"], tenant["statesToJudge"]) for tenant in told["tenants"]] == [
        (revisions[2], None, 0)
    ]
    assert (told["lastRefresh"]["outcome"], "1 documents new or revised" in told["lastRefresh"]["message"]) == (
        "done",
        True,
    )


def test_without_a_fleet_old_files_go_too(feed: Path, tmp_path: Path) -> None:
    """For those who only audit."""
    for month, kb in (("2020-Apr", "4549951"), ("2020-May", "4556799"), ("2020-Jun", "4560960")):
        another_month(feed, month, kb)
        main(["catalogue", "refresh", "--from", str(feed), "--data-dir", str(tmp_path / "data")])

    assert len(list((tmp_path / "data" / "catalogue").glob("*.kbcat"))) == 2
