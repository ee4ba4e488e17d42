"""Answer how the whole fleet stood at a moment of the past, as far as its history is kept (a route of ours)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec

from kbgap.core.errors import Invalid
from kbgap.operations.looking import EVERYTHING, looking
from kbgap.store.database import Database
from kbgap.store.fleet_then import Then, fleet_then


class KbThen(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One KB that machines missed at the moment; ``products_names``: for which software."""

    id: str
    name: str | None
    products_names: tuple[str, ...]
    machine_missed_on: int


class CveThen(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One CVE that was open at the moment, and on how many machines."""

    id: str
    exposed_machines: int


class FleetThen(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the fleet stood: of the ``machines`` that count today and had reported by then.

    ``missing_kbs`` and ``cves`` are in falling order of machines, then by id.
    """

    as_of: datetime
    machines: int
    missing_kbs: Sequence[KbThen]
    cves: Sequence[CveThen]


def read_fleet_then(
    database: Database,
    tenant: str,
    moment: datetime,
    now: datetime,
    kept: timedelta,
    scopes: Collection[int] = EVERYTHING,
) -> FleetThen:
    """How the fleet stood by the verdicts that were given then; ``kept``: how far the history goes back.

    Raises:
        Invalid: the moment has not come yet, or is before what is kept.
    """
    if moment > now:
        raise Invalid("the moment has not come yet", where="asOf", mend="give one that has passed")
    if moment < now - kept:
        raise Invalid(f"the history of more than {kept.days} days ago is not kept", where="asOf")
    with looking(database, tenant, scopes, now) as look:
        then = fleet_then(look.connection, look.tenant, look.revision, look.timelines, scopes, moment)
        updates = database.effects.updates(look.connection, look.revision)
    return _told(then, moment, {kb: updates[kb].name for kb in then.kbs if kb in updates})


def _told(then: Then, moment: datetime, names: dict[str, str]) -> FleetThen:
    return FleetThen(
        as_of=moment,
        machines=then.machines,
        missing_kbs=[
            KbThen(id=kb, name=names.get(kb), products_names=tuple(sorted(then.software[kb])), machine_missed_on=count)
            for kb, count in sorted(then.kbs.items(), key=_most_first)
        ],
        cves=[CveThen(id=cve, exposed_machines=count) for cve, count in sorted(then.cves.items(), key=_most_first)],
    )


def _most_first(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]
