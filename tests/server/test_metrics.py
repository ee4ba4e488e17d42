"""Figures for Prometheus: in its text form, with bounded labels, for those who may read them."""

import re
from ipaddress import ip_network
from pathlib import Path

import pytest
from sqlalchemy import text

from kbgap.inventory.report import encode_report
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.server.metrics import Metrics, labelled
from tests.builders import a_catalogue, a_report
from tests.server.conftest import Server, running

LINE = re.compile(r'[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? [0-9.e+\-]+')


def figures(server: Server) -> dict[str, float]:
    """Every sample by its name and labels."""
    text = server.http.get("/metrics").text
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in samples}


def test_requests_are_counted_by_the_path_of_the_table(server: Server) -> None:
    """Never by the path that was asked for: there would be one line for each id, and ids in it."""
    server.get("/api/Software/microsoft-_-edge/getmissingkbs")
    server.http.get("/api/nothing/here")

    found = figures(server)

    assert found['kbgap_requests_total{method="GET",path="/api/Software/{id}/getmissingkbs",status="404"}'] == 1
    assert found['kbgap_requests_total{method="GET",path="none",status="404"}'] >= 1
    assert not any("microsoft" in name or "nothing" in name for name in found)


def test_the_histogram_adds_up(server: Server) -> None:
    """Buckets count up to the number of all."""
    for _ in range(3):
        server.http.get("/healthz")

    found = figures(server)

    path = 'path="/healthz"'
    buckets = [value for name, value in found.items() if name.startswith(f"kbgap_request_seconds_bucket{{{path}")]
    assert buckets == sorted(buckets)
    assert buckets[-1] == found[f"kbgap_request_seconds_count{{{path}}}"] >= 3
    assert found[f"kbgap_request_seconds_sum{{{path}}}"] > 0


def test_every_line_is_of_the_text_form(server: Server) -> None:
    """With the type of each family before its samples."""
    answer = server.http.get("/metrics")

    lines = answer.text.splitlines()
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert all(line.startswith(("# HELP ", "# TYPE ")) or LINE.fullmatch(line) for line in lines)
    families = [line.split()[2] for line in lines if line.startswith("# TYPE ")]
    assert len(families) == len(set(families))


def test_the_state_of_the_catalogue_and_of_ingest_is_told(tmp_path: Path) -> None:
    """Revision and age, when counts were published, and what became of reports."""
    with (
        a_catalogue(tmp_path / "catalogue") as catalogue,
        running(f"sqlite:///{tmp_path / 'kbgap.sqlite'}", lambda: catalogue) as server,
    ):
        load_catalogue(server.database, catalogue, server.clock())
        body = encode_report(a_report("ws-1"))
        server.post("/inventory/reports", b"\n".join([body, body, b"{}"]))
        server.get("/api/Software")
        found = figures(server)

    assert found[f'kbgap_catalogue_info{{revision="{catalogue.revision}"}}'] == 1
    assert found["kbgap_catalogue_age_seconds"] > 0
    assert found["kbgap_epoch_age_seconds"] >= 0
    assert {
        name: found[f'kbgap_reports_total{{outcome="{name}"}}'] for name in ("accepted", "unchanged", "rejected")
    } == {
        "accepted": 1,
        "unchanged": 1,
        "rejected": 1,
    }


def test_the_fleet_and_its_verdicts_are_told(tmp_path: Path) -> None:
    """All tenants together: how many machines count, what they miss, what is not known, what is still to judge."""
    with (
        a_catalogue(tmp_path / "catalogue") as catalogue,
        running(f"sqlite:///{tmp_path / 'kbgap.sqlite'}", lambda: catalogue) as server,
    ):
        load_catalogue(server.database, catalogue, server.clock())
        reports = [a_report("ws-1"), a_report("ws-2"), a_report("ws-3", ubr=None, update_list=None)]
        server.post("/inventory/reports", b"\n".join(map(encode_report, reports)))
        found = figures(server)
        rows = server.get("/api/Software/microsoft-_-windows_10/getmissingkbs").json()["value"]
        rows += server.get("/api/Software/microsoft-_-edge/getmissingkbs").json()["value"]

    assert found["kbgap_database_up"] == 1
    assert (found['kbgap_machines{state="counted"}'], found['kbgap_machines{state="silent"}']) == (3, 0)
    assert found["kbgap_missing_on_machines"] == sum(row["machineMissedOn"] for row in rows) > 0
    assert found['kbgap_findings{verdict="missing"}'] > 0
    assert found['kbgap_findings{verdict="unknown"}'] > 0
    assert found["kbgap_states"] > 0
    assert found["kbgap_states_to_judge"] == 0


def test_what_waits_is_told(server: Server) -> None:
    """By what bounds it; nothing waits here."""
    found = figures(server)

    waiting = {name: value for name, value in found.items() if name.startswith("kbgap_requests_waiting")}
    assert waiting == {f'kbgap_requests_waiting{{queue="{name}"}}': 0 for name in ("threads", "uploads", "downloads")}


def test_a_database_that_is_gone_is_told(sqlite_url: str) -> None:
    """The figures of the process itself are still there: whoever looks for the fault needs them."""
    with running(sqlite_url) as server:
        with server.database.transaction() as tx:
            tx.execute(text("DROP TABLE machine_seen"))
        found = figures(server)

    assert found["kbgap_database_up"] == 0
    assert any(name.startswith("kbgap_requests_busy") for name in found)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via"])
def test_figures_are_not_for_everybody(server: Server, header: str) -> None:
    """Not through a proxy, whose address would be anybody's."""
    answer = server.http.get("/metrics", headers={header: "192.0.2.1"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Forbidden")


def test_the_networks_that_may_read_are_a_setting(sqlite_url: str) -> None:
    """This machine is not among them, then."""
    with running(sqlite_url, metrics_from=(ip_network("192.0.2.0/24"),)) as server:
        assert server.http.get("/metrics").status_code == 403


def test_a_label_holds_anything() -> None:
    """Whatever a value is, the line stays one line."""
    name = labelled("kbgap_catalogue_info", "revision", 'a"b\\c\nd')

    assert Metrics().written([(name, "gauge", "About.", 1)]).splitlines()[-1] == (
        'kbgap_catalogue_info{revision="a\\"b\\\\c\\nd"} 1'
    )
