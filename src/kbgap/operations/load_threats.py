"""Load what CISA and FIRST say of CVEs, and weigh every machine's exposure anew."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from kbgap.catalogue.source import Service
from kbgap.catalogue.threat_feeds import (
    ExploitedCves,
    ExploitEstimates,
    read_estimates,
    read_exploited,
    read_feed_file,
    unpack_feed,
)
from kbgap.core.model import Value
from kbgap.store import cves, exposures, tenants
from kbgap.store.cves import Feed
from kbgap.store.database import Database
from kbgap.store.tenants import tenant_key

MakeService = Callable[[str], Service]


class Loaded(Value, frozen=True):
    """What was loaded of each list: None for one that was not asked for."""

    exploited: ExploitedCves | None
    estimates: ExploitEstimates | None


def load_threats(
    database: Database,
    kev: str | None,
    epss: str | None,
    now: datetime,
    service: MakeService = Service,
) -> Loaded:
    """Replace CISA's list, FIRST's estimates or both by what is at a web address or in a file.

    Each of them replaces the one before as a whole. When reading fails, both stay as they were.

    Raises:
        Invalid: what is there is not the list, or was cut.
        NotFound: there is no such file or address.
        Unavailable: the address does not answer, or the database failed.
    """
    loaded = Loaded(
        exploited=None if kev is None else read_exploited(_content(kev, service), kev),
        estimates=None if epss is None else read_estimates(_content(epss, service), epss),
    )
    with database.transaction() as tx:
        exploited = None if loaded.exploited is None else loaded.exploited.added
        estimates = None if loaded.estimates is None else loaded.estimates.scores
        cves.replace_threats(tx, exploited, estimates, _feeds(loaded, now))
    with database.snapshot() as connection:
        all_tenants = tenants.listed(connection)
    for tenant in all_tenants:
        with database.transaction() as tx:
            pointer = tenants.lock(tx, tenant.guid)
            if pointer.revision is not None:
                exposures.weigh_anew(tx, tenant_key(tenant.guid), pointer.revision, database.effects)
            tenants.move(tx, tenant.guid, pointer)
    return loaded


def _content(location: str, service: MakeService) -> bytes:
    if location.lower().startswith(("http://", "https://")):
        return unpack_feed(service(location).whole(), location)
    return read_feed_file(Path(location))


def _feeds(loaded: Loaded, now: datetime) -> list[Feed]:
    feeds = []
    if (kev := loaded.exploited) is not None:
        feeds.append(Feed(feed="kev", version=kev.version, cves=len(kev.added), loaded_at=now))
    if (epss := loaded.estimates) is not None:
        version = " ".join(text for text in (epss.version, epss.day) if text)
        feeds.append(Feed(feed="epss", version=version, cves=len(epss.scores), loaded_at=now))
    return feeds
