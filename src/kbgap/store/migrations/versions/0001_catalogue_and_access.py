"""The catalogue, and who asks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    _create_catalogue_revision()
    _create_catalogue_addressed()
    _create_catalogue_file()
    _create_catalogue_fix()
    _create_catalogue_software()
    _create_catalogue_update()
    _create_signing_key()
    _create_tenant()
    _create_client()
    _create_tenant_pointer()


def _create_catalogue_revision() -> None:
    """The catalogues that were loaded."""
    op.create_table(
        "catalogue_revision",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("newest", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.BigInteger(), nullable=False),
        sa.Column("checksum", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_catalogue_revision"),
    )


def _create_catalogue_addressed() -> None:
    """The CVEs that each KB closes for each software."""
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


def _create_catalogue_file() -> None:
    """Their files."""
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


def _create_catalogue_fix() -> None:
    """The CVEs that each KB closes for each product."""
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


def _create_catalogue_software() -> None:
    """The software that they know."""
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


def _create_catalogue_update() -> None:
    """Their KBs."""
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


def _create_signing_key() -> None:
    """The keys that sign tokens."""
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("pem", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_key"),
    )


def _create_tenant() -> None:
    """Whose fleet it is."""
    op.create_table(
        "tenant",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenant"),
    )


def _create_client() -> None:
    """Who may ask for tokens."""
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


def _create_tenant_pointer() -> None:
    """Which catalogue a tenant sees, under which epoch."""
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
