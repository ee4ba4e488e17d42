"""Finish the answer to a GET: its ETag, the 304 that saves its body, and gzip where the client takes it.

An ETag is made of the body, so it stays the same for as long as the answer does, on every server process. It is a weak
one, because the packed form of a body shares it. Large bodies are hashed and packed in a thread: 10 MB take 60 ms.
"""

import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TypeVar

from starlette.responses import Response

T = TypeVar("T")
RawHeaders = tuple[tuple[bytes, bytes], ...]
InThread = Callable[[Callable[[], T]], Awaitable[T]]

_WORTH_PACKING = 1_024  # bytes; less fits into one packet anyway
_LARGE = 64 * 1024  # bytes; what is smaller takes less time than a thread takes to start
_LEVEL = 1  # a third of the time of the usual 6, for a tenth more bytes
_TAGS = re.compile(r'(?:W/)?("[^"]*")')
# Whoever keeps a copy asks before using it again, and only the client itself may keep one.
_KEPT_BY = (b"cache-control", b"private, no-cache")


class Finished:
    """The whole answer to a GET in one encoding, as it is sent again and again."""

    __slots__ = ("_response", "body", "headers", "tag")

    def __init__(self, tag: bytes, headers: RawHeaders, body: bytes) -> None:
        """``headers`` are all but the length."""
        self.tag = tag
        self.headers = headers
        self.body = body
        self._response = _made(200, body, headers)  # nothing changes it, so that one will do for all

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return len(self.body) + 1_024

    def answer(self, if_none_match: bytes | None) -> Response:
        """What the client gets that has the answers with these tags already."""
        if if_none_match is not None and is_among(self.tag, if_none_match.decode("latin-1")):
            # RFC 9110, 15.4.5: what describes the body stays away with it.
            return _made(304, b"", tuple(pair for pair in self.headers if not pair[0].startswith(b"content-")))
        return self._response


async def finish(response: Response, in_thread: "InThread[Finished]", *, pack: bool) -> Finished:
    """Hash the body, and pack it for a client that takes that."""
    body = bytes(response.body)
    given = tuple(pair for pair in response.raw_headers if pair[0] != b"content-length")
    kept_by = () if any(name == b"cache-control" for name, _ in given) else (_KEPT_BY,)

    def make() -> Finished:
        tag = f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'.encode()
        headers = (*given, *kept_by, (b"vary", b"Accept-Encoding"), (b"etag", tag))
        if pack and len(body) >= _WORTH_PACKING:
            return Finished(tag, (*headers, (b"content-encoding", b"gzip")), gzip.compress(body, _LEVEL, mtime=0))
        return Finished(tag, headers, body)

    return make() if len(body) < _LARGE else await in_thread(make)


def is_among(tag: bytes, given: str) -> bool:
    """Whether an If-None-Match names the tag: the comparison is weak, ``*`` is any."""
    if given.strip() == "*":
        return True
    wanted = tag.decode().removeprefix("W/")
    return wanted in _TAGS.findall(given[:8_192])


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding takes gzip; nothing at all takes nothing."""
    weights: dict[str, bool] = {}
    for part in accepted[:1_024].lower().split(","):
        name, _, weight = part.partition(";")
        _, _, number = weight.partition("q=")
        weights[name.strip()] = not number or _is_positive(number)
    named = [taken for name, taken in weights.items() if name in {"gzip", "x-gzip"}]
    return any(named) if named else weights.get("*", False)


def _is_positive(number: str) -> bool:
    try:
        return float(number) > 0
    except ValueError:
        return False


def _made(status: int, body: bytes, headers: RawHeaders) -> Response:
    """A response with exactly these headers."""
    response = Response.__new__(Response)
    response.status_code = status
    response.background = None
    response.body = body
    length = () if status == 304 else ((b"content-length", str(len(body)).encode()),)
    response.raw_headers = [*headers, *length]
    return response
