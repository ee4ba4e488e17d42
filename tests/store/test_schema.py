"""The schema keeps the rules that let it be distributed over nodes by tenant (docs/adr/0005)."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Integer, Table, create_engine

from kbgap.store import schema, tenants
from kbgap.store.columns import Instant, metadata
from tests.builders import NOW, TENANT

# Small tables of the installation, written rarely: each node would have a copy of them.
REFERENCE = {"signing_key", "tenant"} | {name for name in metadata.tables if name.startswith("catalogue_")}
TENANT_DATA = [table for table in metadata.sorted_tables if table.name not in REFERENCE]


def keys(table: Table) -> list[list[str]]:
    """The columns of the primary key, of each unique key and of each index."""
    indexes = [[column.name for column in index.columns] for index in table.indexes]
    return [[column.name for column in table.primary_key], *indexes]


def test_every_key_of_tenant_data_begins_with_the_tenant() -> None:
    """A row's tenant decides the node, so every look-up must know it."""
    wrong = {table.name: key for table in TENANT_DATA for key in keys(table) if key[0] != "tenant_id"}

    assert TENANT_DATA
    assert wrong == {}


def test_references_stay_in_the_tenant_or_point_at_the_catalogue() -> None:
    """A reference between tenant tables holds the tenant on both sides; none points from the catalogue to a tenant."""
    for table in metadata.sorted_tables:
        for reference in table.foreign_key_constraints:
            target = reference.referred_table
            if target.name in REFERENCE:
                continue
            assert table.name not in REFERENCE
            assert reference.column_keys[0] == "tenant_id"
            assert reference.elements[0].column.name == "tenant_id"


def test_no_key_is_counted_up() -> None:
    """Sequences would have to be shared between nodes."""
    counted = [
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.primary_key
        if isinstance(column.type, Integer) and column.autoincrement is not False
    ]

    assert counted == []


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_comes_back_exactly(moment: datetime) -> None:
    """To the microsecond, whatever its time zone was."""
    dialect = create_engine("sqlite://").dialect
    instant = Instant()

    stored = instant.process_bind_param(moment, dialect)

    assert instant.process_result_value(stored, dialect) == moment
    assert instant.process_bind_param(None, dialect) is None
    assert instant.process_result_value(None, dialect) is None


def test_moments_keep_their_order() -> None:
    """So that the database can compare them."""
    dialect = create_engine("sqlite://").dialect
    stored = [Instant().process_bind_param(NOW + timedelta(microseconds=n), dialect) for n in (-1, 0, 1)]

    assert stored == sorted(stored, key=lambda value: value or 0)
    assert len(set(stored)) == 3


def test_a_tenants_number_fits_every_database() -> None:
    """63 bits, the same in every process and for every spelling of the GUID."""
    key = tenants.tenant_key(TENANT)

    assert 0 <= key < 2**63
    assert key == tenants.tenant_key(TENANT.upper())
    assert schema.tenant.c.tenant_id.type.python_type is int
