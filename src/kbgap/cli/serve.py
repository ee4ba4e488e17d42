"""The ``kbgap serve`` command: answer the API until told to stop."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from kbgap.catalogue.file import CatalogueFile
from kbgap.cli import context
from kbgap.cli.fleet import catalogue_of, fleet, has_database, tenant_of
from kbgap.cli.output import say
from kbgap.cli.refreshing import refreshing
from kbgap.cli.sweeping import sweeping
from kbgap.core.errors import Invalid
from kbgap.operations.fetch_catalogue import fetch_catalogue
from kbgap.server.app import create_app
from kbgap.server.run import address_of_socket, listen
from kbgap.server.run import serve as answer
from kbgap.server.tls import Certificate
from kbgap.settings import Settings


def serve(options: argparse.Namespace) -> int:
    """Serve the configured fleet; without a catalogue the message says what to run."""
    settings = context.settings_of(options)
    shelf = context.shelf_of(settings)
    log_to_stderr(logging.INFO)
    certificate = _certificate(settings)
    if not has_database(settings):
        shelf.current().close()  # without a catalogue it says so before an empty database is made
    with ending_when_told(), fleet(settings, create=True) as database:
        tenant = tenant_of(database, settings)
        catalogue_of(database, settings, tenant).close()  # there is one, and it is loaded
        catalogues = Catalogues(lambda: fetch_catalogue(database, shelf, tenant))
        listening = listen(settings.host, settings.port)
        address = address_of_socket(listening, "http" if certificate is None else "https")
        access_log = sys.stderr.buffer if settings.access_log == "json" else None
        app = create_app(settings, database, catalogues, context.now, address=address, access_log=access_log)
        with sweeping(database, settings), refreshing(settings, options.config):
            answer(app, listening, lambda: say(f"kbgap: answering at {settings.public_url or address}"), certificate)
    return 0


def _certificate(settings: Settings) -> Certificate | None:
    """What to speak TLS with, checked before anything else is done."""
    if settings.tls_cert is None:
        if settings.tls_key is not None:
            raise Invalid("there is a key without its certificate", where="tls_key", mend="give --tls-cert FILE too")
        return None
    certificate = Certificate(settings.tls_cert, settings.tls_key)
    certificate.context()
    return certificate


class Catalogues:
    """Gives the catalogue in use, each revision opened once; called from the threads that serve requests."""

    def __init__(self, fetch: Callable[[], CatalogueFile]) -> None:
        """``fetch`` opens the catalogue that is in use at the moment, or raises Unavailable."""
        self._fetch = fetch
        self._lock = threading.Lock()
        self._opened: CatalogueFile | None = None

    def __call__(self) -> CatalogueFile:
        """The catalogue, with what was read of it before."""
        found = self._fetch()
        with self._lock:
            if self._opened is None or self._opened.revision != found.revision:
                self._opened = found  # the one before stays open for the threads that still judge with it
            else:
                found.close()
            return self._opened


def log_to_stderr(level: int) -> None:
    """Send what the server has to tell to standard error, each line with its time and its level.

    What the libraries below do step by step is ours to say in other words.
    """
    logging.basicConfig(stream=sys.stderr, level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for library in ("uvicorn", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # it warns of a lost connection, which is then raised too


@contextmanager
def ending_when_told() -> Iterator[None]:
    """Take SIGTERM for what Ctrl-C is, so that whatever the block holds is put away; being told to stop is no error."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with suppress(KeyboardInterrupt):  # none comes where whoever started us has Ctrl-C ignored, as nohup does
            yield
        say("kbgap: stopped")
    finally:
        signal.signal(signal.SIGTERM, before)
