"""What CISA and FIRST say of CVEs is loaded as a whole, weighs at once, and never takes a good list away."""

import gzip
import http.server
import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid, NotFound, Unavailable
from kbgap.core.exposure import exposure_score
from kbgap.operations.load_threats import load_threats
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import cves, tenants
from kbgap.store.database import Database
from kbgap.store.schema_answers import catalogue_threat, exposure
from tests.builders import NOW, TENANT, a_report, later

EPSS = "#model_version:v1,score_date:2026-11-01T00:00:00Z\ncve,epss,percentile\n"


def kev(folder: Path, *listed: str) -> str:
    """CISA's list as a file."""
    rows = [{"cveID": cve, "dateAdded": "2022-02-10"} for cve in listed]
    content = {"catalogVersion": "2022.02.10", "count": len(rows), "vulnerabilities": rows}
    path = folder / "kev.json"
    path.write_text(json.dumps(content))
    return str(path)


def epss(folder: Path, *rows: str) -> str:
    """FIRST's estimates as a file."""
    path = folder / "epss.csv.gz"
    path.write_bytes(gzip.compress((EPSS + "\n".join(rows) + "\n").encode()))
    return str(path)


def threats(database: Database) -> dict[str, tuple[str | None, float | None]]:
    """All that is stored."""
    with database.snapshot() as connection:
        return {row.cve: (row.exploited_on, row.epss) for row in connection.execute(select(catalogue_threat))}


def scores(database: Database) -> list[float]:
    """The scores of all exposures."""
    with database.snapshot() as connection:
        return sorted(connection.scalars(select(exposure.c.score)))


def test_both_lists_are_loaded(fleet: Database, tmp_path: Path) -> None:
    """A CVE may be in one of them, or in both."""
    loaded = load_threats(
        fleet,
        kev(tmp_path, "CVE-2020-0601", "CVE-2019-0001"),
        epss(tmp_path, "CVE-2020-0601,0.9,1", "CVE-2020-0602,0.1,0"),
        NOW,
    )

    assert threats(fleet) == {
        "CVE-2019-0001": ("2022-02-10", None),
        "CVE-2020-0601": ("2022-02-10", 0.9),
        "CVE-2020-0602": (None, 0.1),
    }
    assert loaded.exploited is not None
    assert loaded.estimates is not None
    with fleet.snapshot() as connection:
        assert [(feed.feed, feed.version, feed.cves) for feed in cves.feeds(connection)] == [
            ("epss", "v1 2026-11-01", 2),
            ("kev", "2022.02.10", 2),
        ]


def test_one_list_leaves_the_other(fleet: Database, tmp_path: Path) -> None:
    """CISA's changes weekly, FIRST's daily; a list replaces the one before as a whole."""
    load_threats(fleet, kev(tmp_path, "CVE-2020-0601"), epss(tmp_path, "CVE-2020-0601,0.9,1"), NOW)

    load_threats(fleet, kev(tmp_path, "CVE-2020-0602"), None, later(days=7))

    assert threats(fleet) == {"CVE-2020-0601": (None, 0.9), "CVE-2020-0602": ("2022-02-10", None)}


def test_a_list_that_cannot_be_read_leaves_everything(fleet: Database, tmp_path: Path) -> None:
    """Also the other list, which could be read."""
    load_threats(fleet, kev(tmp_path, "CVE-2020-0601"), None, NOW)
    bad = tmp_path / "bad.csv"
    bad.write_text("<html>")

    with pytest.raises(Invalid, match=r"bad\.csv"):
        load_threats(fleet, kev(tmp_path, "CVE-2020-0602"), str(bad), NOW)
    with pytest.raises(NotFound):
        load_threats(fleet, str(tmp_path / "none.json"), None, NOW)

    assert set(threats(fleet)) == {"CVE-2020-0601"}


def test_an_exploited_cve_weighs_at_once(fleet: Database, catalogue: CatalogueFile, tmp_path: Path) -> None:
    """Machines that have it open are more exposed, without a report; answers are of a new epoch."""
    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)
    before = scores(fleet)
    with fleet.reading() as connection:
        epoch = tenants.pointer(connection, TENANT).epoch

    load_threats(fleet, kev(tmp_path, "CVE-2020-0701"), None, NOW)

    # Of the five open ones, two in both Windows and Edge count twice: three and two points, one of them now thirty.
    assert before == [exposure_score(5)]
    assert scores(fleet) == [exposure_score(34)]
    with fleet.reading() as connection:
        assert tenants.pointer(connection, TENANT).epoch > epoch


class _Site(http.server.SimpleHTTPRequestHandler):
    """A web server over a folder, which says nothing."""

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The address of a folder on the web."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Site, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_lists_are_fetched_from_the_web(fleet: Database, tmp_path: Path, site: str) -> None:
    """An address in the place of a file."""
    kev(tmp_path, "CVE-2020-0601")
    epss(tmp_path, "CVE-2020-0601,0.5,0")

    load_threats(fleet, f"{site}/kev.json", f"{site}/epss.csv.gz", NOW)

    assert threats(fleet) == {"CVE-2020-0601": ("2022-02-10", 0.5)}


def test_an_address_without_the_list_is_named(fleet: Database, site: str) -> None:
    """What is wrong, and where."""
    with pytest.raises((NotFound, Unavailable), match=r"/none\.json"):
        load_threats(fleet, f"{site}/none.json", None, NOW)
