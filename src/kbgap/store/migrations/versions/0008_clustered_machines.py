"""Machines in the order of their ids, on SQLite: a page of a list reads neighbours, not ten thousand places."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Build the table anew on SQLite; on PostgreSQL nothing changes."""
    with op.batch_alter_table("machine", table_kwargs={"sqlite_with_rowid": False}) as machine:
        machine.alter_column("os_platform", existing_type=sa.Text(), nullable=False)
