"""What answers beyond missing KBs are made of: facts of CVEs, exposure, history, inventories, accepted risk, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables, widen those of the fleet, and let the catalogue be loaded again."""
    _create_catalogue_cve()
    _create_catalogue_threat()
    _create_catalogue_threat_feed()
    _create_exposure()
    _create_exposure_gap()
    _create_profile_exposure()
    _create_machine_change()
    _create_refresh_change()
    _create_software_set()
    _create_set_item()
    _create_set_population()
    _create_listed_count()
    _create_listed_version_count()
    _create_accepted_risk()
    _create_audit_entry()
    _widen()
    _forget_catalogues()


def _widen() -> None:
    """The whole build of machines, the versions of states, and the programs that machines list."""
    op.add_column("software_state", sa.Column("version", sa.Text(), nullable=True))
    op.add_column("evidence", sa.Column("software_set", sa.LargeBinary(), nullable=True))
    op.add_column("machine", sa.Column("build", sa.Text(), nullable=True))
    op.add_column("machine", sa.Column("software_set", sa.LargeBinary(), nullable=True))
    op.add_column("machine", sa.Column("evidence_since", sa.BigInteger(), nullable=True))
    op.create_index("ix_machine_tenant_id_software_set", "machine", ["tenant_id", "software_set"])


def _forget_catalogues() -> None:
    """One that is loaded lacks facts of CVEs: opening the fleet loads it anew. SQLite has no foreign keys meanwhile."""
    op.execute("UPDATE tenant_pointer SET revision = NULL, epoch = epoch + 1")
    for table in ("file", "software", "update", "addressed", "fix", "revision"):
        op.execute(sa.delete(sa.table(f"catalogue_{table}")))


def _create_catalogue_cve() -> None:
    """What Microsoft says of each CVE."""
    op.create_table(
        "catalogue_cve",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("cve", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("cvss", sa.Double(), nullable=False),
        sa.Column("vector", sa.Text(), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("first_patch_at", sa.BigInteger(), nullable=True),
        sa.Column("is_exploited", sa.Boolean(), nullable=False),
        sa.Column("is_disclosed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision"],
            ["catalogue_revision.revision"],
            name="fk_catalogue_cve_catalogue_revision",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("revision", "cve", name="pk_catalogue_cve"),
    )


def _create_catalogue_threat() -> None:
    """What CISA and FIRST say of each CVE."""
    op.create_table(
        "catalogue_threat",
        sa.Column("cve", sa.Text(), nullable=False),
        sa.Column("exploited_on", sa.Text(), nullable=True),
        sa.Column("epss", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("cve", name="pk_catalogue_threat"),
    )


def _create_catalogue_threat_feed() -> None:
    """Which of their lists is loaded."""
    op.create_table(
        "catalogue_threat_feed",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("cves", sa.Integer(), nullable=False),
        sa.Column("loaded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed", name="pk_catalogue_threat_feed"),
    )


def _create_exposure() -> None:
    """All gaps of a machine together."""
    op.create_table(
        "exposure",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("exposure", sa.LargeBinary(), nullable=False),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "exposure", name="pk_exposure"),
    )


def _create_exposure_gap() -> None:
    """Which gaps those are."""
    op.create_table(
        "exposure_gap",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("exposure", sa.LargeBinary(), nullable=False),
        sa.Column("gap", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "exposure"],
            ["exposure.tenant_id", "exposure.exposure"],
            name="fk_exposure_gap_exposure",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id", "gap"], ["gap.tenant_id", "gap.gap"], name="fk_exposure_gap_gap"),
        sa.PrimaryKeyConstraint("tenant_id", "exposure", "gap", name="pk_exposure_gap"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_exposure_gap_tenant_id_gap", "exposure_gap", ["tenant_id", "gap"])


def _create_profile_exposure() -> None:
    """The exposure of each profile at each revision."""
    op.create_table(
        "profile_exposure",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("profile", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("exposure", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "exposure"], ["exposure.tenant_id", "exposure.exposure"], name="fk_profile_exposure_exposure"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "profile"],
            ["profile.tenant_id", "profile.profile"],
            name="fk_profile_exposure_profile",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "profile", "revision", name="pk_profile_exposure"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_profile_exposure_tenant_id_exposure", "profile_exposure", ["tenant_id", "exposure"])


def _create_machine_change() -> None:
    """When what is open on a machine changed."""
    op.create_table(
        "machine_change",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("machine_id", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("was", sa.LargeBinary(), nullable=False),
        sa.Column("became", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "machine_id"],
            ["machine.tenant_id", "machine.machine_id"],
            name="fk_machine_change_machine",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "machine_id", "changed_at", name="pk_machine_change"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_machine_change_tenant_id_changed_at", "machine_change", ["tenant_id", "changed_at"])


def _create_refresh_change() -> None:
    """Catalogues that changed an exposure."""
    op.create_table(
        "refresh_change",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("was", sa.LargeBinary(), nullable=False),
        sa.Column("became", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "evidence", "changed_at", name="pk_refresh_change"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_refresh_change_tenant_id_changed_at", "refresh_change", ["tenant_id", "changed_at"])


def _create_software_set() -> None:
    """The programs that machines list, each distinct list once."""
    op.create_table(
        "software_set",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("software_set", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "software_set", name="pk_software_set"),
    )


def _create_set_item() -> None:
    """The programs of a list."""
    op.create_table(
        "set_item",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("software_set", sa.LargeBinary(), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_recognised", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "software_set"],
            ["software_set.tenant_id", "software_set.software_set"],
            name="fk_set_item_software_set",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "software_set", "software", "version", name="pk_set_item"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_set_item_tenant_id_software", "set_item", ["tenant_id", "software"])


def _create_set_population() -> None:
    """How many machines have a list."""
    op.create_table(
        "set_population",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("software_set", sa.LargeBinary(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("machines", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("machines >= 0", name=op.f("ck_set_population_not_negative")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "software_set"],
            ["software_set.tenant_id", "software_set.software_set"],
            name="fk_set_population_software_set",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "software_set", "group_id", name="pk_set_population"),
        sqlite_with_rowid=False,
    )


def _create_listed_count() -> None:
    """How many machines list a program."""
    op.create_table(
        "listed_count",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("scope", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("machines", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("machines >= 0", name=op.f("ck_listed_count_machines_not_negative")),
        sa.PrimaryKeyConstraint("tenant_id", "scope", "software", name="pk_listed_count"),
        sqlite_with_rowid=False,
    )


def _create_listed_version_count() -> None:
    """How many machines list a version of it."""
    op.create_table(
        "listed_version_count",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("scope", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("machines", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("machines >= 0", name=op.f("ck_listed_version_count_machines_not_negative")),
        sa.PrimaryKeyConstraint("tenant_id", "scope", "software", "version", name="pk_listed_version_count"),
        sqlite_with_rowid=False,
    )


def _create_accepted_risk() -> None:
    """What people decided not to mend."""
    op.create_table(
        "accepted_risk",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("risk_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("accepted_by", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "risk_id", name="pk_accepted_risk"),
    )


def _create_audit_entry() -> None:
    """Who did what."""
    op.create_table(
        "audit_entry",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "entry_id", name="pk_audit_entry"),
    )
    op.create_index("ix_audit_entry_tenant_id_happened_at", "audit_entry", ["tenant_id", "happened_at"])
