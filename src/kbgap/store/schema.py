"""The tables: one schema for SQLite, PostgreSQL and Citus.

Rules that keep it ready for Citus (docs/adr/0005): ``tenant_id`` is in every primary key, unique key and join of tenant
data and would be the distribution column; keys are digests or given from outside, never sequences; catalogue rows carry
no tenant; foreign keys stay inside a tenant or point at the catalogue, never away from it.

``MIGRATED_TO`` names the migration that makes this schema: a test holds the two together.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from kbgap.store import schema_answers, schema_clients  # noqa: F401 - their tables belong to the same schema
from kbgap.store.columns import Instant, inside, key, metadata, revision_column, tenant_column

MIGRATED_TO = "0008"

# --- what Microsoft publishes: no tenant, written in batches ---------------------------------------------------------

catalogue_revision = Table(
    "catalogue_revision",
    metadata,
    key("revision"),
    Column("newest", Text, nullable=False),
    Column("loaded_at", Instant, nullable=False),
    Column("checksum", Text, nullable=False),  # SHA-256 of the file, in hex
)

catalogue_file = Table("catalogue_file", metadata, revision_column(), Column("body", LargeBinary, nullable=False))

catalogue_software = Table(
    "catalogue_software",
    metadata,
    revision_column(),
    key("software"),
    Column("vendor", Text, nullable=False),
    Column("is_system", Boolean, nullable=False),  # an operating system: named first where software is listed
)

catalogue_update = Table(
    "catalogue_update",
    metadata,
    revision_column(),
    key("kb"),
    Column("kb_number", BigInteger, nullable=False),  # the same as a number, to order by
    Column("name", Text, nullable=False),
    Column("released", Text, nullable=False),  # ISO day, empty when no document says it
)

catalogue_addressed = Table(
    "catalogue_addressed",
    metadata,
    revision_column(),
    key("software"),
    key("kb"),
    Column("cve_count", Integer, nullable=False),
    Column("cves", Text, nullable=False),  # JSON array
)

catalogue_fix = Table(
    "catalogue_fix",
    metadata,
    revision_column(),
    key("product"),
    key("kb"),
    Column("software", Text, nullable=False),
    Column("cves", Text, nullable=False),  # JSON array
)

# --- who asks ---------------------------------------------------------------------------------------------------------

signing_key = Table(
    "signing_key",
    metadata,
    key("kid"),
    Column("pem", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

tenant = Table(
    "tenant",
    metadata,
    tenant_column(),
    Column("guid", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

tenant_pointer = Table(
    "tenant_pointer",
    metadata,
    Column("tenant_id", BigInteger, ForeignKey("tenant.tenant_id"), primary_key=True, autoincrement=False),
    Column("revision", Text, ForeignKey("catalogue_revision.revision")),
    Column("epoch", BigInteger, nullable=False),
)

# --- what machines report, and the states they share -----------------------------------------------------------------

software_state = Table(
    "software_state",
    metadata,
    tenant_column(),
    key("state", LargeBinary),
    Column("software", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # core.model.SoftwareState, packed
    Column("version", Text),  # as lists show it; None when it is not known
    Index(None, "tenant_id", "software"),
    sqlite_with_rowid=False,
)

profile = Table(
    "profile",
    metadata,
    tenant_column(),
    key("profile", LargeBinary),
    Column("os_build", BigInteger),
)

profile_state = Table(
    "profile_state",
    metadata,
    tenant_column(),
    key("profile", LargeBinary),
    key("state", LargeBinary),
    inside("profile", "profile", cascade=True),
    inside("software_state", "state"),
    Index(None, "tenant_id", "state"),
    sqlite_with_rowid=False,
)

evidence = Table(
    "evidence",
    metadata,
    tenant_column(),
    key("evidence", LargeBinary),
    Column("profile", LargeBinary, nullable=False),
    Column("facts", Text, nullable=False),  # store.machines.Facts as JSON
    Column("body", LargeBinary, nullable=False),  # what was reported, packed
    Column("software_set", LargeBinary),  # of the programs that it lists; None when it lists none
    inside("profile", "profile"),
    Index(None, "tenant_id", "profile"),
)

machine_group = Table(
    "machine_group",
    metadata,
    tenant_column(),
    key("group_id", Integer),
    Column("name", Text, nullable=False),
)

machine = Table(
    "machine",
    metadata,
    tenant_column(),
    key("machine_id"),
    Column("computer_dns_name", Text),
    Column("os_platform", Text, nullable=False),
    Column("version", Text),
    Column("os_build", BigInteger),
    Column("architecture", Text),
    Column("is_outside", Boolean, nullable=False),  # outside the catalogue: never judged
    Column("last_ip_address", Text),
    Column("reported_tags", Text, nullable=False),  # JSON array
    Column("set_tags", Text),  # JSON array: what an administrator set, which wins
    Column("reported_group", Text),
    Column("set_group", Text),
    Column("group_id", Integer, nullable=False),  # of the group that counts; 0 when none
    Column("exclusion", Text),  # the reason why an administrator left it out of the counts
    Column("first_seen", Instant, nullable=False),
    Column("evidence", LargeBinary, nullable=False),
    Column("profile", LargeBinary, nullable=False),
    Column("build", Text),  # all of it: 10.0.18363.657
    Column("software_set", LargeBinary),
    Column("evidence_since", Instant),
    inside("evidence", "evidence"),
    inside("profile", "profile"),
    Index(None, "tenant_id", "profile", "machine_id"),
    Index(None, "tenant_id", "evidence"),
    Index(None, "tenant_id", "software_set"),
    Index(None, "tenant_id", "computer_dns_name"),
    sqlite_with_rowid=False,  # a page of a list reads neighbours
)

# Apart and narrow, because every heartbeat writes it.
machine_seen = Table(
    "machine_seen",
    metadata,
    tenant_column(),
    key("machine_id"),
    Column("last_seen", Instant, nullable=False),
    Column("reported_at", Instant, nullable=False),
    Column("report", LargeBinary, nullable=False),  # digest of the report, to know a repetition
    Column("is_silent", Boolean, nullable=False),
    Column("silent_since", Instant),  # when it was marked so; means nothing once it is heard again
    inside("machine", "machine_id", cascade=True),
    sqlite_with_rowid=False,
)

# --- what is judged and counted ---------------------------------------------------------------------------------------

# What a state adds to the counts: the KBs that it misses and the CVEs that are open. Many states have the same gap.
gap = Table(
    "gap",
    metadata,
    tenant_column(),
    key("gap", LargeBinary),
    Column("body", LargeBinary, nullable=False),  # store.effects.Effect, packed
)

judgement = Table(
    "judgement",
    metadata,
    tenant_column(),
    key("revision"),
    key("state", LargeBinary),
    Column("gap", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),  # core.verdicts.Finding, missing and unknown ones, packed
    Column("missing", Integer, nullable=False),  # how many of them
    Column("unknown", Integer, nullable=False),
    inside("software_state", "state", cascade=True),
    inside("gap", "gap"),
    Index(None, "tenant_id", "state"),
    Index(None, "tenant_id", "gap"),
)

population = Table(
    "population",
    metadata,
    tenant_column(),
    key("profile", LargeBinary),
    key("group_id", Integer),
    Column("machines", BigInteger, nullable=False),
    inside("profile", "profile", cascade=True),
    CheckConstraint("machines >= 0", name="not_negative"),
    sqlite_with_rowid=False,
)


def _count_table(name: str, *keys: Column[object], counts: tuple[str, ...] = ("machines",)) -> Table:
    """Numbers of machines per scope: 0 is the whole tenant, anything else one machine group."""
    return Table(
        name,
        metadata,
        tenant_column(),
        key("scope", Integer),
        key("software"),
        *keys,
        *(Column(count, BigInteger, nullable=False) for count in counts),
        *(CheckConstraint(f"{count} >= 0", name=f"{count}_not_negative") for count in counts),
        sqlite_with_rowid=False,
    )


software_count = _count_table("software_count", counts=("machines", "exposed"))
missing_count = _count_table("missing_count", key("kb"), key("os_build", BigInteger))
gap_count = _count_table("gap_count", key("gap", LargeBinary))
