"""The catalogue, and who asks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    _create_catalogue()
    _create_access()


def _create_catalogue() -> None:
    """What Microsoft publishes."""
    op.create_table(
        "catalogue_revision",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("newest", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.BigInteger(), nullable=False),
        sa.Column("checksum", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_catalogue_revision"),
    )
    op.create_table(
        "catalogue_addressed",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("kb", sa.Text(), nullable=False),
        sa.Column("cve_count", sa.Integer(), nullable=False),
        sa.Column("cves", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision"],
            ["catalogue_revision.revision"],
            name="fk_catalogue_addressed_catalogue_revision",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("revision", "software", "kb", name="pk_catalogue_addressed"),
    )
    op.create_table(
        "catalogue_file",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision"],
            ["catalogue_revision.revision"],
            name="fk_catalogue_file_catalogue_revision",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("revision", name="pk_catalogue_file"),
    )
    op.create_table(
        "catalogue_fix",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("kb", sa.Text(), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("cves", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision"],
            ["catalogue_revision.revision"],
            name="fk_catalogue_fix_catalogue_revision",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("revision", "product", "kb", name="pk_catalogue_fix"),
    )
    op.create_table(
        "catalogue_software",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("is_system", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision"],
            ["catalogue_revision.revision"],
            name="fk_catalogue_software_catalogue_revision",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("revision", "software", name="pk_catalogue_software"),
    )
    op.create_table(
        "catalogue_update",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("kb", sa.Text(), nullable=False),
        sa.Column("kb_number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("released", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision"],
            ["catalogue_revision.revision"],
            name="fk_catalogue_update_catalogue_revision",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("revision", "kb", name="pk_catalogue_update"),
    )


def _create_access() -> None:
    """Who asks, and whose fleet it is."""
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("pem", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_key"),
    )
    op.create_table(
        "tenant",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenant"),
    )
    op.create_table(
        "client",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="fk_client_tenant"),
        sa.PrimaryKeyConstraint("tenant_id", "client_id", name="pk_client"),
    )
    op.create_table(
        "tenant_pointer",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("revision", sa.Text(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision"], ["catalogue_revision.revision"], name="fk_tenant_pointer_catalogue_revision"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="fk_tenant_pointer_tenant"),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenant_pointer"),
    )
