"""Several secrets for each client, each with its end."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Give each client's only secret a row of its own."""
    op.create_table(
        "client_secret",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("secret_id", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["client.tenant_id", "client.client_id"],
            name="fk_client_secret_client",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "client_id", "secret_id", name="pk_client_secret"),
    )
    op.execute(
        "INSERT INTO client_secret (tenant_id, client_id, secret_id, salt, digest, created_at)"
        " SELECT tenant_id, client_id, 'first', salt, digest, created_at FROM client"
    )
    with op.batch_alter_table("client") as client:
        client.drop_column("salt")
        client.drop_column("digest")
