"""Count what was open in the fleet at a moment of the past: machines by KB and by CVE, from their histories."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_

from kbgap.store import schema
from kbgap.store.tenants import TenantKey
from kbgap.store.timelines import Opened, Timelines
from kbgap.store.visible import in_scopes, is_counted
from kbgap.store.walking import batches

_machine = schema.machine


@dataclass(slots=True)
class Then:
    """``machines`` were known at the moment; ``kbs`` and ``cves``: on how many of them each was missing, or open.

    ``software``: for what each KB was missing.
    """

    machines: int = 0
    kbs: Counter[str] = field(default_factory=Counter)
    cves: Counter[str] = field(default_factory=Counter)
    software: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def fleet_then(
    connection: Connection,
    tenant: TenantKey,
    revision: str,
    timelines: Timelines,
    scopes: Collection[int],
    moment: datetime,
) -> Then:
    """Of the machines that count now and had reported by then."""
    mine: ColumnElement[bool] = and_(
        _machine.c.tenant_id == tenant,
        is_counted(),
        in_scopes(_machine.c.group_id, scopes),
        _machine.c.first_seen <= moment,
    )
    then = Then()
    for batch in batches(connection, mine):
        for opened in _alike(timelines.at(batch, revision, moment)):
            _add(then, *opened)
        then.machines += len(batch)
    return then


def _alike(found: Sequence[Opened]) -> Iterator[tuple[Opened, int]]:
    """What was open, with the number of machines alike: those of one exposure share one object."""
    counted = Counter(map(id, found))
    distinct = {id(opened): opened for opened in found}
    return ((distinct[key], machines) for key, machines in counted.items())


def _add(then: Then, opened: Opened, machines: int) -> None:
    for software, kbs in opened.kbs.items():
        for kb in kbs:
            then.software[kb].add(software)
    for kb in frozenset().union(*opened.kbs.values()):
        then.kbs[kb] += machines
    for cve in frozenset().union(*opened.cves.values()):
        then.cves[cve] += machines
