"""Save and load machines: who they are, when they were heard, and which profile they show."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, delete, func, insert, select, update

from kbgap.core.errors import NotFound
from kbgap.core.model import Value
from kbgap.store import dialect, schema
from kbgap.store.packing import encode_text, in_pieces
from kbgap.store.states import KnownEvidence
from kbgap.store.tenants import TenantKey

NO_GROUP = 0

_machine, _seen, _group = schema.machine, schema.machine_seen, schema.machine_group


class Heard(Value, frozen=True):
    """When a machine was last heard and what it said; ``report`` is the digest of its report.

    ``last_seen`` is our clock's, ``reported_at`` the report's own: only the latter decides which report is newer.
    """

    last_seen: datetime
    reported_at: datetime
    report: bytes
    is_silent: bool = False


class Identity(Value, frozen=True):
    """What a machine says about itself that has nothing to do with its software."""

    computer_dns_name: str | None = None
    last_ip_address: str | None = None
    tags: tuple[str, ...] = ()
    group: str | None = None


class Stored(Value, frozen=True):
    """A machine as it is stored, as far as a new report or an administrator's act needs it."""

    machine_id: str
    profile: bytes
    evidence: bytes
    group_id: int
    set_group: str | None
    exclusion: str | None
    software_set: bytes | None
    evidence_since: datetime | None
    is_silent: bool

    @property
    def is_counted(self) -> bool:
        """Whether the counts hold it."""
        return self.exclusion is None and not self.is_silent


class Description(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A machine for people; ``is_outside``: no update of the catalogue is for it."""

    id: str
    computer_dns_name: str | None
    os_platform: str
    version: str | None
    os_build: int | None
    architecture: str | None
    is_outside: bool
    last_ip_address: str | None
    group: str | None
    exclusion_reason: str | None
    first_seen: datetime
    last_seen: datetime
    is_silent: bool


class Written(Value, frozen=True):
    """A machine to be written after a report."""

    machine_id: str
    identity: Identity
    evidence: bytes
    known: KnownEvidence
    group_id: int
    evidence_since: datetime


def heard(connection: Connection, tenant: TenantKey, machine_ids: Collection[str]) -> dict[str, Heard]:
    """What is known of these machines from their last report; absent when there was none."""
    found: dict[str, Heard] = {}
    for piece in in_pieces(machine_ids):
        mine = (_seen.c.tenant_id == tenant) & _seen.c.machine_id.in_(piece)
        for row in connection.execute(select(_seen).where(mine)):
            found[row.machine_id] = Heard(
                last_seen=row.last_seen, reported_at=row.reported_at, report=row.report, is_silent=row.is_silent
            )
    return found


def note_heard(tx: Connection, tenant: TenantKey, heard: Mapping[str, Heard]) -> None:
    """Write when machines that are stored were heard."""
    rows = [
        {"tenant_id": tenant, "machine_id": machine_id, **msgspec.structs.asdict(item)}
        for machine_id, item in sorted(heard.items())
    ]
    dialect.insert_or_replace(tx, _seen, rows)


def load(connection: Connection, tenant: TenantKey, machine_ids: Collection[str]) -> dict[str, Stored]:
    """The machines that are stored, out of these ids."""
    joined = _machine.join(
        _seen, (_seen.c.tenant_id == _machine.c.tenant_id) & (_seen.c.machine_id == _machine.c.machine_id)
    )
    columns: list[Column[Any]] = [_machine.c[name] for name in Stored.__struct_fields__ if name != "is_silent"]
    found: dict[str, Stored] = {}
    for piece in in_pieces(machine_ids):
        statement = select(*columns, _seen.c.is_silent).select_from(joined)
        mine = (_machine.c.tenant_id == tenant) & _machine.c.machine_id.in_(piece)
        for row in connection.execute(statement.where(mine)):
            found[row.machine_id] = Stored(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    return found


def find(connection: Connection, tenant: TenantKey, name: str) -> Stored:
    """One machine by its id or its DNS name, in any letter case; NotFound when there is none.

    A name that several machines have stands for the one heard last.
    """
    lowered = name.lower()
    by_id = load(connection, tenant, [lowered])
    if by_id:
        return by_id[lowered]
    joined = _machine.join(
        _seen, (_seen.c.tenant_id == _machine.c.tenant_id) & (_seen.c.machine_id == _machine.c.machine_id)
    )
    statement = select(_machine.c.machine_id).select_from(joined)
    mine = (_machine.c.tenant_id == tenant) & (_machine.c.computer_dns_name == lowered)
    found = connection.scalar(statement.where(mine).order_by(_seen.c.last_seen.desc()).limit(1))
    if found is None:
        raise NotFound(f"Machine {name} was not found")
    return load(connection, tenant, [found])[found]


def describe(connection: Connection, tenant: TenantKey, machine_id: str) -> Description:
    """One machine that is there, by its id."""
    joined = _machine.join(
        _seen, (_seen.c.tenant_id == _machine.c.tenant_id) & (_seen.c.machine_id == _machine.c.machine_id)
    )
    columns = {
        "id": _machine.c.machine_id,
        "group": func.coalesce(_machine.c.set_group, _machine.c.reported_group),
        "exclusion_reason": _machine.c.exclusion,
        "last_seen": _seen.c.last_seen,
        "is_silent": _seen.c.is_silent,
    }
    plain = ("computer_dns_name", "os_platform", "version", "os_build", "architecture", "is_outside", "last_ip_address")
    named = [_machine.c[name] for name in (*plain, "first_seen")]
    statement = select(*named, *(column.label(name) for name, column in columns.items())).select_from(joined)
    row = connection.execute(statement.where(_machine.c.tenant_id == tenant, _machine.c.machine_id == machine_id)).one()
    return Description(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping


def write(tx: Connection, tenant: TenantKey, machines: Iterable[Written], heard: Mapping[str, Heard]) -> None:
    """Insert or change machines after their reports, then note who was heard; what an administrator set stays."""
    rows = [_row(tenant, item, heard[item.machine_id].last_seen) for item in machines]
    dialect.insert_or_replace(tx, _machine, rows, keep=("first_seen",))
    note_heard(tx, tenant, heard)


def _row(tenant: TenantKey, item: Written, now: datetime) -> dict[str, object]:
    return {
        "tenant_id": tenant,
        "machine_id": item.machine_id,
        "computer_dns_name": item.identity.computer_dns_name,
        "last_ip_address": item.identity.last_ip_address,
        "reported_tags": encode_text(item.identity.tags),
        "reported_group": item.identity.group,
        "group_id": item.group_id,
        "evidence": item.evidence,
        "profile": item.known.profile,
        "software_set": item.known.software_set,
        "evidence_since": item.evidence_since,
        "first_seen": now,
        **item.known.facts.columns(),
    }


def group_ids(tx: Connection, tenant: TenantKey, names: Collection[str]) -> dict[str, int]:
    """The number of each machine group, by name; new groups get the next number."""
    statement = select(_group.c.name, _group.c.group_id).where(_group.c.tenant_id == tenant)
    known: dict[str, int] = {row.name: row.group_id for row in tx.execute(statement)} if names else {}
    new = sorted(set(names) - known.keys())
    following = max(known.values(), default=NO_GROUP) + 1
    added = {name: number for number, name in enumerate(new, start=following)}
    if added:
        rows = [{"tenant_id": tenant, "group_id": number, "name": name} for name, number in added.items()]
        tx.execute(insert(_group), rows)
    return known | added


def set_exclusion(tx: Connection, tenant: TenantKey, machine_id: str, reason: str | None) -> None:
    """Leave a machine out of the counts for a reason, or take it back in."""
    its = (_machine.c.tenant_id == tenant) & (_machine.c.machine_id == machine_id)
    tx.execute(update(_machine).where(its).values(exclusion=reason))


def remove(tx: Connection, tenant: TenantKey, machine_ids: Collection[str]) -> None:
    """Delete machines; what only they led to goes with the next ``unused.drop_unused``."""
    for piece in in_pieces(machine_ids):
        tx.execute(delete(_machine).where(_machine.c.tenant_id == tenant, _machine.c.machine_id.in_(piece)))


def gone_silent(connection: Connection, tenant: TenantKey, before: datetime) -> list[str]:
    """The machines not heard since a moment and not yet marked silent, by id."""
    theirs = (_seen.c.tenant_id == tenant) & (_seen.c.last_seen < before) & ~_seen.c.is_silent
    return list(connection.scalars(select(_seen.c.machine_id).where(theirs).order_by(_seen.c.machine_id)))


def silent_for_long(connection: Connection, tenant: TenantKey, heard_before: datetime, since: datetime) -> list[str]:
    """The machines not heard since ``heard_before`` that were marked silent at ``since`` or earlier, by id."""
    theirs = (_seen.c.tenant_id == tenant) & (_seen.c.last_seen < heard_before)
    marked = _seen.c.is_silent & (_seen.c.silent_since <= since)
    return list(connection.scalars(select(_seen.c.machine_id).where(theirs, marked).order_by(_seen.c.machine_id)))


def mark_silent(tx: Connection, tenant: TenantKey, machine_ids: Collection[str], now: datetime) -> None:
    """Note that machines have gone silent; their next report takes the mark away."""
    mark = {"is_silent": True, "silent_since": now}
    for piece in in_pieces(machine_ids):
        tx.execute(update(_seen).where(_seen.c.tenant_id == tenant, _seen.c.machine_id.in_(piece)).values(mark))
