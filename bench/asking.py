"""Ask a server for one path over and over on many connections, and tell how fast it answers."""

import asyncio
import time
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlsplit

import uvloop

CONNECTIONS = 64
_NUMBER = b"{number}"  # stands for a number of its own in each request
_numbers = count()


@dataclass(slots=True)
class Answers:
    """What came back within the time: seconds that each answer took, and the size of the last body."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    body_bytes: int = 0

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


def ask(
    url: str, seconds: float, token: str = "", connections: int = CONNECTIONS, *, is_distinct: bool = False
) -> Answers:
    """Keep every connection busy for so long; anything but 200 is an error.

    ``is_distinct``: no two questions are alike, so that none is answered from memory.
    """
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"
    path += f"?number={_NUMBER.decode()}" if is_distinct else ""
    lines = [f"GET {path} HTTP/1.1", f"Host: {parts.netloc}", *([f"Authorization: Bearer {token}"] if token else [])]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    return uvloop.run(_ask(str(parts.hostname), int(parts.port or 80), request, seconds, connections))


async def _ask(host: str, port: int, request: bytes, seconds: float, connections: int) -> Answers:
    loop = asyncio.get_running_loop()
    answers = Answers(seconds)
    until = loop.time() + seconds
    over: list[asyncio.Future[None]] = [loop.create_future() for _ in range(connections)]
    for future in over:

        def connection(future: asyncio.Future[None] = future) -> _Connection:
            return _Connection(request, until, answers, future)

        await loop.create_connection(connection, host, port)
    await asyncio.gather(*over)
    return answers


class _Connection(asyncio.Protocol):
    """One connection that asks again as soon as it has its answer."""

    def __init__(self, request: bytes, until: float, answers: Answers, over: "asyncio.Future[None]") -> None:
        self._request = request
        self._is_distinct = _NUMBER in request
        self._until = until
        self._answers = answers
        self._over = over
        self._received = 0
        self._expected = 0
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # TCP has one
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._over.done():
            self._over.set_exception(exc or ConnectionError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        if not self._expected:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            self._begin(self._head[:end].lower())
            self._received = len(self._head) - end - 4
        else:
            self._received += len(data)
        if self._received >= self._expected:
            self._done()

    def _begin(self, head: bytes) -> None:
        assert head.startswith(b"http/1.1 200 "), head.decode()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        self._expected = int(length)

    def _done(self) -> None:
        now = time.perf_counter()
        self._answers.latencies.append(now - self._sent_at)
        self._answers.body_bytes = self._expected
        if asyncio.get_running_loop().time() < self._until:
            self._send()
        elif not self._over.done():
            self._over.set_result(None)
            self._transport.close()

    def _send(self) -> None:
        self._received = self._expected = 0
        self._head = b""
        self._sent_at = time.perf_counter()
        if self._is_distinct:
            self._transport.write(self._request.replace(_NUMBER, b"%d" % next(_numbers)))
        else:
            self._transport.write(self._request)
