"""The public rows as SELECTs: the only place, beside Microsoft's own documents, where the API's names appear.

``docs/reference`` and the contract say what each property means. Everything is read from counts that are kept exact
when reports come in, so that no answer has to add up machines.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Connection, Select, and_, bindparam, case, func, literal, select

from kbgap.core.urls import update_url
from kbgap.core.verdicts import Finding, IsMissing
from kbgap.store import schema, states
from kbgap.store.counts import NO_BUILD, WHOLE_TENANT
from kbgap.store.effects import Effects
from kbgap.store.tenants import TenantKey

VENDOR: Final = "microsoft"  # of everything that has a KB
SEPARATOR: Final = "-_-"


class MissingKb(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """PublicProductFixDto: one missing KB, with the members in the order of the service's own description."""

    id: str
    name: str
    os_build: int | None
    products_names: tuple[str, ...]
    url: str
    machine_missed_on: int
    cve_addressed: int


class Software(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """PublicProductDto with distributions: one software.

    Not known yet, and 0 or false because the contract forbids null: ``public_exploit``, ``active_alert``,
    ``impact_score``. ``is_normalized`` is false and ``category`` empty in every capture of the service.
    """

    id: str
    name: str
    vendor: str
    weaknesses: int
    public_exploit: bool
    active_alert: bool
    exposed_machines: int
    installed_machines: int
    impact_score: float
    is_normalized: bool
    category: str
    distributions: tuple[str, ...] = ()


def software_name(software_id: str) -> str | None:
    """The product part of a software id, in lower case; None when it is not the id of anything with KBs."""
    vendor, separator, name = software_id.lower().partition(SEPARATOR)
    return name if vendor == VENDOR and separator and name else None


def missing_for_software(
    connection: Connection, tenant: TenantKey, software: str, scopes: Collection[int] = (WHOLE_TENANT,)
) -> list[MissingKb]:
    """The KBs that machines miss for one software: newest release first, then by KB number descending.

    One statement, so that it sees one epoch. ``scopes``: the whole tenant, or machine groups by number.
    """
    values = {"its_tenant": tenant, "its_software": software, "its_scopes": list(scopes)}
    return [
        MissingKb(
            id=kb,
            name=name,
            os_build=os_build,
            products_names=(software,),
            url=update_url(kb),
            machine_missed_on=machines,
            cve_addressed=cves,
        )
        for kb, name, os_build, machines, cves in connection.execute(_missing_for_software(), values).all()
    ]


@cache  # building the statement takes as long as running it
def _missing_for_software() -> Select[Any]:
    pointer, count = schema.tenant_pointer.c, schema.missing_count.c
    published, addressed = schema.catalogue_update.c, schema.catalogue_addressed.c
    joined = (
        schema.tenant_pointer.join(schema.missing_count, count.tenant_id == pointer.tenant_id)
        .join(schema.catalogue_update, and_(published.revision == pointer.revision, published.kb == count.kb))
        .join(
            schema.catalogue_addressed,
            and_(
                addressed.revision == pointer.revision,
                addressed.software == count.software,
                addressed.kb == count.kb,
            ),
        )
    )
    lowest, highest = func.min(count.os_build), func.max(count.os_build)
    shared = case((and_(lowest == highest, lowest != NO_BUILD), lowest))
    machines = func.sum(count.machines).cast(BigInteger)  # PostgreSQL adds up to numeric, which is no int
    statement = select(count.kb, published.name, shared, machines, addressed.cve_count).select_from(joined)
    wanted = (pointer.tenant_id == bindparam("its_tenant")) & (count.software == bindparam("its_software"))
    in_scope = count.scope.in_(bindparam("its_scopes", expanding=True))
    counted = (count.machines > 0) & (addressed.cve_count > 0)  # a KB without a CVE gives no row
    per_kb = (count.kb, published.name, published.released, published.kb_number, addressed.cve_count)
    newest_first = (published.released.desc(), published.kb_number.desc())
    return statement.where(wanted & in_scope & counted).group_by(*per_kb).order_by(*newest_first)


def missing_for_machine(connection: Connection, tenant: TenantKey, revision: str, profile: bytes) -> list[MissingKb]:
    """The KBs that a machine with this profile misses: newest release first, then by KB number descending.

    To be called in a snapshot: it reads several tables.
    """
    os_build, members = states.load_members(connection, tenant, [profile])[profile]
    judged = states.load_states(connection, tenant, revision, members).values()
    missing: dict[str, list[str]] = {}
    products = {state.state.software: [p.product for p in state.state.products] for state in judged}
    for state in judged:
        for kb in _missing(state.findings):
            missing.setdefault(kb, []).append(state.state.software)
    closed = _closed(connection, revision, [p for mine in products.values() for p in mine], missing)
    systems = _systems(connection, revision, products)
    rows = []
    for kb, name in _newest_first(connection, revision, missing):
        names = sorted(missing[kb], key=lambda software: (software not in systems, software))
        cves = {cve for software in names for product in products[software] for cve in closed.get((product, kb), ())}
        rows.append(
            MissingKb(
                id=kb,
                name=name,
                os_build=os_build,
                products_names=tuple(names),
                url=update_url(kb),
                machine_missed_on=1,
                cve_addressed=len(cves),
            )
        )
    return [row for row in rows if row.cve_addressed]


def _missing(findings: Sequence[Finding]) -> list[str]:
    return [finding.kb for finding in findings if isinstance(finding.verdict, IsMissing)]


def _closed(
    connection: Connection, revision: str, products: Collection[str], kbs: Collection[str]
) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The CVE ids that each KB closes for each product, as the catalogue says."""
    fix = schema.catalogue_fix.c
    wanted = (fix.revision == revision) & fix.product.in_(products) & fix.kb.in_(kbs)
    rows = connection.execute(select(fix.product, fix.kb, fix.cves).where(wanted))
    return {(row.product, row.kb): msgspec.json.decode(row.cves, type=tuple[str, ...]) for row in rows}


def _systems(connection: Connection, revision: str, names: Collection[str]) -> set[str]:
    """The operating systems among these software."""
    software = schema.catalogue_software.c
    wanted = (software.revision == revision) & software.software.in_(names) & software.is_system
    return set(connection.scalars(select(software.software).where(wanted)))


def _newest_first(connection: Connection, revision: str, kbs: Collection[str]) -> list[tuple[str, str]]:
    """These KBs with their names, in the order of the contract."""
    update = schema.catalogue_update.c
    statement = select(update.kb, update.name).where((update.revision == revision) & update.kb.in_(kbs))
    rows = connection.execute(statement.order_by(update.released.desc(), update.kb_number.desc()))
    return [(row.kb, row.name) for row in rows]


def software_rows(
    connection: Connection,
    tenant: TenantKey,
    effects: Effects,
    *,
    software: str | None = None,
    scopes: Collection[int] = (WHOLE_TENANT,),
) -> list[Software]:
    """Every software that some machine has, by id; or the one asked for, if any machine has it.

    To be called in a snapshot: it reads several tables.
    """
    count = schema.software_count.c
    mine = (count.tenant_id == tenant) & count.scope.in_(scopes) & (count.machines > 0)
    if software is not None:
        mine &= count.software == software
    machines, exposed = (func.sum(column).cast(BigInteger) for column in (count.machines, count.exposed))
    statement = select(count.software, machines, exposed).where(mine)
    rows = connection.execute(statement.group_by(count.software).order_by(count.software)).all()
    opened = _open_cves(connection, tenant, effects, scopes, [name for name, *_ in rows])
    return [
        software_row(name, machines=total, exposed=some, weaknesses=len(opened[name])) for name, total, some in rows
    ]


def _open_cves(
    connection: Connection, tenant: TenantKey, effects: Effects, scopes: Collection[int], names: Collection[str]
) -> dict[str, set[str]]:
    """The distinct CVEs that are open on some machine, for each of these software.

    Not counted when reports come in: a machine that was never patched has thousands of them, and most machines with
    the same software have the same ones.
    """
    count = schema.gap_count.c
    live = (count.tenant_id == tenant) & count.scope.in_(scopes) & count.software.in_(names) & (count.machines > 0)
    gaps = set(connection.scalars(select(count.gap).where(live).distinct()))
    opened: dict[str, set[str]] = {name: set() for name in names}
    for effect in effects.effects(connection, tenant, gaps).values():
        opened[effect.software] |= effect.open_cves
    return opened


def software_row(name: str, *, machines: int = 0, exposed: int = 0, weaknesses: int = 0) -> Software:
    """One software with these numbers."""
    return Software(
        id=f"{VENDOR}{SEPARATOR}{name}",
        name=name,
        vendor=VENDOR,
        weaknesses=weaknesses,
        public_exploit=False,
        active_alert=False,
        exposed_machines=exposed,
        installed_machines=machines,
        impact_score=0.0,
        is_normalized=False,
        category="",
    )


def is_known_software(connection: Connection, tenant: TenantKey, software: str) -> bool:
    """Whether the catalogue that the tenant sees, or the tenant's inventory, knows this software."""
    pointer, published, state = schema.tenant_pointer.c, schema.catalogue_software.c, schema.software_state.c
    in_catalogue = select(literal(1)).where(
        (pointer.tenant_id == tenant) & (published.revision == pointer.revision) & (published.software == software)
    )
    in_inventory = select(literal(1)).where((state.tenant_id == tenant) & (state.software == software))
    return any(connection.scalar(statement.limit(1)) is not None for statement in (in_catalogue, in_inventory))
