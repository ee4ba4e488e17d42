"""Since when a machine is marked silent: one that is not for long enough is not deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Machines that are marked already were so since their last report, as far as anybody knows."""
    op.add_column("machine_seen", sa.Column("silent_since", sa.BigInteger(), nullable=True))
    op.execute("UPDATE machine_seen SET silent_since = last_seen WHERE is_silent")
