"""Turn values into keys and into bytes for the database, and back."""

import hashlib
import threading
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import msgspec
import zstandard

from kbgap.core.errors import Unavailable

_ZSTD = b"\x28\xb5\x2f\xfd"  # how every frame of zstd begins; older rows are packed with zlib

KEY_BYTES = 16  # 128 bits of SHA-256: two different values never share a key in practice

T = TypeVar("T")

_encoder = msgspec.json.Encoder(order="deterministic")  # sets have no order of their own


class _Packer(threading.local):
    """zstd for one thread: it keeps its working memory, which two threads must not share."""

    def __init__(self) -> None:
        self.pack = zstandard.ZstdCompressor(level=1).compress
        self.unpack = zstandard.ZstdDecompressor().decompress


_packer = _Packer()


def encode(value: object) -> bytes:
    """The one JSON text of a value: equal values give equal bytes."""
    return _encoder.encode(value)


def encode_text(value: object) -> str:
    """As ``encode``, as text."""
    return encode(value).decode()


def pack(encoded: bytes) -> bytes:
    """Make a JSON text small."""
    return _packer.pack(encoded)


def unpacked(packed: bytes) -> bytes:
    """The JSON text that was packed; Unavailable when the bytes are damaged."""
    try:
        return _packer.unpack(packed) if packed[:4] == _ZSTD else zlib.decompress(packed)
    except (zstandard.ZstdError, zlib.error) as error:
        raise Unavailable(f"a row of the database is damaged ({error})", mend="restore a backup") from error


def unpack(packed: bytes, kind: type[T]) -> T:
    """Read what was packed; Unavailable when the bytes are damaged."""
    try:
        return msgspec.json.decode(unpacked(packed), type=kind)
    except msgspec.DecodeError as error:
        raise Unavailable(f"a row of the database is damaged ({error})", mend="restore a backup") from error


def digest(parts: Iterable[bytes]) -> bytes:
    """The key of a value given as bytes, in parts that cannot be mistaken for one another."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8))
        whole.update(part)
    return whole.digest()[:KEY_BYTES]


def in_pieces(items: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """The items in lists of at most ``size``: databases bound the number of values in one statement."""
    left = iter(items)
    while piece := list(islice(left, size)):
        yield piece
