"""The versions of one software on machines, and how many weaknesses each version has."""

from collections import defaultdict
from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy import BigInteger, Connection, and_, func, select

from kbgap.store import listed_counts, schema
from kbgap.store.effect import Effect
from kbgap.store.listed_counts import machines_in
from kbgap.store.software_view import SoftwareId
from kbgap.store.tenants import TenantKey
from kbgap.store.visible import groups_of, in_scopes


class Distribution(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """PublicDistributionDto: one version, null where machines do not tell it."""

    version: str | None
    installations: int
    vulnerabilities: int


def distributions(
    connection: Connection,
    tenant: TenantKey,
    revision: str,
    of: SoftwareId,
    effects: Mapping[bytes, Effect],
    scopes: Collection[int],
) -> list[Distribution]:
    """Every version of a software that machines have; ``effects`` of every gap that some machine has."""
    judged = _judged(connection, tenant, revision, of.name, effects, scopes) if of.is_judged else []
    return judged or _listed(connection, tenant, of, scopes)


def _judged(
    connection: Connection,
    tenant: TenantKey,
    revision: str,
    name: str,
    effects: Mapping[bytes, Effect],
    scopes: Collection[int],
) -> list[Distribution]:
    population, link, state, judged = schema.population, schema.profile_state, schema.software_state, schema.judgement
    joined = (
        state.join(link, and_(link.c.tenant_id == state.c.tenant_id, link.c.state == state.c.state))
        .join(judged, and_(judged.c.tenant_id == state.c.tenant_id, judged.c.state == state.c.state))
        .join(population, and_(population.c.tenant_id == link.c.tenant_id, population.c.profile == link.c.profile))
    )
    mine = and_(
        state.c.tenant_id == tenant,
        state.c.software == name,
        judged.c.revision == revision,
        population.c.machines > 0,
        in_scopes(population.c.group_id, scopes),
    )
    machines = func.sum(population.c.machines).cast(BigInteger)
    statement = select(state.c.version, judged.c.gap, machines).select_from(joined).where(mine)
    installed: dict[str | None, int] = defaultdict(int)
    opened: dict[str | None, set[str]] = defaultdict(set)
    for version, gap, number in connection.execute(statement.group_by(state.c.version, judged.c.gap)):
        installed[version] += number
        opened[version] |= effects[gap].open_cves if gap in effects else frozenset()
    return [
        Distribution(version=version, installations=installed[version], vulnerabilities=len(opened[version]))
        for version in sorted(installed, key=_by_version)
    ]


def _listed(connection: Connection, tenant: TenantKey, of: SoftwareId, scopes: Collection[int]) -> list[Distribution]:
    numbers = listed_counts.load(connection, tenant, [str(of)]).get(str(of), listed_counts.Numbers())
    groups = groups_of(scopes)
    counted = {version: machines_in(machines, groups) for version, machines in numbers.versions.items()}
    found = {version or None: number for version, number in counted.items() if number}
    return [
        Distribution(version=version, installations=found[version], vulnerabilities=0)
        for version in sorted(found, key=_by_version)
    ]


def _by_version(text: str | None) -> tuple[bool, tuple[tuple[bool, int, str], ...]]:
    """Versions number by number, words behind numbers; what is not known first."""
    parts = [] if text is None else text.split(".")
    return text is not None, tuple(
        (False, int(part), "") if part.isascii() and part.isdecimal() and len(part) < 19 else (True, 0, part)
        for part in parts
    )
