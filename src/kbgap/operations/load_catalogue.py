"""Make a catalogue the one that every tenant sees: judge what is there anew, then move to it in one step."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.gap import cves_of
from kbgap.operations.cve_facts import cve_rows
from kbgap.operations.judging import Judge
from kbgap.store import catalogue as stored
from kbgap.store import counts, exposures, history, software_sets, states, tenants
from kbgap.store.catalogue import FixRow, Revision, SoftwareRow, UpdateRow
from kbgap.store.cves import save_cves
from kbgap.store.database import Database, Transaction
from kbgap.store.packing import unpacked
from kbgap.store.states import KnownEvidence
from kbgap.store.tenants import Pointer, TenantKey, tenant_key
from kbgap.store.unused import drop_unused
from kbgap.store.views import VENDOR


def load_catalogue(database: Database, file: CatalogueFile, now: datetime) -> None:
    """Save the catalogue, then bring one tenant after another to it.

    A tenant's readers see the old revision until its transaction ends, and then the new one. When this is broken off,
    some tenants are at the new revision and some at the old one, each of them whole; loading again goes on from there.

    Raises:
        Invalid: the file is damaged.
        Unavailable: the database failed.
    """
    file.verify()
    _save(database, file, now)
    judge = Judge(file)
    with database.snapshot() as connection:
        all_tenants = tenants.listed(connection)
    for tenant in all_tenants:
        with database.transaction() as tx:
            pointer = tenants.lock(tx, tenant.guid)
            if pointer.revision != file.revision:
                _bring(database, tx, tenant.guid, pointer, judge, now)
    with database.transaction() as tx:
        stored.drop_unused(tx, keep=file.revision)


def _save(database: Database, file: CatalogueFile, now: datetime) -> None:
    with database.transaction() as tx:
        if stored.is_stored(tx, file.revision):
            return
        body = file.path.read_bytes()
        head = Revision(
            revision=file.revision, newest=file.newest, loaded_at=now, checksum=hashlib.sha256(body).hexdigest()
        )
        stored.save(tx, head, body, (_software(file), _updates(file), _fixes(file)))
        save_cves(tx, file.revision, cve_rows(file))


def _bring(database: Database, tx: Transaction, tenant: str, pointer: Pointer, judge: Judge, now: datetime) -> None:
    """Lead all evidence of a tenant to states anew, judge those, count, and move the pointer."""
    key = tenant_key(tenant)
    drop_unused(tx, key, pointer.revision)
    for piece in states.all_evidence(tx, key):
        led = {evidence: judge.lead_stored(unpacked(body)) for evidence, _, body in piece}
        states.save_profiles(tx, key, judge.revision, [item.profile for item in led.values()], judge.assess)
        software_sets.save(tx, key, {name: items for item in led.values() for name, items in item.listed.items()})
        after = {evidence: item.known for evidence, item in led.items()}
        moved = {evidence: after[evidence] for evidence, before, _ in piece if after[evidence] != before}
        states.repoint_evidence(tx, key, moved)
        exposures.save(tx, key, judge.revision, {known.profile for known in after.values()}, database.effects)
        _note_changes(tx, key, pointer.revision, judge.revision, piece, after, now)
    drop_unused(tx, key, judge.revision)
    counts.rebuild(tx, key, judge.revision, database.effects)
    tenants.move(tx, tenant, pointer, revision=judge.revision)


def _note_changes(
    tx: Transaction,
    tenant: TenantKey,
    old: str | None,
    new: str,
    piece: Sequence[tuple[bytes, KnownEvidence, bytes]],
    after: Mapping[bytes, KnownEvidence],
    now: datetime,
) -> None:
    """Write down of which evidence the exposure changed; nothing is known of it before the first catalogue."""
    if old is None:
        return
    were = exposures.of_profiles(tx, tenant, old, {before.profile for _, before, _ in piece})
    become = exposures.of_profiles(tx, tenant, new, {known.profile for known in after.values()})
    changes = {
        evidence: (were[before.profile], become[after[evidence].profile])
        for evidence, before, _ in piece
        if before.profile in were
    }
    history.note_refresh(tx, tenant, now, changes)


def _software(file: CatalogueFile) -> Iterator[SoftwareRow]:
    """Every software that our product rules know, also what nothing is published for."""
    systems = {product.software for product in file.products if product.platform == product.id}
    for name in sorted({product.software for product in file.products if product.software}):
        yield SoftwareRow(software=name, vendor=VENDOR, is_system=name in systems)


def _updates(file: CatalogueFile) -> Iterator[UpdateRow]:
    for update in file.updates():
        yield UpdateRow(kb=update.kb, name=update.name, released=update.published, addressed=update.software)


def _fixes(file: CatalogueFile) -> Iterator[FixRow]:
    for fixes in file.all_fixes():
        for update in fixes.updates:
            cves = tuple(sorted(cves_of(fixes, update.kb)))
            yield FixRow(product=fixes.product, kb=update.kb, software=fixes.software, cves=cves)
