"""Fetch the list of documents and the documents from Microsoft's service, or from a copy of it.

``GET {base}/cvrf/v3.0/updates`` and ``{base}/cvrf/v3.0/cvrf/{ID}``. This is the one module of the catalogue that opens
outgoing connections; it does so with the standard library, which is enough and starts fast.
"""

import secrets
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from email.utils import parsedate_to_datetime
from errno import ENOSPC
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from ssl import SSLCertVerificationError
from typing import NoReturn, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

import zstandard

from kbgap import __version__
from kbgap.catalogue.bounded import Limits, gunzipped
from kbgap.catalogue.cache import Validators
from kbgap.catalogue.files import Item
from kbgap.catalogue.msrc_index import Index, read_index
from kbgap.catalogue.msrc_json import decode_json
from kbgap.core.errors import Invalid, KbgapError, NotFound, Unavailable
from kbgap.core.model import Value

T = TypeVar("T")

MICROSOFT = "https://api.msrc.microsoft.com"

_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 5
_NOT_THERE = {404, 410}
_WORTH_ANOTHER_TRY = {408, 425, 429, 500, 502, 503, 504}
_CHUNK = 1 << 16
_CONNECTIONS = 4
_GIVES_UP_AFTER = 3


class Patience(Value, frozen=True):
    """How long to wait, in seconds: for one answer to go on, for one document in all, between tries; and how many."""

    timeout: float = 30
    document: float = 600
    longest_pause: float = 60
    tries: int = 5


class Fetched(Value, frozen=True):
    """One document, packed into a file, with what to ask again by."""

    id: str
    item: Item
    validators: Validators


class NotModified(Value, frozen=True):
    """The service says that the document is still the one with the validators sent."""

    id: str


class Failed(Value, frozen=True):
    """The service did not give the document."""

    id: str
    reason: str


Answer = Fetched | NotModified | Failed


class _TryAgainError(Exception):
    """Something that may pass; ``pause`` in seconds when the service names one."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


class Service:
    """Microsoft's CVRF service, or another at ``base`` that answers alike.

    ``jitter`` gives a number from 0 to 1. ``proxies`` as in urllib: None takes those that the machine is set up with.
    """

    def __init__(
        self,
        base: str = MICROSOFT,
        *,
        patience: Patience | None = None,
        limits: Limits | None = None,
        sleep: Callable[[float], object] = time.sleep,
        jitter: Callable[[], float] = lambda: secrets.randbelow(1000) / 1000,
        proxies: dict[str, str] | None = None,
    ) -> None:
        """Check the address; nothing is fetched yet."""
        if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).hostname:
            raise Invalid("no web address", where=base, mend=f"give one like {MICROSOFT}")
        self._base = base.rstrip("/")
        self._patience = patience or Patience()
        self._limits = limits or Limits()
        self._sleep = sleep
        self._jitter = jitter
        self._opener = _opener(proxies)
        self._failures_in_a_row = 0

    def index(self) -> Index:
        """Fetch the list of documents; Unavailable when it is not to be had, Invalid when it is no such list."""
        url = f"{self._base}/cvrf/v3.0/updates"
        data = self._get(url, {"Accept": "application/json"}, lambda answer: b"".join(self._content(answer)))
        return read_index(decode_json(data or b"", url), url)

    def whole(self) -> bytes:
        """Fetch what is at the base address itself: a list that is one file. Errors as ``index``."""
        return self._get(self._base, {"Accept": "*/*"}, lambda answer: b"".join(self._content(answer))) or b""

    def documents(self, wanted: Mapping[str, Validators], folder: Path) -> Iterator[Answer]:
        """Fetch documents by id into files in ``folder``, a few at a time, and answer for each in the order given.

        With validators the service may answer that nothing changed. When several in a row fail, the rest is not tried.
        """
        self._failures_in_a_row = 0
        with ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="kbgap-fetch") as pool:
            yield from pool.map(lambda one: self._answer(one[0], one[1], folder), wanted.items())

    def _answer(self, id: str, validators: Validators, folder: Path) -> Answer:
        if self._failures_in_a_row >= _GIVES_UP_AFTER:
            return Failed(id=id, reason=f"{id} was not tried: the service failed {_GIVES_UP_AFTER} times in a row")
        try:
            answer = self._document(id, validators, folder)
        except (Invalid, NotFound) as error:  # the service works, this document does not
            return Failed(id=id, reason=str(error))
        except KbgapError as error:
            self._failures_in_a_row += 1
            return Failed(id=id, reason=str(error))
        self._failures_in_a_row = 0
        return answer

    def _document(self, id: str, validators: Validators, folder: Path) -> Answer:
        headers = {"Accept": "application/xml"}
        if validators.etag:
            headers["If-None-Match"] = validators.etag
        if validators.last_modified:
            headers["If-Modified-Since"] = validators.last_modified
        name = quote(id, safe="")
        path = folder / f"{name}.zst"

        def save(answer: HTTPResponse) -> Validators:
            with path.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as packer:
                for data in self._content(answer):
                    packer.write(data)
            get = answer.headers.get
            return Validators(etag=get("ETag", ""), last_modified=get("Last-Modified", ""))

        fresh = self._get(f"{self._base}/cvrf/v3.0/cvrf/{name}", headers, save)
        if fresh is None:
            return NotModified(id=id)
        return Fetched(id=id, item=Item(path=str(path), size=path.stat().st_size), validators=fresh)

    # --- one address ------------------------------------------------------------------------------------------------

    def _get(self, url: str, headers: Mapping[str, str], take: Callable[[HTTPResponse], T]) -> T | None:
        """What ``take`` makes of the answer; None for 304. Tries again, with growing pauses, what may pass."""
        asked = {"User-Agent": f"kbgap/{__version__}", "Accept-Encoding": "gzip", **headers}
        reason = ""
        for attempt in range(self._patience.tries):
            try:
                return self._try(url, asked, take)
            except _TryAgainError as error:
                reason, pause = str(error), error.pause
            if attempt + 1 < self._patience.tries:
                self._sleep(self._pause(attempt) if pause is None else pause)
        raise Unavailable(
            f"{reason}, tried {self._patience.tries} times", where=url, mend="check the connection, or try again later"
        )

    def _pause(self, attempt: int) -> float:
        """Seconds: 1, 2, 4 and so on, less up to a half, so that many clients do not come back at once."""
        return min(float(2**attempt), self._patience.longest_pause) * (1 - self._jitter() / 2)

    def _try(self, url: str, headers: Mapping[str, str], take: Callable[[HTTPResponse], T]) -> T | None:
        for _ in range(_MOST_REDIRECTS + 1):
            try:
                with self._opener.open(Request(url, headers=dict(headers)), timeout=self._patience.timeout) as answer:  # noqa: S310 - http and https only, checked in __init__ and _followed
                    return take(answer)
            except HTTPError as error:
                with error:
                    if error.code == 304:
                        return None
                    if error.code not in _REDIRECTS:
                        self._explain(url, error.code, error.headers)
                    url = _followed(url, error.headers.get("Location", ""))
            except (OSError, HTTPException) as error:
                _explain_broken(url, error)
        raise Unavailable(f"more than {_MOST_REDIRECTS} redirects", where=url)

    def _explain(self, url: str, status: int, headers: Message) -> NoReturn:
        if status in _NOT_THERE:
            raise NotFound(f"the service answered {status}", where=url)
        if status not in _WORTH_ANOTHER_TRY:
            raise Unavailable(f"the service answered {status}", where=url)
        pause = _retry_after(headers)
        if pause is not None and pause > self._patience.longest_pause:
            raise Unavailable(f"the service answered {status}, to come back in {pause:.0f} s", where=url)
        raise _TryAgainError(f"the service answered {status}", pause)

    def _content(self, answer: HTTPResponse) -> Iterator[bytes]:
        """The body, unpacked; refuses what is too large and notices what is cut or does not end."""
        packed = answer.headers.get("Content-Encoding", "").lower()
        if packed not in ("", "identity", "gzip"):
            raise Unavailable(f"the service packs with {packed}, which was not asked for", where=answer.url)
        size = 0
        for data in _unzipped(self._body(answer)) if packed == "gzip" else self._body(answer):
            size += len(data)
            if size > self._limits.document:
                raise Invalid(f"the answer is larger than {self._limits.document >> 20} MiB", where=answer.url)
            yield data

    def _body(self, answer: HTTPResponse) -> Iterator[bytes]:
        ends = time.monotonic() + self._patience.document
        size = 0
        # read1 gives what has come; read would wait for a full chunk, and drops that come slowly enough are endless.
        while data := answer.read1(_CHUNK):
            size += len(data)
            if time.monotonic() > ends:
                raise _TryAgainError(f"the answer was not complete after {self._patience.document:.0f} s")
            yield data
        declared = answer.headers.get("Content-Length", "")
        if declared.isdecimal() and size != int(declared):
            raise _TryAgainError(f"the answer was cut after {size:,} of {int(declared):,} bytes")


def _opener(proxies: dict[str, str] | None) -> OpenerDirector:
    """Speaks HTTP and nothing else: no files, no FTP, no cookies, and redirects are followed by hand."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(proxies),
        HTTPHandler(),
        HTTPSHandler(),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _unzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from gunzipped(chunks, _CHUNK)
    except (zlib.error, EOFError) as error:
        raise _TryAgainError(f"the answer cannot be unpacked: {error}") from error


def _followed(url: str, location: str) -> str:
    """The address that a redirect names; never from https back to http, nor to anything else."""
    target = urljoin(url, location)
    scheme = urlsplit(target).scheme
    if not location or scheme not in ("http", "https") or (url.startswith("https:") and scheme != "https"):
        raise Unavailable(f"the service redirects to {location!r}", where=url)
    return target


def _explain_broken(url: str, error: Exception) -> NoReturn:
    if isinstance(error, OSError) and error.errno == ENOSPC:
        raise Unavailable("the disk is full", where=url) from error
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, SSLCertVerificationError):
        raise Unavailable(f"the certificate is not trusted: {reason.verify_message}", where=url) from error
    raise _TryAgainError(f"the connection failed: {reason or type(reason).__name__}") from error


def _retry_after(headers: Message) -> float | None:
    """Seconds that the service asks to wait; a date counts from the answer's own date, so no clock is needed."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isdecimal():
        return float(asked)
    try:
        pause = parsedate_to_datetime(asked) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return max(0.0, pause.total_seconds())
