"""Put the application together: the one place where the server's parts meet. Importing it does nothing."""

from anyio import CapacityLimiter
from starlette.applications import Starlette

from kbgap.auth.resources import known_resources
from kbgap.auth.tokens import Authority
from kbgap.operations.sign_in import has_tenant
from kbgap.operations.signing_keys import renew_signing_keys
from kbgap.server.dispatch import Dispatch
from kbgap.server.routes import OPERATIONS
from kbgap.server.security import Gate
from kbgap.server.service import CatalogueProvider, Clock, Service
from kbgap.settings import Settings
from kbgap.store.database import Database


def create_app(
    settings: Settings,
    database: Database,
    catalogue: CatalogueProvider,
    clock: Clock,
    *,
    address: str = "http://localhost",
) -> Starlette:
    """The whole HTTP surface over one database.

    Args:
        settings: limits, trusted proxies and the public address.
        database: an open database whose schema is up to date; the caller closes it.
        catalogue: gives the catalogue to judge with, or raises Unavailable; called from threads, for each batch.
        clock: the time now, with its time zone.
        address: where the server listens; tokens name it as their issuer unless a public address is configured.
    """
    threads = CapacityLimiter(settings.threads)
    gate = Gate(
        authority=_authority(settings.public_url, address),
        read_ring=lambda now: renew_signing_keys(database, now),
        has_tenant=lambda guid: has_tenant(database, guid),
        threads=threads,
    )
    service = Service(settings, database, catalogue, clock, gate, threads)
    return Starlette(routes=[Dispatch(OPERATIONS, service)])


def _authority(public_url: str | None, address: str) -> Authority:
    resources = known_resources()
    if public_url is None:
        return Authority(address, resources)
    return Authority(public_url, resources.including(public_url))
