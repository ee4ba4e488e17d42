"""What every request is served with: made once, when the application is put together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from anyio import CapacityLimiter

from kbgap.catalogue.file import CatalogueFile
from kbgap.server.access_log import AccessLog
from kbgap.server.epochs import Epochs
from kbgap.server.kept import Kept
from kbgap.server.metrics import Metrics
from kbgap.server.rates import Rates
from kbgap.server.remembered import Remembered
from kbgap.server.security import Gate
from kbgap.server.sign_in_trail import SignInTrail
from kbgap.settings import Settings
from kbgap.store.database import Database
from kbgap.store.totals import Totals

Clock = Callable[[], datetime]
CatalogueProvider = Callable[[], CatalogueFile]


@dataclass(frozen=True, slots=True)
class Service:
    """The parts that handlers use; ``threads`` bounds how many of them wait for the database at once.

    ``downloads`` bounds how many files are made at once: they take as long as their readers do. ``uploads`` bounds how
    many batches of reports are taken in at once: fewer than there are threads, so that readers never wait for them.
    """

    settings: Settings
    database: Database
    catalogue: CatalogueProvider
    clock: Clock
    gate: Gate
    threads: CapacityLimiter
    downloads: CapacityLimiter
    uploads: CapacityLimiter
    epochs: Epochs
    remembered: Remembered
    rates: Rates
    metrics: Metrics
    access_log: AccessLog
    trail: SignInTrail
    fleet_totals: Kept[Totals]
