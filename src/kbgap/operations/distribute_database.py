"""Spread the fleet's database over the nodes of a Citus cluster."""

from collections.abc import Sequence

from kbgap.store.database import Database
from kbgap.store.distribution import distribute


def distribute_database(database: Database) -> Sequence[str]:
    """Distribute every table that is not distributed yet, and name them; errors as in ``store.distribution``."""
    database.check_schema()
    with database.transaction() as tx:
        return distribute(tx)
