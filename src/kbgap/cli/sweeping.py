"""Let machines that have gone silent leave the counts while a server runs."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kbgap.cli import context
from kbgap.core.errors import KbgapError
from kbgap.operations.manage_machines import sweep_machines
from kbgap.operations.manage_tenants import list_tenants
from kbgap.settings import Settings
from kbgap.store.database import Database

_PAUSE = 3600.0  # seconds; machines leave after days, so an hour more or less does not matter
_log = logging.getLogger(__name__)


@contextmanager
def sweeping(database: Database, settings: Settings) -> Iterator[None]:
    """Sweep every tenant at once, and again every hour, until the block ends."""
    ended = threading.Event()

    def keep_sweeping() -> None:
        while True:
            sweep(database, settings)
            if ended.wait(_PAUSE):
                return

    thread = threading.Thread(target=keep_sweeping, name="sweep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def sweep(database: Database, settings: Settings) -> None:
    """Sweep every tenant once; what fails is logged and tried again at the next sweep."""
    try:
        for tenant in list_tenants(database):
            swept = sweep_machines(database, tenant.guid, context.now(), settings.silent_after, settings.keep_machines)
            if swept.silent or swept.deleted:
                _log.info("%s: %d machines went silent, %d are forgotten", tenant.name, swept.silent, swept.deleted)
    except KbgapError as error:
        _log.warning("machines gone silent could not be swept: %s", error)
