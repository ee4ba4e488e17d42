"""Software as the API shows it: what is judged, with its gaps, and every other program that machines list."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, Table, and_, func, literal, or_, select

from kbgap.store import listed_counts, schema
from kbgap.store.cves import CveFact
from kbgap.store.effect import Effect
from kbgap.store.exposed import Exposed
from kbgap.store.impact import impact_by_software
from kbgap.store.listed_counts import machines_in
from kbgap.store.schema_answers import listed_count, program
from kbgap.store.software_sets import lists_with
from kbgap.store.tenants import TenantKey
from kbgap.store.views import SEPARATOR, VENDOR, Software, is_known_software
from kbgap.store.visible import groups_of

_machine, _link, _state = schema.machine, schema.profile_state, schema.software_state


class SoftwareId(NamedTuple):
    """The two parts of a software id, in lower case."""

    vendor: str
    name: str

    @property
    def is_judged(self) -> bool:
        """Whether it can be software with KBs: those have one vendor."""
        return self.vendor == VENDOR

    def __str__(self) -> str:
        """The whole id."""
        return f"{self.vendor}{SEPARATOR}{self.name}"


class Gaps(NamedTuple):
    """What machines lack: their exposures, what each gap holds and weighs, and the facts of the CVEs."""

    exposed: Exposed
    effects: Mapping[bytes, Effect]
    weights: Mapping[bytes, float]
    facts: Mapping[str, CveFact]

    def open_cves(self) -> dict[str, set[str]]:
        """The distinct CVEs that are open on some machine, by software."""
        opened: dict[str, set[str]] = defaultdict(set)
        for gap in self.exposed.by_gap:
            opened[self.effects[gap].software] |= self.effects[gap].open_cves
        return opened

    def is_exploited(self, cves: Collection[str]) -> bool:
        """Whether one of these CVEs is known to be used."""
        return any(self.facts[cve].is_exploited for cve in cves if cve in self.facts)


def read_id(text: str) -> SoftwareId | None:
    """The parts of a software id; None for a text that is none, and for one that no database takes."""
    vendor, separator, name = text.lower().partition(SEPARATOR)
    return SoftwareId(vendor, name) if vendor and separator and name and text.isprintable() else None


def software(
    connection: Connection,
    tenant: TenantKey,
    gaps: Gaps,
    scopes: Collection[int],
    only: Collection[str] | None = None,
) -> list[Software]:
    """Every software that some machine has, by id; or those of them that ``only`` names by their ids."""
    judged = _totals(connection, tenant, schema.software_count, scopes, ("machines", "exposed"))
    listed = _listed(connection, tenant, groups_of(scopes))
    opened, impact = gaps.open_cves(), impact_by_software(gaps.exposed, gaps.effects, gaps.weights)
    rows = {}
    for name, (machines, exposed) in judged.items():
        row_id = SoftwareId(VENDOR, name)
        cves = opened.get(name, set())
        rows[str(row_id)] = row(
            row_id,
            machines=machines,
            exposed=exposed,
            weaknesses=len(cves),
            is_exploited=gaps.is_exploited(cves),
            impact=impact.get(name, 0.0),
        )
    for text, machines in listed.items():
        if text not in rows and (other := read_id(text)) is not None:
            rows[text] = row(other, machines=machines)
    return [rows[text] for text in sorted(rows) if only is None or text in only]


def row(
    of: SoftwareId,
    *,
    machines: int = 0,
    exposed: int = 0,
    weaknesses: int = 0,
    is_exploited: bool = False,
    impact: float = 0.0,
) -> Software:
    """One software with these numbers; of a program without KBs no weakness is known."""
    return Software(
        id=str(of),
        name=of.name,
        vendor=of.vendor,
        weaknesses=weaknesses,
        public_exploit=is_exploited,
        active_alert=False,
        exposed_machines=exposed,
        installed_machines=machines,
        impact_score=float(f"{impact:.8g}"),  # Edm.Single holds no more digits
        is_normalized=False,
        category="",
    )


def is_known(connection: Connection, tenant: TenantKey, of: SoftwareId) -> bool:
    """Whether the catalogue or the tenant's inventory knows this software."""
    if of.is_judged and is_known_software(connection, tenant, of.name):
        return True
    mine = and_(program.c.tenant_id == tenant, program.c.software == str(of))
    return connection.scalar(select(literal(1)).where(mine).limit(1)) is not None


def of_profile(connection: Connection, tenant: TenantKey, profile: bytes) -> set[SoftwareId]:
    """The software with KBs that machines with a profile have."""
    joined = _link.join(_state, and_(_state.c.tenant_id == _link.c.tenant_id, _state.c.state == _link.c.state))
    mine = and_(_link.c.tenant_id == tenant, _link.c.profile == profile)
    names = connection.scalars(select(_state.c.software).select_from(joined).where(mine))
    return {SoftwareId(VENDOR, name) for name in names}


def has_software(tenant: TenantKey, of: SoftwareId) -> ColumnElement[bool]:
    """The machines that have it: in a state that is judged, or in the list of their programs."""
    in_list = _machine.c.software_set.in_(lists_with(tenant, str(of)))
    if not of.is_judged:
        return in_list
    states = select(_state.c.state).where(_state.c.tenant_id == tenant, _state.c.software == of.name)
    judged = select(_link.c.profile).where(_link.c.tenant_id == tenant, _link.c.state.in_(states))
    return or_(_machine.c.profile.in_(judged), in_list)


def _listed(connection: Connection, tenant: TenantKey, groups: Collection[int] | None) -> Mapping[str, int]:
    """How many machines list each program; in the whole tenant, that is a column of its own."""
    if groups is not None:
        numbers = listed_counts.load(connection, tenant)
        counted = {software: machines_in(of.machines, groups) for software, of in numbers.items()}
        return {software: machines for software, machines in counted.items() if machines}
    mine = and_(listed_count.c.tenant_id == tenant, listed_count.c.machines > 0)
    return dict(map(tuple, connection.execute(select(listed_count.c.software, listed_count.c.machines).where(mine))))


def _totals(
    connection: Connection, tenant: TenantKey, table: Table, scopes: Collection[int], numbers: tuple[str, ...]
) -> dict[str, tuple[int, ...]]:
    """The numbers of some scopes together, by software; without those that no machine has any more."""
    mine = and_(table.c.tenant_id == tenant, table.c.scope.in_(sorted(scopes)), table.c.machines > 0)
    sums = [func.sum(table.c[name]).cast(BigInteger) for name in numbers]
    rows = connection.execute(select(table.c.software, *sums).where(mine).group_by(table.c.software))
    return {name: tuple(totals) for name, *totals in rows}
