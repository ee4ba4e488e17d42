"""Spread the tables over the nodes of a Citus cluster: tenant data by tenant, everything else as a copy on each node.

docs/howto/citus.md gives the rules that make this a list of calls and no change of a query.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, column, select, table, text

from kbgap.core.errors import Invalid, Unavailable
from kbgap.store import dialect, schema  # noqa: F401 - the schema fills the metadata
from kbgap.store.columns import metadata

_WITHOUT_TENANT = "catalogue_"
_OF_THE_INSTALLATION = frozenset({"signing_key", "tenant"})
_distributed_already = table("pg_dist_partition", column("logicalrelid"))

# Written rarely and read everywhere: each node has a copy. A table comes after those that it refers to.
REFERENCE = tuple(
    each.name
    for each in metadata.sorted_tables
    if each.name in _OF_THE_INSTALLATION or each.name.startswith(_WITHOUT_TENANT)
)
# All rows of one tenant are on one node.
DISTRIBUTED = tuple(each.name for each in metadata.sorted_tables if each.name not in REFERENCE)


def distribute(tx: Connection) -> Sequence[str]:
    """Distribute the tables that are not distributed yet, all or none, and name them.

    Raises:
        Unavailable: the database is not PostgreSQL, or has no Citus extension.
        Invalid: a table that is to be distributed holds rows; a copy of them would stay behind on the first node.
    """
    if not dialect.has_citus(tx):
        raise Unavailable(
            "the database has no Citus extension",
            mend="use PostgreSQL with Citus, and run CREATE EXTENSION citus in this database",
        )
    # Keys between copied and spread tables are made over one connection: another would not see this transaction.
    tx.execute(text("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'"))
    done = {str(name) for name in tx.scalars(select(_distributed_already.c.logicalrelid))}
    left = [name for name in (*REFERENCE, *DISTRIBUTED) if name not in done]
    for name in left:
        if tx.execute(select(metadata.tables[name]).limit(1)).first() is not None:
            mend = "distribute a new database, then run kbgap db restore"
            raise Invalid("the table holds rows already", where=name, mend=mend)
    for name in left:
        tx.execute(text(_call(name)))
    return left


def _call(name: str) -> str:
    if name in REFERENCE:
        return f"SELECT create_reference_table('{name}')"
    together = "" if name == DISTRIBUTED[0] else f", colocate_with => '{DISTRIBUTED[0]}'"
    return f"SELECT create_distributed_table('{name}', 'tenant_id'{together})"
