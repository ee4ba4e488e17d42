"""Put the application together: the one place where the server's parts meet. Importing it does nothing."""

from typing import BinaryIO

from anyio import CapacityLimiter, to_thread
from starlette.types import ASGIApp

from kbgap.auth.issuers import read_issuers
from kbgap.auth.resources import known_resources
from kbgap.auth.tokens import Authority
from kbgap.operations.audit_log import note_all
from kbgap.operations.fleet_totals import fleet_totals
from kbgap.operations.manage_tenants import published_epoch
from kbgap.operations.sign_in import has_tenant
from kbgap.operations.signing_keys import renew_signing_keys
from kbgap.server.access_log import AccessLog
from kbgap.server.dispatch import Dispatch
from kbgap.server.epochs import Epoch, Epochs
from kbgap.server.issuer_keys import IssuerKeys
from kbgap.server.kept import Kept
from kbgap.server.metrics import Metrics
from kbgap.server.rates import Rates
from kbgap.server.remembered import Remembered
from kbgap.server.routes import OPERATIONS
from kbgap.server.security import Gate
from kbgap.server.service import CatalogueProvider, Clock, Service
from kbgap.server.sign_in_trail import SignInTrail
from kbgap.settings import Settings
from kbgap.store.audit import Entry
from kbgap.store.database import Database

_DOWNLOADS = 4  # files that are made at once


def create_app(
    settings: Settings,
    database: Database,
    catalogue: CatalogueProvider,
    clock: Clock,
    *,
    address: str = "http://localhost",
    access_log: BinaryIO | None = None,
) -> ASGIApp:
    """The whole HTTP surface over one database.

    Args:
        settings: limits, trusted proxies and the public address.
        database: an open database whose schema is up to date; the caller closes it.
        catalogue: gives the catalogue to judge with, or raises Unavailable; called from threads, for each batch.
        clock: the time now, with its time zone.
        access_log: where each request gets its line; nowhere without it.
        address: where the server listens; tokens name it as their issuer unless a public address is configured.
    """
    threads = CapacityLimiter(settings.threads)
    gate = Gate(
        authority=_authority(settings.public_url, address),
        read_ring=lambda now: renew_signing_keys(database, now),
        has_tenant=lambda guid: has_tenant(database, guid),
        threads=threads,
        issuer_keys=IssuerKeys(read_issuers(settings.issuers)),
    )

    async def epoch_of(tenant: str) -> Epoch:
        return await to_thread.run_sync(lambda: published_epoch(database, tenant), limiter=threads)

    async def write_entries(entries: list[Entry]) -> None:
        await to_thread.run_sync(lambda: note_all(database, entries), limiter=threads)

    service = Service(
        settings=settings,
        database=database,
        catalogue=catalogue,
        clock=clock,
        gate=gate,
        threads=threads,
        downloads=CapacityLimiter(_DOWNLOADS),
        uploads=CapacityLimiter(max(1, settings.threads // 2)),
        epochs=Epochs(epoch_of),
        remembered=Remembered(settings.response_cache),
        rates=Rates(settings.client_rate, settings.tenant_rate),
        metrics=Metrics(),
        access_log=AccessLog(access_log),
        trail=SignInTrail(write_entries),
        fleet_totals=Kept(lambda: fleet_totals(database)),
    )
    return Dispatch(OPERATIONS, service)


def _authority(public_url: str | None, address: str) -> Authority:
    resources = known_resources()
    if public_url is None:
        return Authority(address, resources)
    return Authority(public_url, resources.including(public_url))
