"""Answers given again, over real HTTP: fast, never another tenant's, never older than two seconds."""

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kbgap.inventory.report import encode_report
from kbgap.operations.clients import ALL_ROLES, create_client
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.report_inventory import report_inventory
from kbgap.server import finished
from kbgap.server.operation import Guarded
from kbgap.server.routes import OPERATIONS
from kbgap.store.database import Database
from tests.builders import OTHER_TENANT, TENANT, a_catalogue, a_report
from tests.server.conftest import Server, an_address, running

EDGE = "/api/Software/microsoft-_-edge/getmissingkbs"
READS = [o for o in OPERATIONS if isinstance(o.access, Guarded) and o.method == "GET"]


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Server]:
    """A server with a catalogue and one machine in the first tenant."""
    with (
        a_catalogue(tmp_path / "catalogue") as catalogue,
        running(f"sqlite:///{tmp_path / 'kbgap.sqlite'}", lambda: catalogue) as server,
    ):
        load_catalogue(server.database, catalogue, server.clock())
        server.post("/inventory/reports", encode_report(a_report("ws-1")))
        yield server


def hits(server: Server) -> int:
    """How many answers came from memory so far."""
    lines = server.http.get("/metrics").text.splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("kbgap_response_cache_hits_total")))


def test_a_second_question_asks_the_database_nothing(fleet: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same answer, from memory."""
    header = {"Authorization": f"Bearer {fleet.token()}"}
    first = fleet.http.get(EDGE, headers=header)

    def refused(database: Database) -> None:
        raise AssertionError(database)

    monkeypatch.setattr(Database, "reading", refused)
    monkeypatch.setattr(Database, "snapshot", refused)
    second = fleet.http.get(EDGE, headers=header)

    assert (second.status_code, second.content) == (200, first.content)
    assert len(second.json()["value"]) == 1


def test_what_was_just_sent_is_answered_at_once(fleet: Server) -> None:
    """The sender's next question sees its report, though the same was asked a moment ago."""
    before = fleet.get(EDGE).json()["value"]
    fleet.post("/inventory/reports", encode_report(a_report("ws-2")))
    after = fleet.get(EDGE).json()["value"]

    assert [row["machineMissedOn"] for row in (*before, *after)] == [1, 2]


def test_what_another_process_took_in_is_answered_within_two_seconds(fleet: Server, tmp_path: Path) -> None:
    """ARCHITECTURE 3: a report that was acknowledged anywhere is seen everywhere."""
    fleet.get(EDGE)
    with a_catalogue(tmp_path / "again") as catalogue:
        report_inventory(fleet.database, catalogue, TENANT, [a_report("ws-2")], fleet.clock())

    written = time.monotonic()
    while fleet.get(EDGE).json()["value"][0]["machineMissedOn"] != 2:
        assert time.monotonic() - written < 2
        time.sleep(0.05)


def test_the_host_and_the_query_are_part_of_the_question(fleet: Server) -> None:
    """Links follow the name by which the server was called."""
    answers = [
        fleet.get(EDGE).json(),
        fleet.get(EDGE, Host="api.securitycenter.microsoft.com").json(),
        fleet.get(f"{EDGE}?$count=true").json(),
    ]

    assert len({json.dumps(answer) for answer in answers}) == 3
    assert answers[1]["@odata.context"].startswith("http://api.securitycenter.microsoft.com/")


def test_who_has_an_answer_already_gets_304(fleet: Server) -> None:
    """Until something changes; and only with a good token."""
    first = fleet.get(EDGE)
    tag = first.headers["etag"]

    same = fleet.get(EDGE, **{"If-None-Match": tag})
    nobody = fleet.http.get(EDGE, headers={"If-None-Match": tag})
    fleet.post("/inventory/reports", encode_report(a_report("ws-2")))
    changed = fleet.get(EDGE, **{"If-None-Match": tag})

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert (nobody.status_code, changed.status_code) == (401, 200)
    assert changed.headers["etag"] != tag


@pytest.mark.parametrize("path", ["/api/Software", "/api/$metadata"])
def test_a_large_answer_is_packed_for_those_who_take_it(
    fleet: Server, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """And plain for the others, from memory or not."""
    monkeypatch.setattr(finished, "_WORTH_PACKING", 100)
    packed = [fleet.get(path, **{"Accept-Encoding": "gzip"}) for _ in range(2)]
    plain = [fleet.get(path, **{"Accept-Encoding": "identity"}) for _ in range(2)]

    assert {answer.headers.get("content-encoding") for answer in packed} == {"gzip"}
    assert {answer.headers.get("content-encoding") for answer in plain} == {None}
    assert {answer.content for answer in (*packed, *plain)} == {plain[0].content}
    assert int(packed[0].headers["content-length"]) == len(gzip.compress(plain[0].content, 1, mtime=0))
    assert len({answer.headers["etag"] for answer in (*packed, *plain)}) == 1


def test_an_error_is_not_remembered(fleet: Server) -> None:
    """A software that was unknown may be known a moment later."""
    before = hits(fleet)
    answers = [fleet.get("/api/Software/microsoft-_-nothing/getmissingkbs").status_code for _ in range(2)]

    assert answers == [404, 404]
    assert hits(fleet) == before


def test_a_second_tenant_sees_nothing_of_the_first(tmp_path: Path) -> None:
    """Every read answers it as if the first had no machines, by any id, also just after the first asked the same."""
    with (
        a_catalogue(tmp_path / "catalogue") as catalogue,
        running(f"sqlite:///{tmp_path / 'kbgap.sqlite'}", lambda: catalogue) as server,
    ):
        load_catalogue(server.database, catalogue, server.clock())
        client_id, secret = create_client(server.database, OTHER_TENANT, "theirs", ALL_ROLES, server.clock())
        asked = server.ask_token(OTHER_TENANT, client_id=client_id, client_secret=secret)
        mine, theirs = server.token(), asked.json()["access_token"]
        addresses = {an_address(read.path) for read in READS}
        addresses |= {address.replace("microsoft-_-edge", "ws-1") for address in addresses}

        before = {address: _answer(server, theirs, f"{address}?asked=before") for address in addresses}
        server.post("/inventory/reports", encode_report(a_report("ws-1")))
        first = {address: _answer(server, mine, f"{address}?asked=after") for address in addresses}
        after = {address: _answer(server, theirs, f"{address}?asked=after") for address in addresses}

    assert after == before
    assert {address for address in addresses if first[address] != before[address]} > {EDGE, "/api/Software"}


def _answer(server: Server, token: str, path: str) -> tuple[int, object]:
    """Status and JSON, without the id under which an error is in the log."""
    answer = server.http.get(path, headers={"Authorization": f"Bearer {token}"})
    if "json" not in answer.headers["content-type"]:
        return answer.status_code, answer.text
    body = answer.json()
    if answer.status_code >= 400:
        del body["error"]["target"]
    return answer.status_code, body
