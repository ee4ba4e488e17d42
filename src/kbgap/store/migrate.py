"""Bring a database to the present schema, an empty one too; imported by ``kbgap db`` and by tests only.

Alembic takes more than a second to import, so starting a server only reads which migration ran last
(``Database.check_schema``).
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection

from kbgap.core.errors import Unavailable
from kbgap.store import dialect, planning, schema
from kbgap.store.database import Database, schema_version

_STEPS = Path(__file__).parent / "migrations"


def migrate(url: str, *, to: str = "head") -> str:
    """Run the migrations that are still to run, all or none, one process at a time; gives the resulting version.

    Raises Unavailable when the database was made by a newer kbgap, or cannot be reached or written.
    """
    with Database(url, pool_size=1, foreign_keys=False) as database, database.transaction() as connection:
        dialect.lock_for_migration(connection)
        version = _upgrade(connection, to)
        planning.tell_spread(connection)
        return version


def steps() -> tuple[str, ...]:
    """The names of all migrations, oldest first."""
    walked = ScriptDirectory(str(_STEPS)).walk_revisions()
    return tuple(reversed([script.revision for script in walked]))


def _upgrade(connection: Connection, to: str) -> str:
    found = schema_version(connection)
    if found is not None and found not in steps():
        raise Unavailable(
            f"the database was made by a newer kbgap (schema {found}; this one knows {schema.MIGRATED_TO})",
            mend="use that version of kbgap",
        )
    config = Config()
    config.set_main_option("script_location", str(_STEPS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise Unavailable(f"the migration failed: {error}") from error
    return schema_version(connection) or ""
