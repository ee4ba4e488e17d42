"""Delete catalogue files that nobody needs any more."""

from kbgap.catalogue.shelf import Shelf
from kbgap.store import catalogue
from kbgap.store.database import Database


def prune_catalogues(shelf: Shelf, database: Database) -> list[str]:
    """Keep the current file, the one before, and those of the revisions in the database; gives what is gone."""
    with database.reading() as connection:
        return shelf.prune(keep=[stored.revision for stored in catalogue.revisions(connection)])
