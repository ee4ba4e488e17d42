"""Running: the server listens where it is told, says when it answers, and ends in order."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from kbgap.core.errors import Unavailable
from kbgap.server.run import address_of_socket, in_background, listen


def test_port_0_takes_a_free_one() -> None:
    """Tests and the demo run beside whatever else runs."""
    with listen("127.0.0.1", 0) as one, listen("127.0.0.1", 0) as other:
        addresses = {address_of_socket(one), address_of_socket(other)}

    assert len(addresses) == 2
    assert all(address.startswith("http://127.0.0.1:") for address in addresses)


def test_a_server_that_listens_everywhere_is_reached_on_loopback() -> None:
    """0.0.0.0 is no address that a link can have."""
    with listen("0.0.0.0", 0) as everywhere:
        assert address_of_socket(everywhere).startswith("http://127.0.0.1:")


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_address_stands_in_brackets() -> None:
    """As in every URL."""
    try:
        listening = listen("::1", 0)
    except Unavailable:
        pytest.skip("this machine has no IPv6 loopback")
    with listening:
        assert address_of_socket(listening).startswith("http://[::1]:")


@pytest.mark.parametrize("host", ["no host", "192.0.2.1"])
def test_where_it_cannot_listen_is_said_in_one_line(host: str) -> None:
    """With the way to mend it."""
    with pytest.raises(Unavailable, match="choose another --host or --port"):
        listen(host, 0)


def test_a_port_in_use_is_said() -> None:
    """Two servers cannot have one port."""
    with (
        listen("127.0.0.1", 0) as first,
        pytest.raises(Unavailable, match=r"127\.0\.0\.1:\d+: the server cannot listen"),
    ):
        listen("127.0.0.1", first.getsockname()[1])


def test_a_request_that_has_begun_is_answered_before_the_end() -> None:
    """Stopping the server breaks nothing off."""
    begun = threading.Event()

    async def slow(request: Request) -> PlainTextResponse:
        begun.set()
        await anyio.sleep(0.3)
        return PlainTextResponse("done")

    app = Starlette(routes=[Route("/slow", slow)])
    answers: list[str] = []
    with listen("127.0.0.1", 0) as listening:
        url = address_of_socket(listening)
        client = threading.Thread(target=lambda: answers.append(httpx2.get(f"{url}/slow").text))
        with in_background(app, listening):
            client.start()
            assert begun.wait(10)
            ended = time.monotonic()
        client.join()

    assert answers == ["done"]
    assert time.monotonic() - ended < 10


def test_a_server_that_does_not_start_says_so() -> None:
    """Whoever waits for it is not left waiting."""

    async def fail() -> None:
        raise ZeroDivisionError

    @asynccontextmanager
    async def broken(app: Starlette) -> AsyncIterator[None]:
        await fail()
        yield

    with (
        listen("127.0.0.1", 0) as listening,
        pytest.raises(Unavailable, match="did not start"),
        in_background(Starlette(lifespan=broken), listening),
    ):
        pass


HANGING = """
import time
from anyio import to_thread
from kbgap.cli.serve import ending_when_told
from kbgap.server import run

run._ENDS_WITHIN, run._IS_GONE_WITHIN = 1, 2.0


async def hang(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    print("begun", flush=True)
    await to_thread.run_sync(time.sleep, 600)


listening = run.listen("127.0.0.1", 0)
with ending_when_told():
    run.serve(hang, listening, lambda: print(listening.getsockname()[1], flush=True))
"""


def test_the_process_ends_although_a_thread_does_not() -> None:
    """A database that answers no more cannot keep a server from being replaced."""
    command = [sys.executable, "-c", HANGING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert process.stdout.readline() == "begun\n"
            process.send_signal(signal.SIGTERM)
            told = time.monotonic()
            code = process.wait(30)

    assert code == 3
    assert time.monotonic() - told < 10
