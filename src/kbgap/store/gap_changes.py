"""What came into the gap of machines and what left it: each KB with the moments at which it came and went."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import and_

from kbgap.odata.model import defender_model
from kbgap.store import schema
from kbgap.store.cves import UpdateFact
from kbgap.store.tenants import TenantKey
from kbgap.store.timelines import Event, Timelines, changed_since, differences
from kbgap.store.views import SEPARATOR
from kbgap.store.visible import in_scopes, is_counted
from kbgap.store.walking import Keeps, Path, Walked

_machine = schema.machine


class GapChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """GapChange, a type of ours: one KB that a machine came to miss for one software, or that left its gap.

    ``first_seen``: since when it was missing, as far as the history goes back. ``closed_on`` is null while it is.
    """

    machine_id: str
    computer_dns_name: str | None
    kb_id: str
    name: str | None
    product_name: str
    first_seen: datetime
    closed_on: datetime | None


class _Missed(msgspec.Struct, frozen=True):
    software: str
    kb: str
    first_seen: datetime
    closed_on: datetime | None


def gap_changes(
    tenant: TenantKey,
    timelines: Timelines,
    updates: Mapping[str, UpdateFact],
    scopes: Collection[int],
    since: datetime,
) -> Path[GapChange, _Missed]:
    """What came or went on machines that count after a moment."""

    def read(machines: Sequence[Walked], _keeps: Keeps | None) -> Sequence[Sequence[_Missed]]:
        events = timelines.of(machines)
        return [sorted(_missed(events[m.machine_id], m.first_seen, since), key=_key) for m in machines]

    def build(machine: Walked, missed: _Missed) -> GapChange:
        return GapChange(
            machine_id=machine.machine_id,
            computer_dns_name=machine.name,
            kb_id=missed.kb,
            name=updates[missed.kb].name if missed.kb in updates else None,
            product_name=missed.software,
            first_seen=missed.first_seen,
            closed_on=missed.closed_on,
        )

    return Path(
        of=defender_model().type("GapChange"),
        where=and_(
            _machine.c.tenant_id == tenant,
            is_counted(),
            in_scopes(_machine.c.group_id, scopes),
            changed_since(tenant, since),
        ),
        columns={"machineId": _machine.c.machine_id, "computerDnsName": _machine.c.computer_dns_name},
        shared=frozenset(),
        read=read,
        key=_key,
        build=build,
        by_machine="machineId",
    )


def _missed(events: Sequence[Event], beginning: datetime, since: datetime) -> Iterator[_Missed]:
    """Each KB with when it came and went, of those that came or went after a moment."""
    came: dict[tuple[str, str], datetime] = {}
    for event in events:
        for software, kb, is_new in differences(event.was.kbs, event.became.kbs):
            if is_new:
                came[software, kb] = event.at
                continue
            began = came.pop((software, kb), beginning)
            if event.at > since:
                yield _Missed(software, kb, began, event.at)
    for (software, kb), began in came.items():
        if began > since:
            yield _Missed(software, kb, began, None)


def _key(missed: _Missed) -> str:
    return SEPARATOR.join((missed.first_seen.astimezone(UTC).strftime("%Y%m%d%H%M%S%f"), missed.software, missed.kb))
