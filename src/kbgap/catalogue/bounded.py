"""Read files and responses no further than a budget, whatever they unpack to.

A few kilobytes can unpack to gigabytes, and a few megabytes of brackets to gigabytes of objects. So three things are
counted while reading: bytes of one document, bytes of all, and the marks that begin elements or objects.
"""

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Protocol

import zstandard

from kbgap.core.errors import Invalid
from kbgap.core.model import Value

_MIB = 1 << 20
# A long window is how a small frame asks for much memory; 27 is what `zstd --long` makes.
_LARGEST_WINDOW = 1 << 27


class Limits(Value, frozen=True):
    """How much is read at most: bytes after unpacking of one document and of all, marks of one document, files.

    Microsoft's largest document of July 2026 has 10.7 MB and 321,000 marks; all 190 together have 365 MB.
    """

    document: int = 64 * _MIB
    total: int = 4096 * _MIB
    marks: int = 2_000_000
    files: int = 20_000


class Readable(Protocol):
    """Anything that gives at most so many bytes at a time, and none at the end."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""


class BoundedReader(io.RawIOBase):
    """A stream that refuses to give more than its limits allow, and knows the SHA-256 of what it gave."""

    def __init__(self, stream: Readable, where: str, limits: Limits, marks: bytes = b"") -> None:
        """Read ``stream``; ``where`` names it in errors, each byte of ``marks`` counts."""
        super().__init__()
        self._stream = stream
        self._where = where
        self._limits = limits
        self._marks = marks
        self._seen = 0
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes read so far."""
        return self._digest.hexdigest()

    def count(self, marks: bytes) -> None:
        """Count other marks from now on."""
        self._marks = marks

    def readable(self) -> bool:
        """It is for reading only."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Read at most ``size`` bytes, all that is left when negative; empty at the end. Raises ``Invalid``."""
        if size < 0:
            return b"".join(iter(lambda: self.read(1 << 16), b""))
        try:
            data = self._stream.read(size)
        except EOFError as error:
            raise Invalid("the file is cut", where=self._where, mend="fetch it again") from error
        except (OSError, zipfile.BadZipFile, zlib.error, zstandard.ZstdError) as error:
            raise Invalid(f"cannot be unpacked: {error}", where=self._where, mend="fetch it again") from error
        self.size += len(data)
        self._seen += sum(data.count(bytes((mark,))) for mark in self._marks)
        if self.size > self._limits.document:
            raise Invalid(f"larger than {self._limits.document // _MIB} MiB when unpacked", where=self._where)
        if self._seen > self._limits.marks:
            raise Invalid(f"more than {self._limits.marks:,} elements", where=self._where)
        self._digest.update(data)
        return data


def unpacked(stream: IO[bytes], name: str) -> Readable:
    """The content of a file named ``name``: ``.zst`` and ``.gz`` are unpacked as they are read, anything else as is."""
    lower = name.lower()
    if lower.endswith(".zst"):
        reader = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
        return reader.stream_reader(stream, read_across_frames=True, closefd=False)
    if lower.endswith(".gz"):
        return gzip.GzipFile(fileobj=stream)
    return stream


def gunzipped(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Unpack gzip as it comes in, at most so many bytes at a time; zlib.error when broken, EOFError when cut."""
    unzip = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        pending = chunk
        while pending:
            yield unzip.decompress(pending, most)
            pending = unzip.unconsumed_tail
    if not unzip.eof:
        raise EOFError("it was cut")
