"""The kinds of columns and keys that the tables are made of."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A moment with its time zone, kept as whole microseconds since 1970: compares alike on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - given by SQLAlchemy
        """Count the microseconds; a moment without a time zone is a programming error."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        """Give the moment back in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def key(name: str, kind: type[Text | LargeBinary | Integer | BigInteger] = Text) -> Column[object]:
    """One column of a primary key whose value is given, never counted up."""
    return Column(name, kind, primary_key=True, autoincrement=False)


def tenant_column() -> Column[object]:
    """The number of the tenant (``store.tenants.tenant_key``): the first column of the primary key of tenant data."""
    return key("tenant_id", BigInteger)


def inside(target: str, *columns: str, cascade: bool = False) -> ForeignKeyConstraint:
    """A foreign key inside the tenant: the columns are called the same on both sides."""
    both = ("tenant_id", *columns)
    return ForeignKeyConstraint(both, [f"{target}.{name}" for name in both], ondelete="CASCADE" if cascade else None)


def revision_column() -> Column[object]:
    """The catalogue revision that a row belongs to, and goes with."""
    reference = ForeignKey("catalogue_revision.revision", ondelete="CASCADE")
    return Column("revision", Text, reference, primary_key=True)
