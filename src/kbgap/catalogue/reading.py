"""Read many files into documents, on all processors where that pays, each file for itself."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial

from kbgap.catalogue.bounded import BoundedReader, Limits
from kbgap.catalogue.files import Item, open_item
from kbgap.catalogue.msrc_index import Index, is_index, read_index
from kbgap.catalogue.msrc_json import decode_json, read_json
from kbgap.catalogue.msrc_xml import read_xml
from kbgap.catalogue.records import Document
from kbgap.core.errors import Invalid
from kbgap.core.model import Value

_HEAD = 4096
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
# Starting a process takes as long as reading some 10 MB; a packed document unpacks to about 40 times its size.
_WORTH_PROCESSES = 40_000_000
_UNPACKS_TO = 40
_MOST_PROCESSES = 8


class ReadDocument(Value, frozen=True):
    """A file that held a document; ``format`` is xml or json, ``sha256`` and ``size`` are of the unpacked bytes."""

    item: Item
    document: Document
    format: str
    sha256: str
    size: int


class ReadIndex(Value, frozen=True):
    """A file that held the service's list of documents."""

    item: Item
    index: Index
    size: int


class Unreadable(Value, frozen=True):
    """A file that is neither, and why: one line with what, where and how to mend it."""

    item: Item
    reason: str


Result = ReadDocument | ReadIndex | Unreadable


def read_item(item: Item, limits: Limits) -> Result:
    """Read one file; whatever is wrong with it is told in the result."""
    try:
        with open_item(item, limits) as reader:
            return _read(item, reader)
    except Invalid as error:
        return Unreadable(item=item, reason=str(error))


def read_items(items: Sequence[Item], limits: Limits, processes: int | None = None) -> Iterator[Result]:
    """Read files in their order; ``processes`` None decides by size. Raises ``Invalid`` when all exceed the budget.

    Where processes cannot be started or die (no semaphores, killed for memory), the rest is read in this process.
    """
    total = 0
    for result in _results(items, limits, processes or _processes(items)):
        if not isinstance(result, Unreadable):
            total += result.size
        if total > limits.total:
            raise Invalid(
                f"all documents together unpack to more than {limits.total >> 20} MiB",
                where=result.item.where,
                mend="give fewer files",
            )
        yield result


def _read(item: Item, reader: BoundedReader) -> Result:
    head = reader.read(_HEAD)
    opened = _Again(head, reader)
    if _first_character(head) == b"<":
        reader.count(b"<")
        document = read_xml(opened, item.where)
        return ReadDocument(item=item, document=document, format="xml", sha256=reader.sha256, size=reader.size)
    reader.count(b"[{,")
    data = decode_json(opened.read(), item.where)
    if is_index(data):
        return ReadIndex(item=item, index=read_index(data, item.where), size=reader.size)
    document = read_json(data, item.where)
    return ReadDocument(item=item, document=document, format="json", sha256=reader.sha256, size=reader.size)


class _Again:
    """Gives the bytes that were looked at once more, and then the rest."""

    def __init__(self, head: bytes, rest: BoundedReader) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        head, self._head = self._head, b""
        if size < 0:
            return head + self._rest.read()
        return head or self._rest.read(size)


def _first_character(head: bytes) -> bytes:
    """The first character that is neither blank nor byte-order mark, also of UTF-16 text."""
    for mark in _BYTE_ORDER_MARKS:
        head = head.removeprefix(mark)
    return head.replace(b"\0", b"").lstrip()[:1]


def _processes(items: Sequence[Item]) -> int:
    unpacked = sum(item.size * (_UNPACKS_TO if item.is_packed else 1) for item in items)
    if unpacked < _WORTH_PROCESSES or multiprocessing.current_process().daemon:
        return 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, len(items), _MOST_PROCESSES)


def _results(items: Sequence[Item], limits: Limits, processes: int) -> Iterator[Result]:
    done = 0
    if processes > 1:
        try:
            for result in _in_processes(items, limits, processes):
                yield result
                done += 1
        except (BrokenProcessPool, OSError, ImportError):
            pass  # what is missing is read below
    for item in items[done:]:
        yield read_item(item, limits)


def _in_processes(items: Sequence[Item], limits: Limits, processes: int) -> Iterator[Result]:
    # Spawned, not forked: a server's threads and locks do not survive a fork.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context)
    try:
        yield from pool.map(partial(read_item, limits=limits), items)
    finally:
        pool.shutdown(cancel_futures=True)
