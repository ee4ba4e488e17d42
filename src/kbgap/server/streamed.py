"""Send what is too large for memory: made in one thread, packed on the way, and given up when nobody reads it."""

import gzip
import io
import logging
from collections.abc import Callable, Iterator

from anyio import (
    BrokenResourceError,
    CapacityLimiter,
    create_memory_object_stream,
    create_task_group,
    fail_after,
    from_thread,
    to_thread,
)
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

log = logging.getLogger("kbgap.server")

_PIECE = 256 * 1024  # bytes that are packed together, at least
_AHEAD = 2  # packed pieces that may wait for the client
_STALLS_AFTER = 60.0  # seconds in which the client must take a piece
_LEVEL = 1


class StreamedGzip(Response):
    """A body that is made while it is sent, packed with gzip."""

    def __init__(self, make: Callable[[], Iterator[bytes]], limiter: CapacityLimiter, media_type: str) -> None:
        """``make`` gives the plain bytes; it is called and read in one thread, of which ``limiter`` allows so many."""
        super().__init__(media_type=media_type)
        self._make = make
        self._limiter = limiter
        self.raw_headers = [pair for pair in self.raw_headers if pair[0] != b"content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all of it, or as much as the client takes."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] != "HEAD":
            await self._send_body(receive, send)
        await send({"type": "http.response.body", "body": b""})

    async def _send_body(self, receive: Receive, send: Send) -> None:
        into, out = create_memory_object_stream[bytes](_AHEAD)
        async with create_task_group() as tasks:

            async def watch() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(watch)
            tasks.start_soon(self._produce, into)
            await _pass_on(out, send)
            tasks.cancel_scope.cancel()

    async def _produce(self, into: MemoryObjectSendStream[bytes]) -> None:
        def produce() -> None:
            for piece in _packed(self._make()):
                try:
                    from_thread.run(into.send, piece)
                except BrokenResourceError:
                    return  # nobody reads any more

        async with into:
            await to_thread.run_sync(produce, limiter=self._limiter)


async def _pass_on(out: MemoryObjectReceiveStream[bytes], send: Send) -> None:
    async with out:
        async for piece in out:
            with fail_after(_STALLS_AFTER):
                await send({"type": "http.response.body", "body": piece, "more_body": True})


def _packed(plain: Iterator[bytes]) -> Iterator[bytes]:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=_LEVEL, mtime=0) as packing:
        for piece in plain:
            packing.write(piece)
            if buffer.tell() >= _PIECE:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue()
