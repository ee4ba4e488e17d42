"""The KBs that a whole fleet misses, whatever software they are for, with the CVEs that each closes."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy import Connection, and_, select

from kbgap.core.urls import update_url
from kbgap.store import schema
from kbgap.store.counts import NO_BUILD
from kbgap.store.cves import Addressed
from kbgap.store.effect import Effect
from kbgap.store.exposed import Exposed
from kbgap.store.tenants import TenantKey


class FleetKb(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """FleetMissingKb, a type of ours: one KB that machines miss.

    The first members are those of PublicProductFixDto. ``cves`` are the distinct CVE ids that it closes for the
    software named in the row; ``status`` says whether its risk is accepted (Active, PartialException, Exception).
    """

    id: str
    name: str
    os_build: int | None
    products_names: tuple[str, ...]
    url: str
    machine_missed_on: int
    cve_addressed: int
    cves: tuple[str, ...]
    status: str


def machines_by_kb(exposed: Exposed, effects: Mapping[bytes, Effect]) -> Counter[str]:
    """On how many machines each KB is missing; a machine that misses it for several software counts once."""
    found: Counter[str] = Counter()
    for key, machines in exposed.exposures.items():
        for kb in frozenset().union(*(effects[gap].missing for gap in exposed.gaps[key])):
            found[kb] += machines
    return found


def fleet_kbs(
    connection: Connection,
    tenant: TenantKey,
    revision: str,
    scopes: Collection[int],
    machines: Mapping[str, int],
    accepted: Mapping[str, int],
    addressed: Addressed,
) -> list[FleetKb]:
    """Every KB that machines miss: newest release first, then by KB number descending.

    ``machines`` miss each KB; of ``accepted`` ones the risk is.
    """
    software, builds = _where_missed(connection, tenant, scopes)
    systems = _systems(connection, revision)
    rows = []
    for kb, name in _newest_first(connection, revision):
        if kb not in machines or kb not in software:
            continue
        names = sorted(software[kb], key=lambda one: (one not in systems, one))
        cves = tuple(sorted({cve for one in names for cve in addressed.get((one, kb), ())}))
        if not cves:
            continue  # a KB without a CVE gives no row
        rows.append(
            FleetKb(
                id=kb,
                name=name,
                os_build=_shared(builds[kb]),
                products_names=tuple(names),
                url=update_url(kb),
                machine_missed_on=machines[kb],
                cve_addressed=len(cves),
                cves=cves,
                status=_status(accepted.get(kb, 0), machines[kb]),
            )
        )
    return rows


def is_known_kb(connection: Connection, revision: str, kb: str) -> bool:
    """Whether the catalogue has this KB."""
    update = schema.catalogue_update.c
    found = select(update.kb).where(update.revision == revision, update.kb == kb)
    return connection.scalar(found) is not None


def _where_missed(
    connection: Connection, tenant: TenantKey, scopes: Collection[int]
) -> tuple[dict[str, set[str]], dict[str, set[int]]]:
    """The software for which each KB is missing, and the OS builds of the machines."""
    count = schema.missing_count.c
    mine = and_(count.tenant_id == tenant, count.scope.in_(sorted(scopes)), count.machines > 0)
    columns = (count.kb, count.software, count.os_build)
    software: dict[str, set[str]] = defaultdict(set)
    builds: dict[str, set[int]] = defaultdict(set)
    for kb, name, build in connection.execute(select(*columns).where(mine).distinct()):
        software[kb].add(name)
        builds[kb].add(build)
    return software, builds


def _systems(connection: Connection, revision: str) -> set[str]:
    software = schema.catalogue_software.c
    return set(connection.scalars(select(software.software).where(software.revision == revision, software.is_system)))


def _newest_first(connection: Connection, revision: str) -> list[tuple[str, str]]:
    update = schema.catalogue_update.c
    statement = select(update.kb, update.name).where(update.revision == revision)
    rows = connection.execute(statement.order_by(update.released.desc(), update.kb_number.desc()))
    return [(kb, name) for kb, name in rows]


def _shared(builds: set[int]) -> int | None:
    """The OS build of all machines that miss it, where they share one."""
    only = next(iter(builds)) if len(builds) == 1 else NO_BUILD
    return None if only == NO_BUILD else only


def _status(accepted: int, machines: int) -> str:
    if not accepted:
        return "Active"
    return "Exception" if accepted >= machines else "PartialException"
