"""Sending reports: in every form, each item answered by itself, nothing lost and nothing too large."""

import gzip
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from kbgap.inventory.report import encode_report
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.store import tenants
from tests.builders import TENANT, a_catalogue, a_report
from tests.server.conftest import Server, running

PATH = "/inventory/reports"
NAMES = ["schema", "os", "name", "build", "machine", "computerDnsName", "installedUpdates", "kb"]


def one(name: str, ubr: int | None = 657) -> bytes:
    """A report as JSON."""
    return encode_report(a_report(name, ubr=ubr))


def machines_of(server: Server, *names: str) -> list[int]:
    """The status of asking for each of these machines."""
    return [server.get(f"/api/machines/{name}/getmissingkbs").status_code for name in names]


def summary(body: dict[str, Any]) -> list[str]:
    """What became of each item, after checking that the counts agree."""
    statuses = [item["status"] for item in body["value"]]
    assert [item["index"] for item in body["value"]] == list(range(len(statuses)))
    assert {name: body[name] for name in ("accepted", "unchanged", "rejected")} == {
        name: statuses.count(name) for name in ("accepted", "unchanged", "rejected")
    }
    return statuses


def test_one_report_is_taken_and_answered_with_its_machine(fleet_server: Server) -> None:
    """The machine can be asked for at once, under the id that the answer gives."""
    answer = fleet_server.post(PATH, one("single"))

    body = answer.json()
    assert (answer.status_code, summary(body)) == (200, ["accepted"])
    (item,) = body["value"]
    assert list(item) == ["index", "status", "machineId", "reason"]
    assert item["reason"] is None
    assert machines_of(fleet_server, item["machineId"], "single") == [200, 200]


def test_a_repeated_report_is_unchanged(fleet_server: Server) -> None:
    """Sending again does no harm, and the answer says so."""
    fleet_server.post(PATH, one("again"))

    assert summary(fleet_server.post(PATH, one("again")).json()) == ["unchanged"]


LINES = b"\n".join([one("l-1"), one("l-2")])
ARRAY = b"[" + one("a-1") + b",\n" + one("a-2") + b"]"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (ARRAY, {}),
        (ARRAY, {"Content-Type": "text/plain; charset=utf-16"}),
        (LINES, {}),
        (LINES + b"\n\n", {"Content-Type": "application/x-ndjson"}),
        (gzip.compress(ARRAY), {"Content-Encoding": "gzip"}),
        (gzip.compress(LINES), {"Content-Type": "application/gzip"}),
        (gzip.compress(one("l-1") + b"\n") + gzip.compress(one("l-2")), {}),
        (zstandard.compress(ARRAY), {"Content-Encoding": "zstd"}),
        (b"\xef\xbb\xbf" + ARRAY, {}),
        (ARRAY.decode().encode("utf-16"), {}),
    ],
    ids=["array", "odd type", "lines", "ndjson", "gzip", "unnamed gzip", "two members", "zstd", "utf-8 mark", "utf-16"],
)
def test_many_reports_come_in_any_form(fleet_server: Server, body: bytes, headers: dict[str, str]) -> None:
    """The look of the body decides, not what its header claims."""
    answer = fleet_server.post(PATH, body, **headers)

    assert answer.status_code == 200
    assert len(summary(answer.json())) == 2
    assert answer.json()["rejected"] == 0


def test_a_bad_item_never_loses_its_neighbours(fleet_server: Server) -> None:
    """Each rejected item says where it is wrong and how to mend it."""
    items = [json.loads(one("good-1")), {"schema": "kbgap.report/1"}, 7, json.loads(one("good-2")), None]

    answer = fleet_server.post(PATH, json.dumps(items).encode())

    body = answer.json()
    assert (answer.status_code, summary(body)) == (200, ["accepted", "rejected", "rejected", "accepted", "rejected"])
    assert "$[1]" in body["value"][1]["reason"]
    assert body["value"][1]["machineId"] is None
    assert machines_of(fleet_server, "good-1", "good-2") == [200, 200]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"[]",
        b"{",
        b"nonsense",
        b"\xff\xff",
        b"null",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        one("x")[:-10],
        encode_report(a_report(machine=None, name="")),
        gzip.compress(one("x"))[:-9],
        b"\x1f\x8b" + b"\0" * 20,
        gzip.compress(b""),
    ],
    ids=[
        "empty",
        "blank",
        "no items",
        "open",
        "nonsense",
        "no text",
        "null",
        "deep array",
        "deep object",
        "cut",
        "nameless",
        "cut gzip",
        "broken gzip",
        "empty gzip",
    ],
)
def test_a_body_without_any_good_report_is_a_bad_request(fleet_server: Server, body: bytes) -> None:
    """Cut, empty, nested or broken: one clear line, whose status alone tells the sender."""
    answer = fleet_server.post(PATH, body)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "InvalidRequestBody")
    assert error["message"]
    assert "Traceback" not in error["message"]


def test_another_encoding_is_named(fleet_server: Server) -> None:
    """What cannot be unpacked is refused by name, not taken for rubbish."""
    answer = fleet_server.post(PATH, one("x"), **{"Content-Encoding": "br"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "UnsupportedMediaType")
    assert "br" in answer.json()["error"]["message"]


@pytest.fixture(scope="module")
def narrow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes very little."""
    folder = tmp_path_factory.mktemp("narrow")
    with (
        a_catalogue(folder / "catalogue") as catalogue,
        running(
            f"sqlite:///{folder / 'kbgap.sqlite'}",
            lambda: catalogue,
            max_body=2_000,
            max_unpacked_body=4_000,
            max_batch=3,
        ) as started,
    ):
        yield started


def test_a_body_that_is_too_large_is_refused_while_it_is_read(narrow_server: Server) -> None:
    """With or without a length in the header."""

    def endless() -> Iterator[bytes]:
        for _ in range(1_000):
            yield b" " * 1_000

    headers = {"Authorization": f"Bearer {narrow_server.token()}"}
    known = narrow_server.http.post(PATH, content=b" " * 2_001, headers=headers)
    unknown = narrow_server.http.post(PATH, content=endless(), headers=headers)

    assert [a.json()["error"]["code"] for a in (known, unknown)] == ["RequestEntityTooLarge"] * 2
    assert [a.status_code for a in (known, unknown)] == [413, 413]


def test_a_body_that_grows_too_large_is_refused(narrow_server: Server) -> None:
    """A gigabyte of blanks packs into a megabyte, and of that only the first kilobytes are unpacked."""
    answer = narrow_server.post(PATH, gzip.compress(b" " * 1_000_000))

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "RequestEntityTooLarge")


def test_a_batch_with_too_many_items_is_refused_with_the_number_that_is_allowed(narrow_server: Server) -> None:
    """None of it is taken."""
    answer = narrow_server.post(PATH, b"[1,2,3,4]")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "MaximumBatchSizeExceeded")
    assert "3" in answer.json()["error"]["message"]


def test_writers_that_wait_stand_in_nobody_s_way(tmp_path: Path) -> None:
    """Readers are answered meanwhile; a writer too many is told to come again, and nothing is lost."""
    url = f"sqlite:///{tmp_path / 'kbgap.sqlite'}"
    with (
        a_catalogue(tmp_path / "catalogue") as catalogue,
        running(url, lambda: catalogue, threads=4) as busy,
        ThreadPoolExecutor(18) as senders,
    ):
        headers = {"Authorization": f"Bearer {busy.token()}"}

        def send(name: str, timeout: float = 30) -> httpx2.Response:
            return busy.http.post(PATH, content=one(name), headers=headers, timeout=timeout)

        load_catalogue(busy.database, catalogue, busy.clock())
        send("first")
        with busy.database.transaction():  # SQLite lets nobody else write until it ends
            waiting = {name: senders.submit(send, name) for name in (f"ws-{number}" for number in range(18))}
            refused = _first_refusal(lambda: send("late", timeout=0.5))
            read = busy.http.get("/api/machines/first/getmissingkbs", headers=headers)
        first = {name: future.result().status_code for name, future in waiting.items()}
        again = {name: send(name).status_code for name, status in first.items() if status == 503}

    assert (refused.json()["error"]["code"], refused.headers["retry-after"].isdigit()) == ("ServiceUnavailable", True)
    assert read.status_code == 200
    assert set((first | again).values()) == {200}
    assert len(again) < len(first)


def _first_refusal(send: Callable[[], httpx2.Response]) -> httpx2.Response:
    """What a writer is told once all the others wait; until then it is one of those that wait."""
    for _ in range(50):
        with suppress(httpx2.TimeoutException):
            return send()
    pytest.fail("nobody was refused")


def test_without_a_catalogue_reports_are_asked_for_again(server: Server) -> None:
    """503 with a time to wait, and no hint of where the server keeps its files."""
    answer = server.post(PATH, one("early"))

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (503, "ServiceUnavailable")
    assert answer.headers["retry-after"].isdigit()
    assert "secret folder" not in answer.text


def test_a_report_goes_to_its_token_s_tenant_only(fleet_server: Server) -> None:
    """Nothing in a report says whose it is; the token does."""
    fleet_server.post(PATH, one("mine"))

    with fleet_server.database.reading() as connection:
        epochs = {t.guid: tenants.pointer(connection, t.guid).epoch for t in tenants.listed(connection)}

    (other,) = [epoch for guid, epoch in epochs.items() if guid != TENANT]
    assert epochs[TENANT] > other


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=200)
@given(st.binary(max_size=40) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_no_body_breaks_the_server(fleet_server: Server, body: bytes) -> None:
    """Whatever is sent is taken, rejected by item, or a bad request."""
    headers = {"Authorization": f"Bearer {TOKENS.setdefault(fleet_server.url, fleet_server.token())}"}

    answer = fleet_server.http.post(PATH, content=body, headers=headers)

    assert answer.status_code in {200, 400}


TOKENS: dict[str, str] = {}
