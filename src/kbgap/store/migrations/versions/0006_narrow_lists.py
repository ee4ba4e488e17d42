"""Programs once, their counts by software, and findings as numbers: narrow rows in place of very many."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

Row = dict[str, Any]

_KEY = 16  # bytes
_AT_ONCE = 5_000  # rows that are in memory
_PARTS = ("software", "version", "vendor", "name", "is_recognised")


def upgrade() -> None:
    """Take over what is stored; lists keep their keys, and stay whole until their machines report others."""
    _count_findings()
    _name_programs()
    _keep_lists()
    _narrow_items()
    _join_counts()


# --- findings ---------------------------------------------------------------------------------------------------------


def _count_findings() -> None:
    """How many findings a state has is all that was asked of their rows."""
    finding = sa.table("finding", *map(sa.column, ("tenant_id", "revision", "state", "is_missing")))
    judged = sa.table("judgement", *map(sa.column, ("tenant_id", "revision", "state", "missing", "unknown")))
    mine = sa.and_(*(finding.c[name] == judged.c[name] for name in ("tenant_id", "revision", "state")))
    for name, kind in (("missing", sa.true()), ("unknown", sa.false())):
        op.add_column("judgement", sa.Column(name, sa.Integer(), nullable=True))
        number = sa.select(sa.func.count()).select_from(finding).where(mine, finding.c.is_missing == kind)
        op.execute(sa.update(judged).values({name: number.scalar_subquery()}))
    op.drop_table("finding")
    with op.batch_alter_table("judgement") as judgement:
        judgement.alter_column("missing", nullable=False)
        judgement.alter_column("unknown", nullable=False)


# --- lists ------------------------------------------------------------------------------------------------------------


def _name_programs() -> None:
    """Each program once."""
    op.create_table(
        "program",
        _tenant(),
        sa.Column("program", sa.LargeBinary(), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_recognised", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "program", name="pk_program"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_program_tenant_id_software", "program", ["tenant_id", "software"])
    rows = _read("SELECT DISTINCT tenant_id, software, version, vendor, name, is_recognised FROM set_item")
    _write("program", ({**row, "is_recognised": bool(row["is_recognised"]), "program": _key_of(row)} for row in rows))


def _keep_lists() -> None:
    """The keys of each list's programs, at first in a table that nothing refers to."""
    columns = [sa.Column(name, sa.LargeBinary()) for name in ("software_set", "kin", "added", "removed")]
    op.create_table("kept_set", _tenant(), *columns)
    rows = _read(
        "SELECT software_set.tenant_id, software_set.software_set, software, version, vendor, name, is_recognised"
        " FROM software_set LEFT JOIN set_item ON set_item.tenant_id = software_set.tenant_id"
        " AND set_item.software_set = software_set.software_set ORDER BY 1, 2"
    )
    _write("kept_set", _lists(rows))


def _lists(rows: Iterable[Row]) -> Iterator[Row]:
    for (tenant_id, key), mine in groupby(rows, key=itemgetter("tenant_id", "software_set")):
        keys = sorted(_key_of(row) for row in mine if row["software"] is not None)
        kin, added = b"".join(keys[:3]), b"".join(keys)
        yield {"tenant_id": tenant_id, "software_set": key, "kin": kin, "added": added, "removed": b""}


def _narrow_items() -> None:
    """Lists as keys of programs, and again by program, to search for."""
    for table in ("set_item", "set_population", "software_set"):
        op.drop_table(table)
    op.create_table(
        "software_set",
        _tenant(),
        sa.Column("software_set", sa.LargeBinary(), nullable=False),
        sa.Column("kin", sa.LargeBinary(), nullable=False),
        sa.Column("base", sa.LargeBinary(), nullable=True),
        sa.Column("added", sa.LargeBinary(), nullable=False),
        sa.Column("removed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "software_set", name="pk_software_set"),
        sqlite_with_rowid=False,
    )
    for name in ("kin", "base"):
        op.create_index(f"ix_software_set_tenant_id_{name}", "software_set", ["tenant_id", name])
    op.create_table(
        "set_item",
        _tenant(),
        sa.Column("software_set", sa.LargeBinary(), nullable=False),
        sa.Column("program", sa.LargeBinary(), nullable=False),
        sa.Column("is_there", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "software_set"],
            ["software_set.tenant_id", "software_set.software_set"],
            name="fk_set_item_software_set",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "program"], ["program.tenant_id", "program.program"], name="fk_set_item_program"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "software_set", "program", name="pk_set_item"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_set_item_tenant_id_program", "set_item", ["tenant_id", "program"])
    op.execute(
        "INSERT INTO software_set (tenant_id, software_set, kin, added, removed)"
        " SELECT tenant_id, software_set, kin, added, removed FROM kept_set"
    )
    _write("set_item", _items(_read("SELECT tenant_id, software_set, added FROM kept_set")))
    op.drop_table("kept_set")


def _items(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        added = row.pop("added")
        for start in range(0, len(added), _KEY):
            yield {**row, "program": added[start : start + _KEY], "is_there": True}


def _key_of(program: Mapping[str, Any]) -> bytes:
    """As ``store.software_sets.key_of`` made it then."""
    parts = {name: program[name] for name in _PARTS} | {"is_recognised": bool(program["is_recognised"])}
    text = msgspec.json.encode(parts)
    return hashlib.sha256(len(text).to_bytes(8) + text).digest()[:_KEY]


# --- counts -----------------------------------------------------------------------------------------------------------


def _join_counts() -> None:
    """All numbers of a software in one row."""
    op.create_table(
        "kept_count",
        _tenant(),
        *(sa.Column(name, kind) for name, kind in (("software", sa.Text()), ("machines", sa.BigInteger()))),
        sa.Column("body", sa.LargeBinary()),
    )
    rows = _read(
        "SELECT tenant_id, software, NULL AS version, scope, machines FROM listed_count"
        " UNION ALL SELECT tenant_id, software, version, scope, machines FROM listed_version_count ORDER BY 1, 2"
    )
    _write("kept_count", _counts(rows))
    for table in ("listed_count", "listed_version_count"):
        op.drop_table(table)
    op.create_table(
        "listed_count",
        _tenant(),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("machines", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("machines >= 0", name="ck_listed_count_machines_not_negative"),
        sa.PrimaryKeyConstraint("tenant_id", "software", name="pk_listed_count"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO listed_count (tenant_id, software, machines, body)"
        " SELECT tenant_id, software, machines, body FROM kept_count"
    )
    op.drop_table("kept_count")


def _counts(rows: Iterable[Row]) -> Iterator[Row]:
    for (tenant_id, software), mine in groupby(rows, key=itemgetter("tenant_id", "software")):
        scopes: defaultdict[str | None, dict[int, int]] = defaultdict(dict)
        for row in mine:
            scopes[row["version"]][row["scope"]] = row["machines"]
        groups = {version: _by_group(numbers) for version, numbers in scopes.items()}
        versions = {version: numbers for version, numbers in groups.items() if version is not None and numbers}
        machines = groups.get(None, {})
        body = msgspec.json.encode({"machines": machines, "versions": versions})
        yield {"tenant_id": tenant_id, "software": software, "machines": sum(machines.values()), "body": body}


def _by_group(scopes: Mapping[int, int]) -> dict[int, int]:
    """Scope 0 was the whole tenant; group 0 are the machines without one."""
    groups = {scope: machines for scope, machines in scopes.items() if scope}
    groups[0] = scopes.get(0, 0) - sum(groups.values())
    return {group_id: machines for group_id, machines in groups.items() if machines}


# --- rows -------------------------------------------------------------------------------------------------------------


def _tenant() -> sa.Column[int]:
    return sa.Column("tenant_id", sa.BigInteger(), nullable=False, autoincrement=False)


def _read(text: str) -> Iterator[Row]:
    """The rows of a SELECT, a piece at a time."""
    options = {"stream_results": True, "yield_per": _AT_ONCE}
    for row in op.get_bind().execute(sa.text(text), execution_options=options).mappings():
        yield dict(row)


def _write(table: str, rows: Iterator[Row]) -> None:
    while piece := list(islice(rows, _AT_ONCE)):
        names = sa.table(table, *(sa.column(name) for name in piece[0]))
        op.get_bind().execute(sa.insert(names), piece)
