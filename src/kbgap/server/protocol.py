"""Bound the head of a request in size and in time: uvicorn leaves both to a proxy that may not be there.

A connection that sends more than 64 KiB before the end of its headers, or takes longer than 20 seconds for them, is
closed: with 431 or 408 where nothing of another answer is on its way.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from kbgap.server.gathered import GatheringTransport

LARGEST_HEAD = 64 * 1024  # bytes of request line and headers; Node takes 16 KiB, a token may be 32
HEAD_TIMEOUT = 20.0  # seconds
_REFUSED = (
    "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n"
    "connection: close\r\n\r\n{text}"
)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's reader of HTTP/1.1 with bounds for what comes before the body."""

    _head_size = 0
    _is_in_head = True
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Begin to count, and to wait."""
        super().connection_made(transport)
        self.transport = GatheringTransport(transport, self.loop)
        self._begin_head()

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has become too large."""
        if self._is_in_head:
            self._head_size += len(data)
        super().data_received(data)
        # Only what came while no request's headers were complete counts: a body that follows in one piece does not.
        if self._is_in_head and self._head_size > LARGEST_HEAD:
            self._refuse("431 Request Header Fields Too Large", "The headers of the request are too large.")

    def on_message_begin(self) -> None:
        """A request begins: with a connection, or after another one on it."""
        super().on_message_begin()
        if not self._is_in_head:
            self._begin_head()

    def on_headers_complete(self) -> None:
        """The head is there: what follows has bounds of its own."""
        self._end_head()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._end_head()
        super().connection_lost(exc)

    def _begin_head(self) -> None:
        self._is_in_head, self._head_size = True, 0
        self._deadline = self.loop.call_later(HEAD_TIMEOUT, self._give_up)

    def _end_head(self) -> None:
        self._is_in_head = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._refuse("408 Request Timeout", "The headers of the request did not come in time.")

    def _refuse(self, status: str, text: str) -> None:
        """Say why, when the connection is not busy with the answer to an earlier request, and close it."""
        self._end_head()
        if self.transport.is_closing():
            return
        earlier: RequestResponseCycle | None = self.cycle  # None before the first request, which uvicorn's type hides
        if earlier is None or earlier.response_complete:
            self.transport.write(_REFUSED.format(status=status, length=len(text), text=text).encode("ascii"))
        self.transport.close()
