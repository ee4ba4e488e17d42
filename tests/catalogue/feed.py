"""A server on this machine that answers as Microsoft's CVRF service does, and as badly as a test asks for."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.catalogue.cvrf import index_json

Answer = Callable[[BaseHTTPRequestHandler], None]


class Feed:
    """Documents by id, each with its date, served with validators and gzip; faults come first, in their order.

    ``documents``: id to (CurrentReleaseDate in the index, body). ``faults``: path to answers that are given before the
    real one. ``asked``: (path, headers) of every request.
    """

    def __init__(self) -> None:
        """Serve nothing yet."""
        self.documents: dict[str, tuple[str, bytes]] = {}
        self.index: bytes | None = None
        self.faults: dict[str, list[Answer]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    def put(self, id: str, body: str | bytes, *, current: str = "2020-03-12T07:00:00Z") -> None:
        """Serve a document."""
        self.documents[id] = (current, body.encode() if isinstance(body, str) else body)

    def fail(self, path: str, *answers: Answer) -> None:
        """Answer a path in these ways first."""
        self.faults.setdefault(path, []).extend(answers)

    def paths(self) -> list[str]:
        """What was asked for."""
        return [path for path, _ in self.asked]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Give a fault, the index, a document or 404."""
        self.asked.append((request.path, dict(request.headers.items())))
        if faults := self.faults.get(request.path):
            faults.pop(0)(request)
        elif request.path == INDEX:
            dates = {id: current for id, (current, _) in self.documents.items()}
            reply(request, 200, index_json(dates).encode() if self.index is None else self.index)
        elif (id := request.path.removeprefix(DOCUMENT)) in self.documents:
            self._document(request, *self.documents[id])
        else:
            reply(request, 404)

    def _document(self, request: BaseHTTPRequestHandler, current: str, body: bytes) -> None:
        etag = f'"{hash(body):x}"'
        if request.headers.get("If-None-Match") == etag:
            reply(request, 304)
        else:
            reply(
                request,
                200,
                gzip.compress(body, 1),
                {"ETag": etag, "Last-Modified": current, "Content-Encoding": "gzip"},
            )


INDEX = "/cvrf/v3.0/updates"
DOCUMENT = "/cvrf/v3.0/cvrf/"


def reply(
    request: BaseHTTPRequestHandler,
    status: int,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    length: int | None = None,
) -> None:
    """Send an answer; ``length`` promises another number of bytes than come."""
    request.send_response(status)
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    if status != 304:
        request.send_header("Content-Length", str(len(body) if length is None else length))
    request.end_headers()
    request.wfile.write(body)


def saying(status: int, body: bytes = b"", **headers: str) -> Answer:
    """An answer with a status; names of headers with _ for -."""
    return lambda request: reply(
        request, status, body, {name.replace("_", "-"): text for name, text in headers.items()}
    )


def cut(body: bytes = b"<half", *, length: int = 1_000_000) -> Answer:
    """An answer that promises more than comes."""
    return lambda request: reply(request, 200, body, length=length)


def hanging_up(request: BaseHTTPRequestHandler) -> None:
    """No answer at all."""
    request.close_connection = True


@contextmanager
def serving(feed: Feed) -> Iterator[Feed]:
    """Run the server while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            feed.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    feed.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield feed
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
