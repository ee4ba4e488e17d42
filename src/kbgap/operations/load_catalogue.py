"""Make a catalogue the one that every tenant sees: save it, then bring one tenant after another to it."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.offers import Progress, silent
from kbgap.core.gap import cves_of
from kbgap.core.model import Entitlement
from kbgap.operations.bring_tenant import bring_tenant
from kbgap.operations.cve_facts import cve_rows
from kbgap.operations.judging import Judge
from kbgap.store import catalogue as stored
from kbgap.store import tenants
from kbgap.store.catalogue import FixRow, Revision, SoftwareRow, UpdateRow
from kbgap.store.cves import save_cves
from kbgap.store.database import Database
from kbgap.store.views import VENDOR


def load_catalogue(
    database: Database,
    file: CatalogueFile,
    now: datetime,
    progress: Progress = silent,
    untold: Entitlement = Entitlement.ENTITLED,
) -> None:
    """Save the catalogue, then bring one tenant after another to it.

    A tenant's readers see the old revision until its switch, and then the new one; reports come in all the time, but
    for the moment of the switch. When this is broken off, some tenants are at the new revision and some at the old one,
    each of them whole; loading again goes on from there, and judges no state twice. ``untold`` as in ``normalise``.

    Raises:
        Invalid: the file is damaged.
        Unavailable: the database failed, or another load has taken this revision away meanwhile.
    """
    file.verify()
    _save(database, file, now)
    judge = Judge(file, untold)
    with database.snapshot() as connection:
        all_tenants = tenants.listed(connection)
    for tenant in all_tenants:
        bring_tenant(database, tenant.guid, judge, now, progress)
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
