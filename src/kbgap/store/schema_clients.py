"""The tables of the clients that may ask for tokens: ``schema.py`` imports them, and its rules bind them too."""

from sqlalchemy import Column, ForeignKeyConstraint, LargeBinary, Table, Text

from kbgap.store.columns import Instant, inside, key, metadata, tenant_column

client = Table(
    "client",
    metadata,
    tenant_column(),
    key("client_id"),
    Column("name", Text, nullable=False),
    Column("roles", Text, nullable=False),  # JSON array
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"]),
)

client_secret = Table(
    "client_secret",
    metadata,
    tenant_column(),
    key("client_id"),
    key("secret_id"),
    Column("salt", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    inside("client", "client_id", cascade=True),
)
