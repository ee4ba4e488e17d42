"""What is written to a connection arrives whole and in order, and a small answer in one piece."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from kbgap.server.gathered import GatheringTransport
from tests.server.conftest import Server

LARGE = 200_000


def arrived(write: Callable[[GatheringTransport], Awaitable[None]]) -> bytes:
    """What the other end of a connection reads until it is closed, while this is written to it."""

    async def work() -> bytes:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)

        async def read() -> bytes:
            read = b""
            while piece := await loop.sock_recv(theirs, 65_536):
                read += piece
            return read

        reading = asyncio.create_task(read())
        await write(GatheringTransport(transport, loop))
        with theirs:
            return await reading

    return asyncio.run(work())


@pytest.mark.parametrize("pause", [False, True])
@pytest.mark.parametrize(
    "sizes", [[1], [10, 20], [10, LARGE], [LARGE, 10], [10, LARGE, 10, 10, LARGE], [65_535, 65_536, 65_537], [0, 5]]
)
def test_everything_arrives_in_order(sizes: list[int], pause: bool) -> None:
    """However large the pieces are, and whether or not the loop goes on between them."""
    pieces = [bytes([65 + number]) * size for number, size in enumerate(sizes)]

    async def write(gathering: GatheringTransport) -> None:
        for piece in pieces:
            gathering.write(piece)
            if pause:
                await asyncio.sleep(0)
        gathering.close()

    assert arrived(write) == b"".join(pieces)


def test_what_is_given_up_is_not_written() -> None:
    """A connection that is broken off takes with it what was waiting."""

    async def write(gathering: GatheringTransport) -> None:
        gathering.write(b"half")
        gathering.abort()
        assert gathering.is_closing()

    assert arrived(write) == b""


def test_the_head_of_a_small_answer_brings_its_body_along(server: Server) -> None:
    """A client that reads once has all of it; each piece of its own would wake the client twice."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for _ in range(20):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            head, _, body = connection.recv(65_536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            assert body
