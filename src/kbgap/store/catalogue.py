"""Save catalogue revisions: the rows that the API's SELECTs need, and the file itself for other server hosts."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Table, delete, insert, select

from kbgap.core.errors import NotFound, Unavailable
from kbgap.core.model import Value
from kbgap.store import dialect, schema, tenants
from kbgap.store.packing import encode_text, in_pieces


class SoftwareRow(Value, frozen=True):
    """One software of the catalogue; ``is_system``: an operating system."""

    software: str
    vendor: str
    is_system: bool


class UpdateRow(Value, frozen=True):
    """One KB: its name, its release day (ISO, may be empty), and the CVE ids that it closes for each software."""

    kb: str
    name: str
    released: str
    addressed: dict[str, tuple[str, ...]]


class FixRow(Value, frozen=True):
    """The CVE ids that one KB closes for one product."""

    product: str
    kb: str
    software: str
    cves: tuple[str, ...]


class Revision(Value, frozen=True):
    """One catalogue revision: ``newest`` is the id of its newest document, ``checksum`` that of its file's bytes."""

    revision: str
    newest: str
    loaded_at: datetime
    checksum: str


def is_stored(connection: Connection, revision: str) -> bool:
    """Whether the rows of this revision are there."""
    return any(stored.revision == revision for stored in revisions(connection))


def revisions(connection: Connection) -> tuple[Revision, ...]:
    """The revisions that are stored, the one loaded last first."""
    table = schema.catalogue_revision
    rows = connection.execute(select(table).order_by(table.c.loaded_at.desc(), table.c.revision.desc()))
    return tuple(
        Revision(revision=row.revision, newest=row.newest, loaded_at=row.loaded_at, checksum=row.checksum)
        for row in rows
    )


def save(
    tx: Connection,
    revision: Revision,
    body: bytes,
    rows: tuple[Iterable[SoftwareRow], Iterable[UpdateRow], Iterable[FixRow]],
) -> bool:
    """Save a revision, unless it is stored already (False); nobody sees it before a tenant's pointer moves to it."""
    software, updates, fixes = rows
    named: dict[str, object] = {"revision": revision.revision}
    head = {"newest": revision.newest, "loaded_at": revision.loaded_at, "checksum": revision.checksum}
    if not dialect.insert_one(tx, schema.catalogue_revision, named | head):
        return False
    tx.execute(insert(schema.catalogue_file), [named | {"body": body}])
    kept = tuple(updates)
    _insert(
        tx,
        schema.catalogue_software,
        (named | {"software": row.software, "vendor": row.vendor, "is_system": row.is_system} for row in software),
    )
    _insert(
        tx,
        schema.catalogue_update,
        (named | {"kb": row.kb, "kb_number": int(row.kb), "name": row.name, "released": row.released} for row in kept),
    )
    _insert(
        tx,
        schema.catalogue_addressed,
        (
            named | {"software": name, "kb": row.kb, "cve_count": len(cves), "cves": encode_text(cves)}
            for row in kept
            for name, cves in row.addressed.items()
        ),
    )
    _insert(
        tx,
        schema.catalogue_fix,
        (
            named | {"product": row.product, "kb": row.kb, "software": row.software, "cves": encode_text(row.cves)}
            for row in fixes
        ),
    )
    return True


def _insert(tx: Connection, table: Table, rows: Iterable[dict[str, object]]) -> None:
    for piece in in_pieces(rows, 5_000):
        dialect.insert_all(tx, table, piece)


def file_bytes(connection: Connection, revision: str) -> bytes:
    """The catalogue file of a revision, for a server host that does not have it; its sum is checked."""
    table, head = schema.catalogue_file, schema.catalogue_revision
    joined = table.join(head, head.c.revision == table.c.revision)
    statement = select(table.c.body, head.c.checksum).select_from(joined).where(table.c.revision == revision)
    row = connection.execute(statement).first()
    if row is None:
        raise NotFound(f"catalogue {revision} is not in the database", mend="run kbgap catalogue refresh")
    if hashlib.sha256(row.body).hexdigest() != row.checksum:
        raise Unavailable(f"catalogue {revision} is damaged in the database", mend="run kbgap catalogue refresh")
    return bytes(row.body)


def drop_unused(tx: Connection, keep: str) -> None:
    """Delete the revisions that no tenant's pointer is at, except one."""
    head = schema.catalogue_revision
    # One tenant after another: a distributed database lets nobody change what it copies after a read of all nodes.
    used = {tenants.pointer(tx, tenant.guid).revision for tenant in tenants.listed(tx)} - {None} | {keep}
    tx.execute(delete(head).where(head.c.revision.not_in(used)))
