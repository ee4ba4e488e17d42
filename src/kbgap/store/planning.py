"""Tell SQLite how rows are spread: without being told, it takes a tenant for a small part of every table.

Its planner guesses that ten rows have the same value in the first column of an index. That column is ``tenant_id``,
which nearly all rows have in common, so it would rather read all rows of a tenant than look up a second key. SQLite's
own ANALYZE counts what is there at one moment, which is nothing when a server starts. So the numbers are written down
once, when a database is migrated, and are the same in every one. PostgreSQL looks for itself.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, column, delete, func, insert, select, table, text

from kbgap.store import dialect

_ROWS = 1_000_000  # of every table: which is the larger one is not what goes wrong
_ALIKE = 20  # rows with the same key, as far as it does not tell them apart
_TOLD = ("set_item", "software_set")  # elsewhere the guess does no harm, and numbers would turn good plans into others
_statistics = table("sqlite_stat1", column("tbl"), column("idx"), column("stat"))


def tell_spread(tx: Connection) -> None:
    """Write the numbers for the indexes of lists; other connections know them once they are opened anew."""
    if not dialect.needs_statistics(tx):
        return
    tx.execute(text("ANALYZE tenant"))  # makes the table of numbers; of all tables it is the smallest
    tx.execute(delete(_statistics))
    rows = [
        {"tbl": name, "idx": index, "stat": _spread(columns, is_unique=is_unique)}
        for name in _TOLD
        for index, is_unique, columns in _indexes(tx, name)
    ]
    if rows:  # none where migrations end before there are such tables
        tx.execute(insert(_statistics), rows)


def _indexes(connection: Connection, name: str) -> Iterator[tuple[str, bool, Sequence[str]]]:
    """The indexes of a table, that of its key among them: name, whether it is unique, and columns."""
    listed = func.pragma_index_list(name).table_valued("name", "unique", name="listed")
    inside = func.pragma_index_info(listed.c.name).table_valued("seqno", "name", name="inside")
    found: dict[tuple[str, bool], list[str]] = defaultdict(list)
    statement = select(listed.c.name, listed.c.unique, inside.c.name).select_from(listed).join(inside, text("1"))
    for index, is_unique, column_name in connection.execute(statement.order_by(listed.c.name, inside.c.seqno)):
        found[index, bool(is_unique)].append(column_name)
    return ((index, is_unique, columns) for (index, is_unique), columns in found.items())


def _spread(columns: Sequence[str], *, is_unique: bool) -> str:
    """How many rows there are, and how many have the same first column, the same first two, and so on."""
    alike = [_ROWS, *[_ALIKE for _ in columns[1:]]]  # the first column is the tenant
    if is_unique:
        alike[-1] = 1
    return " ".join(map(str, [_ROWS, *alike]))
