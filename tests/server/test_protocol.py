"""The head of a request is bounded in size and in time, and so is the waiting for its body."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from kbgap.server import bodies, protocol
from tests.server.conftest import Server


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    """A bare connection to a server."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        yield connection


def all_of(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    pieces = []
    with suppress(ConnectionResetError):  # it closed with something of ours unread
        while piece := connection.recv(65_536):
            pieces.append(piece)
    return b"".join(pieces)


REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize("start", [REQUEST + b"X-Long: ", b"GET /", REQUEST + b"X-", b"POST /healthz HTTP/1.1\r\nA: "])
def test_a_head_that_is_too_large_is_refused(server: Server, start: bytes) -> None:
    """Before all of it is in memory: 431, and the connection ends."""
    with connected(server) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # refused while it was still sending
            connection.sendall(start + b"a" * (protocol.LARGEST_HEAD + 1))
        answer = all_of(connection)

    assert answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 ")) or answer == b""
    assert server.http.get("/healthz").status_code == 200


def test_many_headers_are_bounded_too(server: Server) -> None:
    """Each of them may be small."""
    with connected(server) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # as above
            connection.sendall(REQUEST + b"a: b\r\n" * 20_000)
        answer = all_of(connection)

    assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""


def test_a_head_within_the_bound_is_answered(server: Server) -> None:
    """The longest token has room; and the bound begins anew with each request of a connection."""
    with connected(server) as connection:
        for _ in range(3):
            connection.sendall(REQUEST + b"X-Long: " + b"a" * 40_000 + b"\r\n\r\n")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_a_body_is_not_counted_as_head(server: Server) -> None:
    """It may come in one piece with its headers, and has a bound of its own."""
    head = f"POST /inventory/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token()}\r\n"
    body = b" " * 200_000
    with connected(server) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = connection.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"InvalidRequestBody" in answer


def test_a_head_that_does_not_come_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that says nothing, or one letter now and then, is closed with 408."""
    monkeypatch.setattr(protocol, "HEAD_TIMEOUT", 0.3)
    began = time.monotonic()
    with connected(server) as silent, connected(server) as slow:
        for letter in (b"G", b"E"):
            slow.sendall(letter)
            time.sleep(0.1)
        answers = [all_of(silent), all_of(slow)]

    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
    assert time.monotonic() - began < 5


def test_a_connection_that_was_answered_may_rest(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two requests the bound for idle connections holds, which is longer."""
    monkeypatch.setattr(protocol, "HEAD_TIMEOUT", 0.2)
    with connected(server) as connection:
        for _ in range(2):
            connection.sendall(REQUEST + b"\r\n")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
            time.sleep(0.4)


def test_a_body_that_does_not_come_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """408 in the shape of every error."""
    monkeypatch.setattr(bodies, "_STALLS_AFTER", 0.3)
    head = f"POST /inventory/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token()}\r\n"
    with connected(server) as connection:
        connection.sendall(f"{head}Content-Length: 1000\r\n\r\n{{".encode())
        answer = connection.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"RequestTimeout"' in answer
