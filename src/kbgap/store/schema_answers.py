"""The tables behind answers beyond missing KBs: facts of CVEs, exposure and its history, inventories, accepted risk.

The rules of ``schema.py`` bind these too, which imports them so that there is one schema.
"""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Double, Index, Integer, LargeBinary, Table, Text

from kbgap.store.columns import Instant, inside, key, metadata, revision_column, tenant_column

# --- what is published about CVEs: no tenant -------------------------------------------------------------------------

catalogue_cve = Table(
    "catalogue_cve",
    metadata,
    revision_column(),
    key("cve"),
    Column("description", Text, nullable=False),
    Column("severity", Text, nullable=False),  # the API's word
    Column("cvss", Double, nullable=False),  # 0 when there is no score
    Column("vector", Text),
    Column("published_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("first_patch_at", Instant),
    Column("is_exploited", Boolean, nullable=False),  # Microsoft saw it used
    Column("is_disclosed", Boolean, nullable=False),  # it was known before it was fixed
)

# From CISA and FIRST, whatever the catalogue's revision.
catalogue_threat = Table(
    "catalogue_threat",
    metadata,
    key("cve"),
    Column("exploited_on", Text),  # ISO day on which CISA listed it
    Column("epss", Double),
)

catalogue_threat_feed = Table(
    "catalogue_threat_feed",
    metadata,
    key("feed"),
    Column("version", Text, nullable=False),
    Column("cves", Integer, nullable=False),
    Column("loaded_at", Instant, nullable=False),
)

# --- how exposed machines are, and since when ------------------------------------------------------------------------

# All gaps of a machine together that are not empty. Kept while a profile or the history refers to it.
exposure = Table(
    "exposure",
    metadata,
    tenant_column(),
    key("exposure", LargeBinary),
    Column("points", Double, nullable=False),
    Column("score", Double, nullable=False),  # 0 to 100
    Column("level", Text, nullable=False),  # the API's word
)

exposure_gap = Table(
    "exposure_gap",
    metadata,
    tenant_column(),
    key("exposure", LargeBinary),
    key("gap", LargeBinary),
    inside("exposure", "exposure", cascade=True),
    inside("gap", "gap"),
    Index(None, "tenant_id", "gap"),
    sqlite_with_rowid=False,
)

profile_exposure = Table(
    "profile_exposure",
    metadata,
    tenant_column(),
    key("profile", LargeBinary),
    key("revision"),
    Column("exposure", LargeBinary, nullable=False),
    inside("profile", "profile", cascade=True),
    inside("exposure", "exposure"),
    Index(None, "tenant_id", "exposure"),
    sqlite_with_rowid=False,
)

# What is open on one machine changed. What a catalogue changed since the machine has its evidence stands below.
machine_change = Table(
    "machine_change",
    metadata,
    tenant_column(),
    key("machine_id"),
    Column("changed_at", Instant, primary_key=True),
    Column("was", LargeBinary, nullable=False),
    Column("became", LargeBinary, nullable=False),
    inside("machine", "machine_id", cascade=True),
    Index(None, "tenant_id", "changed_at"),
    sqlite_with_rowid=False,
)

# A catalogue changed what is open on every machine with this evidence.
refresh_change = Table(
    "refresh_change",
    metadata,
    tenant_column(),
    key("evidence", LargeBinary),
    Column("changed_at", Instant, primary_key=True),
    Column("was", LargeBinary, nullable=False),
    Column("became", LargeBinary, nullable=False),
    Index(None, "tenant_id", "changed_at"),
    sqlite_with_rowid=False,
)

# --- software that machines list -------------------------------------------------------------------------------------

program = Table(
    "program",
    metadata,
    tenant_column(),
    key("program", LargeBinary),
    Column("software", Text, nullable=False),  # vendor-_-product
    Column("version", Text, nullable=False),
    Column("vendor", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("is_recognised", Boolean, nullable=False),
    Index(None, "tenant_id", "software"),
    sqlite_with_rowid=False,
)

# A list of programs: whole, or what differs from its base, which is whole (store.software_sets).
software_set = Table(
    "software_set",
    metadata,
    tenant_column(),
    key("software_set", LargeBinary),
    Column("kin", LargeBinary, nullable=False),  # the smallest keys of its programs
    Column("base", LargeBinary),
    Column("added", LargeBinary, nullable=False),  # keys of programs, one behind the other
    Column("removed", LargeBinary, nullable=False),
    Index(None, "tenant_id", "kin"),
    Index(None, "tenant_id", "base"),
    sqlite_with_rowid=False,
)

# The same by program, to search for.
set_item = Table(
    "set_item",
    metadata,
    tenant_column(),
    key("software_set", LargeBinary),
    key("program", LargeBinary),
    Column("is_there", Boolean, nullable=False),  # else it is removed from the base
    inside("software_set", "software_set", cascade=True),
    inside("program", "program"),
    Index(None, "tenant_id", "program"),
    sqlite_with_rowid=False,
)

listed_count = Table(
    "listed_count",
    metadata,
    tenant_column(),
    key("software"),
    Column("machines", BigInteger, nullable=False),  # of the whole tenant
    Column("body", LargeBinary, nullable=False),  # store.listed_counts.Numbers as JSON
    CheckConstraint("machines >= 0", name="machines_not_negative"),
    sqlite_with_rowid=False,
)

# --- what people decide and do ---------------------------------------------------------------------------------------

accepted_risk = Table(
    "accepted_risk",
    metadata,
    tenant_column(),
    key("risk_id"),
    Column("subject", Text, nullable=False),  # a KB number or a CVE id
    Column("group_id", Integer, nullable=False),  # 0: the whole tenant
    Column("expires_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("accepted_by", Text, nullable=False),
    Column("accepted_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
)

# Rows are added and read, and never changed. Tenant 0 is the installation itself.
audit_entry = Table(
    "audit_entry",
    metadata,
    tenant_column(),
    key("entry_id"),
    Column("happened_at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False),  # JSON object
    Index(None, "tenant_id", "happened_at"),
)
