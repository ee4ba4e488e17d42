"""The ``kbgap serve`` command: answer the API until told to stop."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from uuid import UUID

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.shelf import Shelf
from kbgap.cli import context
from kbgap.cli.output import say
from kbgap.core.errors import Unavailable
from kbgap.operations.fetch_catalogue import fetch_catalogue
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.manage_tenants import ensure_tenant, find_tenant
from kbgap.server.app import create_app
from kbgap.server.run import address_of_socket, listen
from kbgap.server.run import serve as answer
from kbgap.settings import Settings
from kbgap.store.database import Database, open_database


def serve(options: argparse.Namespace) -> int:
    """Serve the configured database; without its tables or without a catalogue the message says what to run."""
    settings = context.settings_of(options)
    log_to_stderr(logging.INFO)
    with ending_when_told(), open_database(settings.database, pool_size=settings.threads) as database:
        catalogues = Catalogues(database, context.shelf_of(settings), _tenant(database, settings))
        context.warn_when_old(catalogues(), settings)
        listening = listen(settings.host, settings.port)
        address = address_of_socket(listening)
        app = create_app(settings, database, catalogues, context.now, address=address)
        answer(app, listening, lambda: say(f"kbgap: answering at {settings.public_url or address}"))
    return 0


class Catalogues:
    """Gives the catalogue in use, opened once for each revision; called from the threads that serve requests."""

    def __init__(self, database: Database, shelf: Shelf, tenant: str) -> None:
        """The catalogue in use is that of ``tenant`` (a GUID): loading one brings all tenants to it."""
        self._database = database
        self._shelf = shelf
        self._tenant = tenant
        self._lock = threading.Lock()
        self._opened: CatalogueFile | None = None

    def __call__(self) -> CatalogueFile:
        """The catalogue, or Unavailable when neither the database nor this machine has one."""
        found = self._fetch()
        with self._lock:
            if self._opened is None or self._opened.revision != found.revision:
                self._opened = found  # the one before stays open for the threads that still judge with it
            else:
                found.close()
            return self._opened

    def _fetch(self) -> CatalogueFile:
        try:
            return fetch_catalogue(self._database, self._shelf, self._tenant)
        except Unavailable as nothing_loaded:
            try:
                file = self._shelf.current()
            except Unavailable:
                raise nothing_loaded from None
            load_catalogue(self._database, file, context.now())
            return file


def _tenant(database: Database, settings: Settings) -> str:
    """The GUID of the configured tenant, which is made on the first start; a name must be known already."""
    try:
        guid = str(UUID(settings.tenant))
    except ValueError:
        return find_tenant(database, settings.tenant)
    return ensure_tenant(database, guid, "default", context.now()).guid


def log_to_stderr(level: int) -> None:
    """Send what the server has to tell to standard error, each line with its time and its level."""
    logging.basicConfig(stream=sys.stderr, level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


@contextmanager
def ending_when_told() -> Iterator[None]:
    """Take SIGTERM for what Ctrl-C is, so that whatever the block holds is put away; being told to stop is no error."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        say("kbgap: stopped")
    finally:
        signal.signal(signal.SIGTERM, before)
