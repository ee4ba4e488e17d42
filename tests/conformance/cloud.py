"""A forward proxy on loopback that answers for the cloud's host names: what is asked of them reaches our server."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

CLOUD = (
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.windows.net",
    "api.security.microsoft.com",
    "api.securitycenter.microsoft.com",
    "api.securitycenter.windows.com",
    "us.api.security.microsoft.com",
    "eu.api.security.microsoft.com",
    "uk.api.security.microsoft.com",
)
_REFUSED = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_CHUNK = 1 << 16


@dataclass
class Proxy:
    """Where the proxy listens, and which hosts were asked for, in order."""

    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """What ``HTTPS_PROXY`` is set to."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def cloud(target: int) -> Iterator[Proxy]:
    """A proxy that leads every host of the cloud to a port of this machine, and refuses all others."""
    proxy, ready = Proxy(), threading.Event()
    ends: list[Callable[[], object]] = []

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, _, rest = head.decode("latin-1").partition(" ")
            host = rest.partition(" ")[0].rpartition(":")[0]
            proxy.asked.append(host)
            if method != "CONNECT" or host not in CLOUD:
                writer.write(_REFUSED)
            else:
                its_reader, its_writer = await asyncio.open_connection("127.0.0.1", target)
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await asyncio.gather(_pipe(reader, its_writer), _pipe(its_reader, writer))
        writer.close()

    async def answer() -> None:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        async with await asyncio.start_server(tunnel, "127.0.0.1", 0) as server:
            proxy.port = server.sockets[0].getsockname()[1]
            ends.append(lambda: loop.call_soon_threadsafe(ended.set))
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(answer()))
    thread.start()
    ready.wait()
    yield proxy
    ends[0]()
    thread.join()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(_CHUNK):
            writer.write(piece)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()
