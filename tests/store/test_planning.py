"""SQLite looks lists of programs up by what is asked for, and never reads all of a tenant's."""

from pathlib import Path

from sqlalchemy import text

from kbgap.store import software_sets
from kbgap.store.database import Database, open_database
from kbgap.store.migrate import migrate
from kbgap.store.planning import tell_spread
from kbgap.store.tenants import TenantKey


def plan_of_lists(url: str) -> list[str]:
    """How SQLite means to find the lists that have a software, step by step."""
    with open_database(url) as database, database.reading() as connection:
        asked = software_sets.lists_with(TenantKey(7), "a-_-b").compile(
            dialect=connection.dialect, compile_kwargs={"literal_binds": True}
        )
        return [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {asked}"))]


def test_lists_are_found_by_program_and_by_base(tmp_path: Path) -> None:
    """A migrated database knows it, with nothing in it; what SQLite would guess reads every list there is."""
    url = f"sqlite:///{tmp_path / 'kbgap.sqlite'}"
    migrate(url)

    told = [step for step in plan_of_lists(url) if "set_item" in step or "software_set" in step]

    assert told
    assert not [step for step in told if step.endswith("(tenant_id=?)") or "SCAN" in step]


def test_what_was_told_is_told_anew_by_the_next_migration(tmp_path: Path) -> None:
    """Numbers of an index that is gone, or of an ANALYZE by hand, stay no longer than that."""
    url = f"sqlite:///{tmp_path / 'kbgap.sqlite'}"
    migrate(url)
    with Database(url) as database, database.transaction() as tx:
        before = tx.execute(text("SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY 1, 2")).all()
        tx.execute(text("UPDATE sqlite_stat1 SET stat = '1 1'"))

    migrate(url)

    with Database(url) as database, database.snapshot() as connection:
        after = connection.execute(text("SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY 1, 2")).all()
    assert after == before


def test_postgresql_looks_for_itself(engine_url: str) -> None:
    """It is told nothing, and asked for nothing that it does not have."""
    migrate(engine_url)

    with Database(engine_url) as database, database.transaction() as tx:
        tell_spread(tx)
