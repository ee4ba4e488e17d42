"""Unpack gzip and zstd as it is read, so that nobody pays for more than is asked for."""

import io
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol, cast

import zstandard

from kbgap.core.errors import Invalid

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
# Small enough that the worst pack (gzip 1:1,032, zstd 1:32,768) never unpacks into more than 64 MiB at one time.
_GZIP_CHUNK = 1 << 16
_ZSTD_CHUNK = 1 << 11
# What ordinary zstd files need; a frame may not ask for more memory than this.
_ZSTD_WINDOW = 1 << 27


class _Member(Protocol):
    """One packed part of a file: gzip member or zstd frame."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


class _Unpacking(io.RawIOBase):
    """The bytes inside one or more packed members; a file that ends inside a member is an error, not an end."""

    def __init__(self, source: BinaryIO, start: Callable[[], _Member], chunk: int) -> None:
        self._source = source
        self._start = start
        self._chunk = chunk
        self._member: _Member | None = None
        self._ready = b""

    def readable(self) -> bool:
        """Say that this is for reading."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` plain bytes, an empty answer at the end of the file."""
        while not self._ready and self._fill():
            pass
        out, self._ready = self._ready[:size], self._ready[size:]
        return out

    def readinto(self, buffer: object, /) -> int:
        """Fill a buffer, as BufferedReader asks for it."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type] # what BufferedReader hands over is a buffer
        out = self.read(len(view))
        view[: len(out)] = out
        return len(out)

    def _fill(self) -> bool:
        """Unpack the next piece; False at the end of the file."""
        if self._member is None or self._member.eof:
            packed = (self._member.unused_data if self._member else b"") or self._source.read(self._chunk)
            if not packed.strip(b"\0"):
                return False  # padding after the last member is usual
            self._member = self._start()
        else:
            packed = self._source.read(self._chunk)
        try:
            if not packed:
                raise Invalid("the packed data ends too early", mend="send the whole file")
            self._ready = self._member.decompress(packed)
        except (zlib.error, zstandard.ZstdError) as error:
            raise Invalid("the packed data is broken", mend="pack the file anew with gzip or zstd") from error
        return True


def _gzip_member() -> _Member:
    return zlib.decompressobj(wbits=31)


def _zstd_frame() -> _Member:
    return cast("_Member", zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj())


def unpacked(source: BinaryIO) -> io.BufferedReader:
    """The plain bytes of a stream that may be gzip or zstd, told by its first bytes; others come as they are.

    Reading raises ``Invalid``, without a place, where the packed data is cut or broken.
    """
    buffered = source if isinstance(source, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", source))
    head = buffered.peek(4)[:4]
    if head.startswith(_GZIP):
        return io.BufferedReader(_Unpacking(buffered, _gzip_member, _GZIP_CHUNK))
    if head.startswith(_ZSTD):
        return io.BufferedReader(_Unpacking(buffered, _zstd_frame, _ZSTD_CHUNK))
    return buffered


def unpack(data: bytes, limit: int) -> bytes:
    """The plain bytes of data that may be gzip or zstd; ``Invalid`` when they are broken or more than ``limit``."""
    is_packed = data.startswith((_GZIP, _ZSTD))
    plain = unpacked(io.BytesIO(data)).read(limit + 1) if is_packed else data
    if len(plain) > limit:
        raise Invalid(f"the data is larger than {limit:,} bytes when unpacked", mend="send it in smaller parts")
    return plain
