"""Give whole lists of what machines have and lack: page by page, or as the lines of a file."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from kbgap.core.errors import Invalid
from kbgap.odata.options import Query
from kbgap.operations.end_of_support import supported_on
from kbgap.operations.looking import EVERYTHING, Look, looking
from kbgap.store import groups
from kbgap.store.cve_exports import CveExport
from kbgap.store.database import Database
from kbgap.store.export_rows import (
    AssetNonCpeSoftware,
    AssetSoftware,
    AssetVulnerability,
    DeltaAssetVulnerability,
    MissingOnMachine,
    lines,
)
from kbgap.store.inventory_exports import other_software, recognised_software
from kbgap.store.listing import Listed
from kbgap.store.missing_exports import missing_everywhere
from kbgap.store.walking import Path, every, walk

FURTHEST_BACK = timedelta(days=14)


def software_inventory(
    database: Database, tenant: str, now: datetime, query: Query, scopes: Collection[int] = EVERYTHING
) -> Listed[AssetSoftware]:
    """Every machine that counts with Windows, its components and every program that a product rule knows."""
    with looking(database, tenant, scopes, now) as look:
        return walk(look.connection, recognised(look), query)


def plain_inventory(
    database: Database, tenant: str, now: datetime, query: Query, scopes: Collection[int] = EVERYTHING
) -> Listed[AssetNonCpeSoftware]:
    """Every machine that counts with every program that no product rule knows."""
    with looking(database, tenant, scopes, now) as look:
        return walk(look.connection, other(look), query)


def software_vulnerabilities(
    database: Database, tenant: str, now: datetime, query: Query, scopes: Collection[int] = EVERYTHING
) -> Listed[AssetVulnerability]:
    """Every machine that counts with every CVE that is open on it, and the KB that first closed it."""
    with looking(database, tenant, scopes, now) as look:
        return walk(look.connection, open_now(look), query)


def vulnerability_changes(
    database: Database,
    tenant: str,
    since: datetime,
    now: datetime,
    query: Query,
    scopes: Collection[int] = EVERYTHING,
) -> Listed[DeltaAssetVulnerability]:
    """What came and went on machines that count after a moment; Invalid when that is more than 14 days ago."""
    with looking(database, tenant, scopes, now) as look:
        return walk(look.connection, changed(look, since), query)


def software_inventory_file(
    database: Database, tenant: str, now: datetime, scopes: Collection[int] = EVERYTHING, *, camel: bool = False
) -> Iterator[bytes]:
    """The same as lines of JSON, of one moment; ``camel``: members in camelCase and not as the service writes files."""
    return _file(database, tenant, now, scopes, recognised, camel=camel)


def plain_inventory_file(
    database: Database, tenant: str, now: datetime, scopes: Collection[int] = EVERYTHING, *, camel: bool = False
) -> Iterator[bytes]:
    """As ``software_inventory_file``."""
    return _file(database, tenant, now, scopes, other, camel=camel)


def software_vulnerabilities_file(
    database: Database, tenant: str, now: datetime, scopes: Collection[int] = EVERYTHING, *, camel: bool = False
) -> Iterator[bytes]:
    """As ``software_inventory_file``."""
    return _file(database, tenant, now, scopes, open_now, camel=camel)


def _file(
    database: Database,
    tenant: str,
    now: datetime,
    scopes: Collection[int],
    path_of: Callable[[Look], Path[Any, Any]],
    *,
    camel: bool,
) -> Iterator[bytes]:
    with looking(database, tenant, scopes, now) as look:
        path = path_of(look)
        yield from lines(_STRUCTS[path.of.name], every(look.connection, path), camel=camel)


_STRUCTS: dict[str, type[msgspec.Struct]] = {
    shape.__name__: shape for shape in (AssetSoftware, AssetNonCpeSoftware, AssetVulnerability)
}


def recognised(look: Look) -> Path[AssetSoftware, Any]:
    """The rows of ``software_inventory``."""
    supported = supported_on(look.now.date())
    return recognised_software(look.on_machines, look.scopes, supported, has_groups=_has_groups(look))


def other(look: Look) -> Path[AssetNonCpeSoftware, Any]:
    """The rows of ``plain_inventory``."""
    return other_software(look.on_machines, look.scopes, has_groups=_has_groups(look))


def open_now(look: Look) -> Path[AssetVulnerability, Any]:
    """The rows of ``software_vulnerabilities``."""
    return cve_export(look).open_now(look.scopes)


def changed(look: Look, since: datetime) -> Path[DeltaAssetVulnerability, Any]:
    """The rows of ``vulnerability_changes``, and its Invalid."""
    if since < look.now - FURTHEST_BACK:
        raise Invalid(
            f"the moment is more than {FURTHEST_BACK.days} days ago",
            where="sinceTime",
            mend="take the whole list, and then its changes",
        )
    return cve_export(look).changes(look.scopes, since)


def missing(look: Look) -> Path[MissingOnMachine, Any]:
    """Every machine that counts with every KB that it misses, as ``getmissingkbs`` of the machine has them."""
    return missing_everywhere(look.on_machines, look.scopes, has_groups=_has_groups(look))


def cve_export(look: Look) -> CveExport:
    """What makes the rows about CVEs."""
    return CveExport(look.on_machines, look.timelines, supported_on(look.now.date()), has_groups=_has_groups(look))


def _has_groups(look: Look) -> bool:
    return bool(groups.names_of(look.connection, look.tenant))
