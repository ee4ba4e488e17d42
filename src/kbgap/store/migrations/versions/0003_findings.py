"""What is judged, and what is counted."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables."""
    _create_gap()
    _create_finding()
    _create_judgement()
    _create_gap_count()
    _create_missing_count()
    _create_software_count()
    _create_population()


def _create_gap() -> None:
    """What states miss, each distinct gap once."""
    op.create_table(
        "gap",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("gap", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "gap", name="pk_gap"),
    )


def _create_finding() -> None:
    """The KBs of the findings, to search."""
    op.create_table(
        "finding",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("kb", sa.Text(), nullable=False),
        sa.Column("is_missing", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "state"],
            ["software_state.tenant_id", "software_state.state"],
            name="fk_finding_software_state",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "revision", "state", "kb", name="pk_finding"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_finding_tenant_id_state", "finding", ["tenant_id", "state"])


def _create_judgement() -> None:
    """The findings of a state, whole."""
    op.create_table(
        "judgement",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("gap", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id", "gap"], ["gap.tenant_id", "gap.gap"], name="fk_judgement_gap"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "state"],
            ["software_state.tenant_id", "software_state.state"],
            name="fk_judgement_software_state",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "revision", "state", name="pk_judgement"),
    )
    op.create_index("ix_judgement_tenant_id_gap", "judgement", ["tenant_id", "gap"])
    op.create_index("ix_judgement_tenant_id_state", "judgement", ["tenant_id", "state"])


def _create_gap_count() -> None:
    """How many machines have a gap."""
    op.create_table(
        "gap_count",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("scope", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("gap", sa.LargeBinary(), nullable=False),
        sa.Column("machines", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("machines >= 0", name=op.f("ck_gap_count_machines_not_negative")),
        sa.PrimaryKeyConstraint("tenant_id", "scope", "software", "gap", name="pk_gap_count"),
        sqlite_with_rowid=False,
    )


def _create_missing_count() -> None:
    """How many machines miss a KB."""
    op.create_table(
        "missing_count",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("scope", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("kb", sa.Text(), nullable=False),
        sa.Column("os_build", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("machines", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("machines >= 0", name=op.f("ck_missing_count_machines_not_negative")),
        sa.PrimaryKeyConstraint("tenant_id", "scope", "software", "kb", "os_build", name="pk_missing_count"),
        sqlite_with_rowid=False,
    )


def _create_software_count() -> None:
    """How many machines have a software."""
    op.create_table(
        "software_count",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("scope", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("machines", sa.BigInteger(), nullable=False),
        sa.Column("exposed", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("exposed >= 0", name=op.f("ck_software_count_exposed_not_negative")),
        sa.CheckConstraint("machines >= 0", name=op.f("ck_software_count_machines_not_negative")),
        sa.PrimaryKeyConstraint("tenant_id", "scope", "software", name="pk_software_count"),
        sqlite_with_rowid=False,
    )


def _create_population() -> None:
    """How many machines show a profile."""
    op.create_table(
        "population",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("profile", sa.LargeBinary(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("machines", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "profile"],
            ["profile.tenant_id", "profile.profile"],
            name="fk_population_profile",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("machines >= 0", name=op.f("ck_population_not_negative")),
        sa.PrimaryKeyConstraint("tenant_id", "profile", "group_id", name="pk_population"),
        sqlite_with_rowid=False,
    )
