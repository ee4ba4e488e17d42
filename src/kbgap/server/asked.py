"""Say what one read of the API asks for: whose rows, which of them, and as of when."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.errors import NotFound
from kbgap.odata.options import Query
from kbgap.store.database import Database

_LONGEST_ID = 512
_SHOWN = 100  # characters of somebody's id that a message repeats


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operation is called with.

    ``scopes`` are the machine groups that the caller may see, by number, or the whole tenant. ``ids`` are the values
    of the path's parts in braces.
    """

    database: Database
    tenant: str
    scopes: Collection[int]
    now: datetime
    query: Query
    ids: Mapping[str, str]
    provider: Callable[[], CatalogueFile]

    @property
    def id(self) -> str:
        """The id in the path; one that no database could hold is the id of nothing."""
        return self.part("id")

    def part(self, name: str) -> str:
        """One of the path's parts, by its name in braces."""
        given = self.ids[name]
        if len(given) > _LONGEST_ID or not given.isprintable():
            raise NotFound(f"{given[:_SHOWN]!r} was not found")
        return given

    @property
    def catalogue(self) -> CatalogueFile:
        """The catalogue to judge with; Unavailable when there is none yet."""
        return self.provider()
