"""Read the body of a request within bounds, plain or packed.

The bounds hold while reading: what is too large is refused before it is in memory, and so is what is small only until
it is unpacked.
"""

import io
from collections.abc import AsyncIterator

from anyio import fail_after
from starlette.requests import Request

from kbgap.core.errors import Invalid
from kbgap.inventory.packing import unpacked
from kbgap.server.errors import BadBody, BodyTooLarge, TooSlow, UnknownEncoding

_STALLS_AFTER = 30.0  # seconds in which the next piece must come
_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "zstd"})


async def read_body(request: Request, limit: int) -> bytes:
    """The body as it came, at most ``limit`` bytes of it."""
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise UnknownEncoding(f"The content encoding {encoding[:40]!r} is not supported", mend="send gzip, or none")
    pieces: list[bytes] = []
    size = 0
    async for piece in _in_time(request):
        size += len(piece)
        if size > limit:
            raise BodyTooLarge(f"The body is larger than {limit:,} bytes", mend="send it in parts, or packed with gzip")
        pieces.append(piece)
    return b"".join(pieces)


async def _in_time(request: Request) -> AsyncIterator[bytes]:
    stream = request.stream()
    while True:
        try:
            with fail_after(_STALLS_AFTER):
                piece = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise TooSlow("The rest of the body does not come", mend="send it again") from error
        yield piece


def unpack_body(body: bytes, limit: int) -> bytes:
    """The body without its packing, which is told by its first bytes: many senders do not name it in the header."""
    try:
        plain = unpacked(io.BytesIO(body)).read(limit + 1)
    except Invalid as error:
        raise BadBody(error.what, mend=error.mend) from error
    if len(plain) > limit:
        raise BodyTooLarge(f"The body unpacks to more than {limit:,} bytes", mend="send it in parts")
    return plain
