"""The machines, and the states that they share."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables."""
    _create_profile()
    _create_software_state()
    _create_evidence()
    _create_profile_state()
    _create_machine_group()
    _create_machine()
    _create_machine_seen()


def _create_profile() -> None:
    """The states of a machine, together."""
    op.create_table(
        "profile",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("profile", sa.LargeBinary(), nullable=False),
        sa.Column("os_build", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "profile", name="pk_profile"),
    )


def _create_software_state() -> None:
    """The states that are judged."""
    op.create_table(
        "software_state",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "state", name="pk_software_state"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_software_state_tenant_id_software", "software_state", ["tenant_id", "software"])


def _create_evidence() -> None:
    """What was reported."""
    op.create_table(
        "evidence",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("profile", sa.LargeBinary(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "profile"], ["profile.tenant_id", "profile.profile"], name="fk_evidence_profile"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "evidence", name="pk_evidence"),
    )
    op.create_index("ix_evidence_tenant_id_profile", "evidence", ["tenant_id", "profile"])


def _create_profile_state() -> None:
    """Which states a profile is made of."""
    op.create_table(
        "profile_state",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("profile", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "profile"],
            ["profile.tenant_id", "profile.profile"],
            name="fk_profile_state_profile",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "state"],
            ["software_state.tenant_id", "software_state.state"],
            name="fk_profile_state_software_state",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "profile", "state", name="pk_profile_state"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_profile_state_tenant_id_state", "profile_state", ["tenant_id", "state"])


def _create_machine_group() -> None:
    """The groups that machines are in."""
    op.create_table(
        "machine_group",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("group_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", name="pk_machine_group"),
    )


def _create_machine() -> None:
    """The machines."""
    op.create_table(
        "machine",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("machine_id", sa.Text(), nullable=False),
        sa.Column("computer_dns_name", sa.Text(), nullable=True),
        sa.Column("os_platform", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("os_build", sa.BigInteger(), nullable=True),
        sa.Column("architecture", sa.Text(), nullable=True),
        sa.Column("is_outside", sa.Boolean(), nullable=False),
        sa.Column("last_ip_address", sa.Text(), nullable=True),
        sa.Column("reported_tags", sa.Text(), nullable=False),
        sa.Column("set_tags", sa.Text(), nullable=True),
        sa.Column("reported_group", sa.Text(), nullable=True),
        sa.Column("set_group", sa.Text(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("exclusion", sa.Text(), nullable=True),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("profile", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "evidence"], ["evidence.tenant_id", "evidence.evidence"], name="fk_machine_evidence"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "profile"], ["profile.tenant_id", "profile.profile"], name="fk_machine_profile"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "machine_id", name="pk_machine"),
    )
    op.create_index("ix_machine_tenant_id_computer_dns_name", "machine", ["tenant_id", "computer_dns_name"])
    op.create_index("ix_machine_tenant_id_evidence", "machine", ["tenant_id", "evidence"])
    op.create_index("ix_machine_tenant_id_profile_machine_id", "machine", ["tenant_id", "profile", "machine_id"])


def _create_machine_seen() -> None:
    """When each was heard last."""
    op.create_table(
        "machine_seen",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("machine_id", sa.Text(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=False),
        sa.Column("is_silent", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "machine_id"],
            ["machine.tenant_id", "machine.machine_id"],
            name="fk_machine_seen_machine",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "machine_id", name="pk_machine_seen"),
        sqlite_with_rowid=False,
    )
