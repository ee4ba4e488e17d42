"""The tables can be spread over the nodes of a Citus cluster, and no statement of ours is one that Citus refuses."""

from datetime import timedelta

import pytest
from sqlalchemy import Select, delete, exists, func, insert, literal, select, text, union_all, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.base import Executable

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import Invalid, Unavailable
from kbgap.operations.distribute_database import distribute_database
from kbgap.operations.manage_machines import sweep_machines
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import schema
from kbgap.store.columns import metadata
from kbgap.store.database import Database
from kbgap.store.distribution import DISTRIBUTED, REFERENCE
from kbgap.store.migrate import migrate
from tests.builders import NOW, TENANT, a_report
from tests.citus import Recorder, RefusedByCitusError
from tests.citus_rules import faults_of, faults_of_text

MACHINE, SEEN, SOFTWARE = schema.machine, schema.machine_seen, schema.catalogue_software
_SEEN_OF_MACHINE = exists().where(SEEN.c.tenant_id == MACHINE.c.tenant_id, SEEN.c.machine_id == MACHINE.c.machine_id)

# What we call of the extension: it notes the calls. Citus itself is in no package that tests can have.
_AS_CITUS_OFFERS = """
CREATE TABLE pg_dist_partition (place SERIAL, logicalrelid REGCLASS, tenant TEXT, beside TEXT);
CREATE FUNCTION create_reference_table(table_name REGCLASS) RETURNS VOID LANGUAGE SQL AS
    $$ INSERT INTO pg_dist_partition (logicalrelid) VALUES ($1) $$;
CREATE FUNCTION create_distributed_table(
    table_name REGCLASS, distribution_column TEXT, colocate_with TEXT DEFAULT 'default') RETURNS VOID LANGUAGE SQL AS
    $$ INSERT INTO pg_dist_partition (logicalrelid, tenant, beside) VALUES ($1, $2, $3) $$;
"""


def of_one(*columns: object, tenant: int = 1) -> Select[tuple[object, ...]]:
    """A query of one tenant's machines."""
    asked: Select[tuple[object, ...]] = select(*columns or (MACHINE,))  # type: ignore[call-overload] # any columns
    return asked.where(MACHINE.c.tenant_id == tenant)


# --- what is refused --------------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Executable, str]] = {
    "a query without tenant": (select(MACHINE), "machine is read without one tenant"),
    "a tenant that is one of two": (
        select(MACHINE).where((MACHINE.c.tenant_id == 1) | (MACHINE.c.machine_id == "x")),
        "machine is read without one tenant",
    ),
    "a list of tenants": (select(MACHINE).where(MACHINE.c.tenant_id.in_([1, 2])), "machine is read without one tenant"),
    "a join by the machine alone": (
        of_one(SEEN.c.last_seen).join(SEEN, SEEN.c.machine_id == MACHINE.c.machine_id),
        "machine_seen is read without one tenant",
    ),
    "another name for a table": (select(MACHINE.alias("m")), "machine is read without one tenant"),
    "a subquery": (select(select(MACHINE.c.machine_id).subquery()), "machine is read without one tenant"),
    "a common table expression": (select(select(MACHINE.c.machine_id).cte("c")), "machine is read without one tenant"),
    "one half of a union": (union_all(of_one(), select(MACHINE)), "machine is read without one tenant"),
    "a number worked out for each row": (
        of_one(select(func.count()).select_from(SEEN).scalar_subquery()),
        "machine_seen is read without one tenant",
    ),
    "tenant data sought for each row of a copied table": (
        select(SOFTWARE).where(exists().where(MACHINE.c.machine_id == SOFTWARE.c.software)),
        "machine is read without one tenant",
    ),
    "a change of every tenant": (update(MACHINE).values(exclusion=None), "a change of machine without one tenant"),
    "a deletion in every tenant": (delete(MACHINE), "a change of machine without one tenant"),
    "a row that moves": (
        update(MACHINE).where(MACHINE.c.tenant_id == 1).values(tenant_id=2),
        "the tenant of a row is changed",
    ),
    "a moment that each node reads for itself": (
        update(SEEN).where(SEEN.c.tenant_id == 1).values(last_seen=func.now()),
        "now() in a change",
    ),
    "chance in a condition": (
        delete(SEEN).where(SEEN.c.tenant_id == 1, SEEN.c.last_seen < func.random()),
        "random() in a change",
    ),
    "a copied table changed by tenant data": (
        delete(SOFTWARE).where(~exists(of_one().subquery())),
        "catalogue_software, of which each node has a copy, is changed by tenant data",
    ),
    "a subquery in the values of a row": (
        insert(SOFTWARE).values(vendor=select(literal("x")).scalar_subquery()),
        "a subquery in the values of an INSERT",
    ),
    "rows of a query without tenant": (
        insert(SEEN).from_select(["machine_id"], of_one(MACHINE.c.machine_id)),
        "rows of machine_seen without their tenant",
    ),
    "a conflict across tenants": (
        postgresql.insert(SEEN).values(tenant_id=1).on_conflict_do_nothing(index_elements=["machine_id"]),
        "a conflict that is not within the tenant",
    ),
    "a conflict that moves a row": (
        postgresql.insert(SEEN)
        .values(tenant_id=1)
        .on_conflict_do_update(index_elements=["tenant_id", "machine_id"], set_={"tenant_id": 2}),
        "the tenant of a row is changed",
    ),
    "text that nobody can look at": (text("SELECT * FROM machine WHERE tenant_id = 1"), "text on machine"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_citus_refuses_is_found(name: str) -> None:
    """Each rule of docs/howto/citus.md, broken once."""
    statement, fault = REFUSED[name]

    assert any(line.startswith(fault) for line in faults_of(statement))


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("INSERT INTO machine_seen (machine_id, last_seen) VALUES (?, ?)", "rows of machine_seen without their tenant"),
        (
            "INSERT INTO gap (tenant_id, gap) VALUES (?, ?) ON CONFLICT DO UPDATE SET tenant_id = excluded.tenant_id",
            "the tenant of a row is changed",
        ),
    ],
)
def test_rows_for_the_driver_are_looked_at_too(written: str, fault: str) -> None:
    """They are sent as text, because that is faster."""
    assert faults_of_text(written) == [fault]


@pytest.mark.parametrize(
    "statement",
    [
        of_one(),
        of_one(SEEN.c.last_seen).join(SEEN, (SEEN.c.tenant_id == MACHINE.c.tenant_id) & (SEEN.c.machine_id == "x")),
        of_one().where(_SEEN_OF_MACHINE).with_for_update(),
        of_one(select(func.count()).where(SEEN.c.tenant_id == MACHINE.c.tenant_id).scalar_subquery()),
        select(of_one().subquery()),
        select(SOFTWARE).outerjoin(select(MACHINE).where(MACHINE.c.tenant_id == 1).subquery(), literal(1) == 1),
        update(MACHINE).where(MACHINE.c.tenant_id == 1).values(exclusion=func.coalesce(MACHINE.c.exclusion, "x")),
        delete(MACHINE).where(MACHINE.c.tenant_id == 1, ~_SEEN_OF_MACHINE),
    ],
)
def test_what_citus_takes_is_let_through(statement: Executable) -> None:
    """A guard that refuses good statements would be switched off."""
    assert faults_of(statement) == []


def test_two_tenants_in_one_statement_are_found(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each table has one, but not the same."""
    statement = of_one().where(exists().where(SEEN.c.tenant_id == 2, SEEN.c.machine_id == MACHINE.c.machine_id))
    monkeypatch.setattr("tests.citus._is_ours", lambda: True)

    with pytest.raises(RefusedByCitusError, match="two tenants in one statement"), database.reading() as connection:
        connection.execute(statement)


def test_statements_of_our_code_are_looked_at(fleet: Database, catalogue: CatalogueFile, statements: Recorder) -> None:
    """On both databases; a guard that sees nothing would find nothing."""
    before = statements.seen

    report_inventory(fleet, catalogue, TENANT, [a_report("ws-1")], NOW)
    sweep_machines(fleet, TENANT, NOW, timedelta(days=30), timedelta(days=180))

    assert statements.seen > before + 20


# --- distributing -----------------------------------------------------------------------------------------------------


def test_every_table_is_copied_or_spread() -> None:
    """None is forgotten, and what is spread has the tenant."""
    assert sorted([*REFERENCE, *DISTRIBUTED]) == sorted(metadata.tables)
    assert all("tenant_id" in metadata.tables[name].primary_key.columns for name in DISTRIBUTED)


def test_a_database_without_the_extension_is_told(database: Database) -> None:
    """With what to do about it, and nothing is done."""
    with pytest.raises(Unavailable, match="no Citus extension; use PostgreSQL with Citus, and run CREATE EXTENSION"):
        distribute_database(database)


def test_each_table_is_distributed_once_after_those_that_it_refers_to(postgres_url: str) -> None:
    """The order matters: a key that leads to a table on one node only is refused."""
    migrate(postgres_url)
    with Database(postgres_url) as database:
        with database.transaction() as tx:
            tx.execute(text(_AS_CITUS_OFFERS))

        first = distribute_database(database)
        again = distribute_database(database)
        with database.reading() as connection:
            calls = connection.execute(
                text("SELECT logicalrelid::text, tenant, beside FROM pg_dist_partition ORDER BY place")
            ).all()

    assert (list(first), list(again)) == ([*REFERENCE, *DISTRIBUTED], [])
    assert [tuple(call) for call in calls] == [
        *((name, None, None) for name in REFERENCE),
        (DISTRIBUTED[0], "tenant_id", "default"),
        *((name, "tenant_id", DISTRIBUTED[0]) for name in DISTRIBUTED[1:]),
    ]
    for table in metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            assert first.index(key.referred_table.name) <= first.index(table.name)


def test_a_database_with_rows_is_not_distributed(postgres_url: str) -> None:
    """What the extension copies to the nodes would be left on the first one as well."""
    migrate(postgres_url)
    with Database(postgres_url) as database:
        with database.transaction() as tx:
            tx.execute(text(_AS_CITUS_OFFERS))
            tx.execute(insert(schema.signing_key).values(kid="1", pem="", created_at=NOW))

        with pytest.raises(Invalid, match="signing_key: the table holds rows already; distribute a new database"):
            distribute_database(database)
