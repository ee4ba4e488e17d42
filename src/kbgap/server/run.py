"""Run the server: listen, say when it answers, and end without breaking off what it has begun."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from kbgap.core.errors import Unavailable
from kbgap.server.protocol import BoundedProtocol
from kbgap.server.tls import Certificate

log = logging.getLogger("kbgap.server")

_BACKLOG = 2_048
_KEEPS_ALIVE = 30  # seconds that an idle connection stays open
_ENDS_WITHIN = 20  # seconds for requests that have begun
_IS_GONE_WITHIN = 30.0  # seconds after which the process ends, whatever a thread of it still waits for
_LOOKS_AT_CERTIFICATE = 600  # ticks of a tenth of a second


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes any that is free. Unavailable says why it cannot be had."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(place)
            listening.listen(_BACKLOG)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise Unavailable(
            f"the server cannot listen there ({error.strerror or error})",
            where=f"{host}:{port}",
            mend="choose another --host or --port",
        ) from error
    return listening


def address_of_socket(listening: socket.socket, scheme: str = "http") -> str:
    """The address of a listening socket; one that listens everywhere is reached on this machine's loopback."""
    host, port = listening.getsockname()[:2]
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"{scheme}://{f'[{reached}]' if ':' in reached else reached}:{port}"


def serve(
    app: ASGIApp,
    listening: socket.socket,
    ready: Callable[[], None] | None = None,
    certificate: Certificate | None = None,
) -> None:
    """Answer requests until the process is told to stop (SIGINT, SIGTERM); ``ready`` is called once it answers.

    Requests that have begun are answered first; half a minute later the process is gone in any case.
    """
    _Server(app, ready, certificate, when_told_to_stop=_end_in_any_case).run(sockets=[listening])


def _end_in_any_case() -> None:
    """A thread that waits for a database cannot be ended; what it had not committed is not there."""

    def end() -> None:
        log.error("a request did not end; the process ends without it")
        logging.shutdown()
        os._exit(3)

    timer = threading.Timer(_IS_GONE_WITHIN, end)
    timer.daemon = True
    timer.start()


@contextmanager
def in_background(app: ASGIApp, listening: socket.socket, certificate: Certificate | None = None) -> Iterator[None]:
    """Answer requests in a thread for as long as the block runs."""
    answers = threading.Event()
    server = _Server(app, answers.set, certificate)
    thread = threading.Thread(target=server.run_and_tell, args=(listening, answers), name="kbgap-server", daemon=True)
    thread.start()
    answers.wait()
    if not server.started:
        thread.join()
        raise Unavailable("the server did not start", mend="see the log")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


class _Server(uvicorn.Server):
    def __init__(
        self,
        app: ASGIApp,
        ready: Callable[[], None] | None,
        certificate: Certificate | None,
        when_told_to_stop: Callable[[], None] | None = None,
    ) -> None:
        context = None if certificate is None else certificate.context()
        config = uvicorn.Config(
            app,
            http=BoundedProtocol,
            ssl_context_factory=None if context is None else lambda *_: context,
            log_config=None,  # whoever runs the server decides where logs go
            access_log=False,
            server_header=False,
            proxy_headers=False,  # whom to trust is a setting of ours
            ws="none",
            lifespan="on",
            timeout_keep_alive=_KEEPS_ALIVE,
            timeout_graceful_shutdown=_ENDS_WITHIN,
        )
        # uvicorn's access log has the query in it, and the switch above only takes its handlers away.
        logging.getLogger("uvicorn.access").disabled = True
        super().__init__(config)
        self._ready = ready
        self._certificate = certificate
        self._when_told_to_stop = when_told_to_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._ready is not None:
            self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second."""
        if self._certificate is not None and counter % _LOOKS_AT_CERTIFICATE == 0:
            self._certificate.renew()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._when_told_to_stop is not None:
            self._when_told_to_stop()
        await super().shutdown(sockets)

    def run_and_tell(self, listening: socket.socket, over: threading.Event) -> None:
        """Run in a thread; whoever waits for the start is told when there will be none."""
        try:
            with suppress(SystemExit):  # uvicorn's way to say that the application did not start
                self.run(sockets=[listening])
        finally:
            over.set()
