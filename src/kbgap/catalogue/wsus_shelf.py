"""Keep what each offline scan file said, so that later refreshes go on counting it.

Microsoft takes updates out of the file as they are superseded, so an older file says what a newer one no longer does.
"""

import os
from contextlib import suppress
from pathlib import Path

import msgspec
import zstandard

from kbgap.catalogue.wsus import Scan
from kbgap.core.errors import Unavailable
from kbgap.core.model import Value

_FORMAT = 1
_SUFFIX = ".scan.zst"
_LARGEST = 1 << 30


class _Kept(Value, frozen=True):
    format: int
    scan: Scan


class ScanShelf:
    """The scan files that were read, in ``folder``: one file each, named by day and checksum."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, which need not exist yet."""
        self.folder = folder

    def keep(self, scan: Scan) -> None:
        """Keep one scan, whole or not at all; the same file given again takes its own place."""
        partial = self.folder / f".keeping-{os.getpid()}"
        body = zstandard.ZstdCompressor(level=9).compress(msgspec.msgpack.encode(_Kept(format=_FORMAT, scan=scan)))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.folder / f"{scan.day}-{scan.sha256[:16]}{_SUFFIX}")
        except OSError as error:
            raise Unavailable(f"the scan file cannot be kept: {error.strerror}", where=str(self.folder)) from error
        finally:
            with suppress(OSError):
                partial.unlink()

    def scans(self) -> tuple[Scan, ...]:
        """Every scan that is kept, by day; Unavailable when one cannot be read."""
        return tuple(_read(path) for path in sorted(self.folder.glob(f"[!.]*{_SUFFIX}")))


def _read(path: Path) -> Scan:
    mend = "delete it, and give the scan file again: kbgap catalogue refresh --wsus"
    try:
        body = zstandard.ZstdDecompressor().decompress(path.read_bytes(), max_output_size=_LARGEST)
        kept = msgspec.msgpack.decode(body, type=_Kept)
    except OSError as error:
        raise Unavailable(f"a kept scan cannot be read: {error.strerror}", where=str(path)) from error
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise Unavailable(f"a kept scan is broken: {error}", where=str(path), mend=mend) from error
    if kept.format != _FORMAT:
        raise Unavailable("a kept scan is of another version of kbgap", where=str(path), mend=mend)
    return kept.scan
