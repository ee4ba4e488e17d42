"""Get the catalogue that a tenant is at: from the data folder, or from the database on a host that lacks the file."""

import os

from kbgap.catalogue.file import SUFFIX, CatalogueFile
from kbgap.catalogue.shelf import Shelf
from kbgap.core.errors import Unavailable
from kbgap.operations.judging import REFRESH
from kbgap.store import catalogue, tenants
from kbgap.store.database import Database


def fetch_catalogue(database: Database, shelf: Shelf, tenant: str) -> CatalogueFile:
    """Open the catalogue that a tenant's answers are of; Unavailable when there is none yet."""
    with database.reading() as connection:
        revision = tenants.pointer(connection, tenant).revision
    if revision is None:
        raise Unavailable("there is no catalogue in the database yet", mend=REFRESH)
    if revision not in shelf.revisions():
        with database.reading() as connection:
            _put(shelf, revision, catalogue.file_bytes(connection, revision))
    return shelf.open(revision)


def _put(shelf: Shelf, revision: str, body: bytes) -> None:
    """Write the file whole or not at all: other processes look into the same folder."""
    partial = shelf.folder / f".fetching-{os.getpid()}"
    try:
        shelf.folder.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(body)
        partial.replace(shelf.folder / f"{revision}{SUFFIX}")
    except OSError as error:
        raise Unavailable(f"the catalogue file could not be written ({error})", where=str(shelf.folder)) from error
    finally:
        partial.unlink(missing_ok=True)
