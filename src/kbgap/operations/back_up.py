"""Back up the fleet's database while it is in use, and make a new one of a backup."""

from pathlib import Path

from kbgap.store import copying
from kbgap.store.database import Database


def back_up(database: Database, target: Path) -> None:
    """Write all of the database to a new file; errors as in ``store.copying``."""
    copying.back_up(database, target)


def restore(backup: Path, url: str) -> None:
    """Make a new database at this address of a backup; errors as in ``store.copying``."""
    copying.restore(backup, url)
