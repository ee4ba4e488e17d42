"""Open the fleet's database for one command, with its tenant and its catalogue."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kbgap.catalogue.file import CatalogueFile
from kbgap.cli import context
from kbgap.cli.output import say
from kbgap.core.errors import Unavailable
from kbgap.core.model import Entitlement
from kbgap.operations.fetch_catalogue import fetch_catalogue
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.manage_tenants import ensure_tenant, find_tenant
from kbgap.settings import Settings
from kbgap.store.database import Database, open_database
from kbgap.store.dialect import Limits
from kbgap.store.migrate import migrate

_EMBEDDED = "sqlite:///"


@contextmanager
def fleet(settings: Settings, *, create: bool = False) -> Iterator[Database]:
    """The configured database; ``create`` makes an embedded one that is not there yet."""
    if not has_database(settings):
        if not create:
            mend = "run: kbgap inventory import PATH"
            raise Unavailable("there is no database yet", where=str(database_file(settings)), mend=mend)
        database_file(settings).parent.mkdir(parents=True, exist_ok=True)
        migrate(settings.database)
        say(f"kbgap: made a new database, {database_file(settings)}")
    limits = Limits(settings.statement_timeout, settings.lock_timeout)
    opened = open_database(
        settings.database, pool_size=settings.pool_size, limits=limits, read_url=settings.database_read_url
    )
    with opened as database:
        yield database


def database_file(settings: Settings) -> Path:
    """The file of an embedded database."""
    return Path(settings.database.removeprefix(_EMBEDDED))


def has_database(settings: Settings) -> bool:
    """Whether a database is configured, or an embedded one is there."""
    return not settings.database.startswith(_EMBEDDED) or database_file(settings).exists()


def tenant_of(database: Database, settings: Settings) -> str:
    """The GUID of the tenant in force; the one that no setting names is made on the first use, others must be there."""
    if settings.tenant == Settings().tenant:
        return ensure_tenant(database, settings.tenant, "default", context.now()).guid
    return find_tenant(database, settings.tenant)


def catalogue_of(database: Database, settings: Settings, tenant: str) -> CatalogueFile:
    """The catalogue that the tenant is at; the current file is loaded into a database that has none."""
    shelf = context.shelf_of(settings)
    try:
        catalogue = fetch_catalogue(database, shelf, tenant)
    except Unavailable as nothing_loaded:
        try:
            catalogue = shelf.current()
        except Unavailable:
            raise nothing_loaded from None
        load_catalogue(database, catalogue, context.now(), untold=Entitlement(settings.esu))
    context.warn_when_old(catalogue, settings)
    return catalogue
