"""Write down when what is open on machines changed, and tell since when something is open.

A catalogue changes many machines at once, so its change is written once for each evidence and not for each machine.
It concerns the machines that have the evidence at that moment. When a machine's evidence changes, what catalogues
changed while it had the old one is taken over to its own rows. So a machine's history is its own rows, and those of its
evidence from the moment on at which it got it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from kbgap.store import dialect
from kbgap.store.packing import in_pieces
from kbgap.store.schema_answers import machine_change, refresh_change
from kbgap.store.tenants import TenantKey


class Change(NamedTuple):
    """At this moment, one exposure became another."""

    at: datetime
    was: bytes
    became: bytes


def note_machines(tx: Connection, tenant: TenantKey, changes: Mapping[str, Sequence[Change]]) -> None:
    """Write down what changed on machines, by id; of several changes at one moment the first and last state stay."""
    rows: dict[tuple[str, datetime], dict[str, object]] = {}
    for machine_id, mine in changes.items():
        for change in mine:
            if change.was != change.became:
                known = rows.get((machine_id, change.at))
                row = {"tenant_id": tenant, "machine_id": machine_id, "changed_at": change.at, "was": change.was}
                rows[machine_id, change.at] = {**(known or row), "became": change.became}
    dialect.insert_or_replace(tx, machine_change, list(rows.values()), keep=("was",))


def note_refresh(
    tx: Connection, tenant: TenantKey, now: datetime, changes: Mapping[bytes, tuple[bytes, bytes]]
) -> None:
    """Write down what a catalogue changed: by evidence, the exposure before and after."""
    rows: list[dict[str, object]] = [
        {"tenant_id": tenant, "evidence": evidence, "changed_at": now, "was": was, "became": became}
        for evidence, (was, became) in changes.items()
        if was != became
    ]
    dialect.insert_or_replace(tx, refresh_change, rows, keep=("was",))


def of_evidence(connection: Connection, tenant: TenantKey, keys: Collection[bytes]) -> dict[bytes, list[Change]]:
    """What catalogues changed for each evidence, oldest first."""
    table = refresh_change.c
    found: dict[bytes, list[Change]] = defaultdict(list)
    for piece in in_pieces(keys):
        mine = (table.tenant_id == tenant) & table.evidence.in_(piece)
        statement = select(table.evidence, table.changed_at, table.was, table.became).where(mine)
        for evidence, *change in connection.execute(statement.order_by(table.changed_at)):
            found[evidence].append(Change(*change))
    return found


def of_machines(connection: Connection, tenant: TenantKey, ids: Collection[str]) -> dict[str, list[Change]]:
    """The rows of each machine's own, oldest first."""
    table = machine_change.c
    found: dict[str, list[Change]] = defaultdict(list)
    for piece in in_pieces(ids):
        mine = (table.tenant_id == tenant) & table.machine_id.in_(piece)
        statement = select(table.machine_id, table.changed_at, table.was, table.became).where(mine)
        for machine_id, *change in connection.execute(statement.order_by(table.machine_id, table.changed_at)):
            found[machine_id].append(Change(*change))
    return found


def since(changes: Iterable[Change], moment: datetime | None) -> list[Change]:
    """The changes after a moment; all of them for None."""
    return [change for change in changes if moment is None or change.at > moment]


def forget(tx: Connection, tenant: TenantKey, before: datetime) -> None:
    """Delete what changed before a moment; what only it led to goes with the next ``unused.drop_unused``."""
    for table in (machine_change, refresh_change):
        tx.execute(delete(table).where(table.c.tenant_id == tenant, table.c.changed_at < before))
