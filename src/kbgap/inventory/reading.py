"""Read whatever people give: files, folders, packed or plain, in any known format, in the order given."""

import io
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from kbgap.core.errors import Invalid
from kbgap.inventory.decode import LIMITS, Limits, decode_report, decode_reports, is_json
from kbgap.inventory.formats import read_text
from kbgap.inventory.packing import unpacked
from kbgap.inventory.report import Report
from kbgap.inventory.text import decode_text
from kbgap.inventory.unite import Piece, Read, unite

Input = Read | Invalid

STDIN = "-"
_TEXT_LIMIT = 32 << 20
_PEEK = 512
_BLANK = b" \t\r\n\0"


class _Source:
    """One file, or the standard input; its plain bytes can be had as a stream."""

    def __init__(self, path: str, stream: BinaryIO | None = None) -> None:
        self.path = path
        self._stream = unpacked(stream) if stream else None

    @contextmanager
    def opened(self) -> Iterator[io.BufferedReader]:
        """The plain bytes from the beginning; the standard input goes on where it was left."""
        if self._stream is not None:
            yield self._stream
            return
        path = Path(self.path)
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would never end
            raise Invalid("this is neither a file nor a folder", mend="give files")
        with path.open("rb") as file:
            yield unpacked(file)


_Slot = _Source | Piece | Invalid


def read_inputs(
    paths: Iterable[str],
    stdin: BinaryIO | None = None,
    *,
    limits: Limits = LIMITS,
    installed_list: bool = False,
) -> Iterator[Input]:
    """One outcome for each machine, in the order of the inputs; files of one machine come in the place of the first.

    Args:
        paths: files, folders (all files below them, hidden ones left out), and ``-`` for the standard input.
        stdin: what ``-`` means.
        limits: how much is read of each file.
        installed_list: bare lists of KB numbers are lists of installed updates.

    Files of many reports are read report by report, so their size does not matter.
    """
    slots = [_slot(source, position, installed_list) for position, source in enumerate(_sources(paths, stdin))]
    united = dict(unite(slot for slot in slots if isinstance(slot, Piece)))
    for position, slot in enumerate(slots):
        if isinstance(slot, _Source):
            yield from _reports(slot, limits)
        elif isinstance(slot, Invalid):
            yield slot
        elif position in united:
            yield united[position]


# --- which files --------------------------------------------------------------------------------------------------


def _sources(paths: Iterable[str], stdin: BinaryIO | None) -> Iterator[_Source | Invalid]:
    for path in paths:
        if path == STDIN:
            yield (
                _Source("standard input", stdin) if stdin else Invalid("there is no standard input", mend="give files")
            )
        elif _is_folder(Path(path)):
            found = list(_files_below(Path(path), set()))
            yield from found or [Invalid("the folder holds no files", where=path, mend="give another")]
        else:
            yield _Source(path)


def _is_folder(path: Path) -> bool:
    """Say so only when it can be told; what goes wrong with a path is said where it is read."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _files_below(folder: Path, seen: set[tuple[int, int]]) -> Iterator[_Source | Invalid]:
    """The files of a folder in the order of their names; a folder that a link leads back to is read once."""
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:
            return
        seen.add((status.st_dev, status.st_ino))
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        yield _unreadable(error, str(folder))
        return
    for entry in entries:
        if _is_folder(entry):
            yield from _files_below(entry, seen)
        else:
            yield _Source(str(entry))


def _unreadable(error: Exception, path: str) -> Invalid:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return Invalid(f"it cannot be read: {reason}", where=path, mend="check the path and who may read it")


# --- what is in them ----------------------------------------------------------------------------------------------


def _slot(source: _Source | Invalid, position: int, installed_list: bool) -> _Slot:  # noqa: FBT001 - one caller
    """JSON is kept for later, all else is read now: any later file may belong to the same machine."""
    if isinstance(source, Invalid):
        return source
    try:
        with source.opened() as stream:
            if _looks_like_json(stream.peek(_PEEK)[:_PEEK]):
                return source
            text = _text(stream)
        partial = read_text(text, Path(source.path).name, installed_list=installed_list)
        return Piece(position=position, path=source.path, partial=partial)
    except Invalid as error:
        return Invalid(error.what, where=source.path, mend=error.mend)
    except (OSError, ValueError) as error:
        return _unreadable(error, source.path)


def _text(stream: io.BufferedReader) -> str:
    data = stream.read(_TEXT_LIMIT + 1)
    if len(data) > _TEXT_LIMIT:
        raise Invalid(f"the text is larger than {_TEXT_LIMIT:,} bytes", mend="give the output of one command")
    return decode_text(data).text


def _looks_like_json(head: bytes) -> bool:
    body = head.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    return body.lstrip(_BLANK)[:1] in (b"{", b"[")


def _reports(source: _Source, limits: Limits) -> Iterator[Input]:
    try:
        with source.opened() as stream:
            yield from _items(stream, source.path, limits)
    except Invalid as error:
        yield Invalid(error.what, where=error.where or source.path, mend=error.mend)
    except (OSError, ValueError) as error:
        yield _unreadable(error, source.path)


def _items(stream: BinaryIO, where: str, limits: Limits) -> Iterator[Input]:
    first = stream.readline(limits.item + 1)
    has_lines = first.startswith(b"{") and first.endswith(b"\n") and is_json(first)
    if has_lines:
        for number, line in enumerate(_lines(first, stream, limits.item), start=1):
            if line.strip():
                place = f"{where} line {number}"
                yield _read(decode_report(line.decode("utf-8", "surrogateescape").strip(), place, limits), place)
        return
    body = first + stream.read(limits.unpacked + 1 - len(first))
    for number, outcome in enumerate(decode_reports(body, where=where, limits=limits), start=1):
        yield _read(outcome, where if number == 1 else f"{where} report {number}")


def _lines(first: bytes, stream: BinaryIO, limit: int) -> Iterator[bytes]:
    """Line by line, none longer than just too long: the rest of such a line is skipped."""
    line = first
    while line:
        yield line
        while line and not line.endswith(b"\n"):
            line = stream.readline(limit)
        line = stream.readline(limit + 1)


def _read(outcome: Report | Invalid, where: str) -> Input:
    return outcome if isinstance(outcome, Invalid) else Read(where=where, report=outcome)
