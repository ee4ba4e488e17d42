"""Write down when what is open on machines changed: by a report for one machine, by a catalogue for all machines alike.

A catalogue changes many machines at once, so its change is written once for each evidence and not for each machine.
What a machine had at any time follows from both: its own rows say which evidence it had, and until when.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete

from kbgap.core.model import Value
from kbgap.store import dialect
from kbgap.store.schema_answers import refresh_change, report_change
from kbgap.store.tenants import TenantKey


class ReportChange(Value, frozen=True):
    """What a report changed: the evidence that the machine had before, and both exposures."""

    machine_id: str
    evidence: bytes | None
    was: bytes
    became: bytes


def note_reports(tx: Connection, tenant: TenantKey, now: datetime, changes: Iterable[ReportChange]) -> None:
    """Write down what reports changed; of several at one moment, what was there before the first stays."""
    rows: list[dict[str, object]] = [
        {
            "tenant_id": tenant,
            "machine_id": change.machine_id,
            "changed_at": now,
            "evidence": change.evidence,
            "was": change.was,
            "became": change.became,
        }
        for change in changes
        if change.was != change.became
    ]
    dialect.insert_or_replace(tx, report_change, rows, keep=("was", "evidence"))


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


def forget(tx: Connection, tenant: TenantKey, before: datetime) -> None:
    """Delete what changed before a moment; what only it led to goes with the next ``unused.drop_unused``."""
    for table in (report_change, refresh_change):
        tx.execute(delete(table).where(table.c.tenant_id == tenant, table.c.changed_at < before))
