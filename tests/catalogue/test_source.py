"""The service is asked politely and patiently, and nothing that it answers can do harm."""

import gzip
import socket
import ssl
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from kbgap.catalogue.bounded import Limits
from kbgap.catalogue.cache import Validators
from kbgap.catalogue.files import open_item
from kbgap.catalogue.source import Answer, Failed, Fetched, NotModified, Patience, Service, _explain_broken
from kbgap.core.errors import Invalid, Unavailable
from tests.catalogue.cvrf import month
from tests.catalogue.feed import DOCUMENT, INDEX, Feed, cut, hanging_up, reply, saying, serving

MARCH = f"{DOCUMENT}2020-Mar"
BODY = month("2020-Mar", 3)


@pytest.fixture
def feed() -> Iterator[Feed]:
    """A service with one document."""
    with serving(Feed()) as running:
        running.put("2020-Mar", BODY)
        yield running


@pytest.fixture
def pauses() -> list[float]:
    """How long the service was given between tries."""
    return []


@pytest.fixture
def service(feed: Feed, pauses: list[float]) -> Service:
    """A patient client that does not really wait."""
    return Service(feed.url, patience=Patience(timeout=1), sleep=pauses.append, jitter=lambda: 0.0, proxies={})


def fetch(service: Service, folder: Path, *ids: str, etag: str = "") -> list[Answer]:
    """Ask for documents."""
    return list(service.documents({id: Validators(etag=etag) for id in ids or ("2020-Mar",)}, folder))


def content(answer: Answer) -> str:
    """The document that came."""
    assert isinstance(answer, Fetched), answer
    with open_item(answer.item, Limits()) as reader:
        return reader.read().decode()


def reason(answer: Answer) -> str:
    """Why it did not come."""
    assert isinstance(answer, Failed), answer
    return answer.reason


def test_index_and_document_are_fetched(service: Service, feed: Feed, tmp_path: Path) -> None:
    """At their addresses, packed on the way, with who is asking."""
    index = service.index()
    (answer,) = fetch(service, tmp_path)

    assert index.documents == {"2020-Mar": "2020-03-12T07:00:00"}
    assert content(answer) == BODY
    assert feed.paths() == [INDEX, MARCH]
    asked = feed.asked[1][1]
    assert (asked["Accept"], asked["Accept-Encoding"]) == ("application/xml", "gzip")
    assert asked["User-Agent"].startswith("kbgap/")


def test_a_document_is_asked_for_by_what_is_known_of_it(service: Service, tmp_path: Path) -> None:
    """Its ETag and date come back with it; sent again, they bring 304."""
    (first,) = fetch(service, tmp_path)
    assert isinstance(first, Fetched)

    (second,) = fetch(service, tmp_path, etag=first.validators.etag)

    assert first.validators.last_modified == "2020-03-12T07:00:00Z"
    assert second == NotModified(id="2020-Mar")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 408])
def test_what_may_pass_is_tried_again(
    status: int, service: Service, feed: Feed, pauses: list[float], tmp_path: Path
) -> None:
    """With pauses that double."""
    feed.fail(MARCH, saying(status), saying(status), hanging_up)

    (answer,) = fetch(service, tmp_path)

    assert content(answer) == BODY
    assert pauses == [1.0, 2.0, 4.0]


def test_pauses_have_jitter_and_an_end(feed: Feed, tmp_path: Path) -> None:
    """Up to half less, so that many clients do not come back at once, and never longer than the longest."""
    pauses: list[float] = []
    patience = Patience(timeout=1, tries=4, longest_pause=3)
    service = Service(feed.url, patience=patience, sleep=pauses.append, jitter=lambda: 1.0, proxies={})
    feed.fail(MARCH, *[saying(503)] * 4)

    (answer,) = fetch(service, tmp_path)

    assert pauses == [0.5, 1.0, 1.5]
    assert reason(answer) == (
        f"{feed.url}{MARCH}: the service answered 503, tried 4 times; check the connection, or try again later"
    )


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Wed, 01 Jul 2026 10:00:30 GMT", "Date": "Wed, 01 Jul 2026 10:00:00 GMT"}, 30.0),
        ({"Retry-After": "Wed, 01 Jul 2026 09:00:00 GMT", "Date": "Wed, 01 Jul 2026 10:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, 1.0),
    ],
)
def test_the_service_may_say_how_long_to_wait(
    headers: dict[str, str], pause: float, service: Service, feed: Feed, pauses: list[float], tmp_path: Path
) -> None:
    """In seconds, or until a time, which counts from the answer's own date."""

    def busy(request: BaseHTTPRequestHandler) -> None:
        request.send_response_only(503)
        for name, text in {**headers, "Content-Length": "0"}.items():
            request.send_header(name, text)
        request.end_headers()

    feed.fail(MARCH, busy)

    (answer,) = fetch(service, tmp_path)

    assert content(answer) == BODY
    assert pauses == [pause]


def test_a_wait_of_an_hour_is_not_waited(service: Service, feed: Feed, pauses: list[float], tmp_path: Path) -> None:
    """Nor is the service asked before it wants to be."""
    feed.fail(MARCH, saying(429, Retry_After="3600"))

    (answer,) = fetch(service, tmp_path)

    assert "answered 429, to come back in 3600 s" in reason(answer)
    assert pauses == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_what_will_not_pass_is_told_at_once(
    status: int, service: Service, feed: Feed, pauses: list[float], tmp_path: Path
) -> None:
    """Asking again would give the same."""
    feed.fail(MARCH, saying(status))

    (answer,) = fetch(service, tmp_path)

    assert f"the service answered {status}" in reason(answer)
    assert pauses == []


def test_a_cut_answer_is_fetched_again(service: Service, feed: Feed, tmp_path: Path) -> None:
    """Cut before its length, in the middle of gzip, or in the middle of chunks."""

    def chunked(request: BaseHTTPRequestHandler) -> None:
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"1000\r\nhalf")
        request.close_connection = True

    half = gzip.compress(BODY.encode())[:-30]
    feed.fail(MARCH, cut(), saying(200, half, Content_Encoding="gzip"), chunked)

    (answer,) = fetch(service, tmp_path)

    assert content(answer) == BODY


def test_an_answer_that_is_no_gzip_is_fetched_again(service: Service, feed: Feed, tmp_path: Path) -> None:
    """Though it says that it is."""
    feed.fail(MARCH, saying(200, b"no gzip at all", Content_Encoding="gzip"))

    (answer,) = fetch(service, tmp_path)

    assert content(answer) == BODY


def test_an_answer_packed_in_another_way_is_refused(service: Service, feed: Feed, tmp_path: Path) -> None:
    """It was not asked for."""
    feed.fail(MARCH, saying(200, b"?", Content_Encoding="br"))

    (answer,) = fetch(service, tmp_path)

    assert "packs with br, which was not asked for" in reason(answer)


def test_an_answer_without_gzip_is_taken(service: Service, feed: Feed, tmp_path: Path) -> None:
    """A copy of the service may be a plain web server."""
    feed.fail(MARCH, saying(200, BODY.encode()))

    (answer,) = fetch(service, tmp_path)

    assert content(answer) == BODY


def test_a_bomb_stops_at_the_budget(feed: Feed, tmp_path: Path) -> None:
    """Twenty kilobytes on the wire, twenty megabytes unpacked."""
    service = Service(feed.url, limits=Limits(document=1 << 20), proxies={})
    feed.fail(MARCH, saying(200, gzip.compress(b" " * (20 << 20)), Content_Encoding="gzip"))

    (answer,) = fetch(service, tmp_path)

    assert "the answer is larger than 1 MiB" in reason(answer)


def test_a_service_that_does_not_answer_is_given_up(feed: Feed, tmp_path: Path) -> None:
    """After the time-out, as often as it is tried."""
    service = Service(feed.url, patience=Patience(timeout=0.1, tries=2), sleep=lambda _: None, proxies={})
    feed.fail(MARCH, *[lambda _: time.sleep(0.3)] * 2)

    (answer,) = fetch(service, tmp_path)

    assert "the connection failed: timed out, tried 2 times" in reason(answer)


def test_an_answer_that_never_ends_is_given_up(feed: Feed, tmp_path: Path) -> None:
    """A byte every now and then keeps every time-out away; the whole document has a time of its own."""

    def dripping(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(20):
            request.wfile.write(b" ")
            request.wfile.flush()
            time.sleep(0.02)

    patience = Patience(timeout=1, document=0.1, tries=1)
    service = Service(feed.url, patience=patience, proxies={})
    feed.fail(MARCH, dripping)

    (answer,) = fetch(service, tmp_path)

    assert "the answer was not complete after" in reason(answer)


def test_redirects_are_followed_a_few_times(service: Service, feed: Feed, tmp_path: Path) -> None:
    """Relative ones too; a circle ends."""
    feed.put("2020-Apr", month("2020-Apr", 1))
    feed.fail(f"{DOCUMENT}2020-Apr", *[saying(302, Location=f"{DOCUMENT}2020-Apr")] * 50)
    feed.fail(MARCH, saying(301, Location="../cvrf/2020-Mar"))

    march, april = fetch(service, tmp_path, "2020-Mar", "2020-Apr")

    assert content(march) == BODY
    assert "more than 5 redirects" in reason(april)


@pytest.mark.parametrize("location", ["", "file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "gopher:x"])
def test_a_redirect_to_anything_but_the_web_is_refused(
    location: str, service: Service, feed: Feed, tmp_path: Path
) -> None:
    """The service cannot make this machine read its own files."""
    feed.fail(MARCH, saying(302, Location=location))

    (answer,) = fetch(service, tmp_path)

    assert f"the service redirects to {location!r}" in reason(answer)


def test_when_several_fail_in_a_row_the_rest_is_not_tried(feed: Feed, tmp_path: Path) -> None:
    """A service that is down is not asked for 190 documents, five times each."""
    service = Service(feed.url, patience=Patience(timeout=1, tries=1), proxies={})
    ids = [f"20{year}-Mar" for year in range(20, 60)]
    for id in ids:
        feed.fail(f"{DOCUMENT}{id}", saying(500))

    answers = fetch(service, tmp_path, *ids)

    assert len(answers) == 40
    assert "was not tried: the service failed 3 times in a row" in reason(answers[-1])
    assert len(feed.asked) < 10


def test_documents_that_are_not_there_do_not_stop_the_others(service: Service, tmp_path: Path) -> None:
    """404 for ten of them is no sign that the service is down."""
    answers = fetch(service, tmp_path, *(f"20{year}-Mar" for year in range(30, 40)), "2020-Mar")

    assert content(answers[-1]) == BODY


def test_a_service_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With its address and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    service = Service(url, patience=Patience(tries=2), sleep=lambda _: None, proxies={})

    with pytest.raises(Unavailable, match=r"updates: the connection failed: .*refused, tried 2 times; check"):
        service.index()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<html>", "not complete JSON"),
        (b'{"value": []}', "the list of updates names no document"),
        (b'{"error": {"code": 1}}', "no list of updates"),
        (b"", "not complete JSON"),
    ],
)
def test_an_index_that_is_none_is_refused(body: bytes, told: str, service: Service, feed: Feed) -> None:
    """With the address."""
    feed.index = body

    with pytest.raises(Invalid) as refusal:
        service.index()

    assert told in str(refusal.value)
    assert feed.url in str(refusal.value)


def test_a_full_disk_is_no_fault_of_the_connection(
    service: Service, pauses: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told as such, and not tried again."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zstandard.ZstdCompressor", full)

    (answer,) = fetch(service, tmp_path)

    assert "the disk is full" in reason(answer)
    assert pauses == []


def test_a_certificate_that_is_not_trusted_is_told_at_once() -> None:
    """Trying again would not make it better."""
    error = ssl.SSLCertVerificationError()
    error.verify_message = "self-signed certificate"

    with pytest.raises(Unavailable, match="the certificate is not trusted: self-signed certificate"):
        _explain_broken("https://localhost", error)


@pytest.mark.parametrize("base", ["", "api.msrc.microsoft.com", "file:///etc", "ftp://localhost", "https://"])
def test_only_web_addresses_are_taken(base: str) -> None:
    """Anything else is a mistake in the setting."""
    with pytest.raises(Invalid, match="no web address"):
        Service(base)


def test_from_https_no_redirect_leads_back_to_http() -> None:
    """What was asked for under seal is not taken from anyone."""
    from kbgap.catalogue.source import _followed

    with pytest.raises(Unavailable, match="the service redirects to"):
        _followed("https://localhost/a", "http://localhost/a")
    assert _followed("http://localhost/a", "https://localhost/b") == "https://localhost/b"


def test_an_answer_with_another_status_than_200_is_still_an_answer(
    service: Service, feed: Feed, tmp_path: Path
) -> None:
    """An empty one (204) is then no document: reading refuses it."""
    feed.fail(MARCH, lambda request: reply(request, 204))

    (answer,) = fetch(service, tmp_path)

    assert content(answer) == ""
