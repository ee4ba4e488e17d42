"""Keep how exposed machines are: all open gaps of a profile together, weighed once and shared by all machines alike."""

import math
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from kbgap.core.exposure import exposure_level, exposure_score
from kbgap.core.model import Value
from kbgap.store import dialect
from kbgap.store.effects import Effects
from kbgap.store.packing import digest, in_pieces
from kbgap.store.schema_answers import exposure, exposure_gap, profile_exposure
from kbgap.store.tenants import TenantKey

Gaps = tuple[bytes, ...]

_NOTHING: Gaps = ()


class Weighed(Value, frozen=True):
    """An exposure: its gaps, in order, and what they weigh."""

    gaps: Gaps
    points: float

    @property
    def key(self) -> bytes:
        """What stands for these gaps."""
        return digest(self.gaps)


NOTHING_OPEN = Weighed(gaps=_NOTHING, points=0.0).key


def save(
    tx: Connection,
    tenant: TenantKey,
    revision: str,
    profiles: Collection[bytes],
    effects: Effects,
) -> None:
    """Note the exposure of each of these profiles, whose states are judged at this revision."""
    known = of_profiles(tx, tenant, revision, profiles)
    new = sorted(set(profiles) - known.keys())
    if not new:
        return
    weighed = _weigh(tx, tenant, revision, gaps_of(tx, tenant, revision, new, effects), effects)
    _insert(tx, tenant, {item.key: item for item in weighed.values()})
    rows: list[dict[str, object]] = [
        {"tenant_id": tenant, "revision": revision, "profile": profile, "exposure": item.key}
        for profile, item in weighed.items()
    ]
    dialect.insert_new(tx, profile_exposure, rows)


def gaps_of(
    connection: Connection, tenant: TenantKey, revision: str, profiles: Collection[bytes], effects: Effects
) -> dict[bytes, Gaps]:
    """The gaps of each profile in which a CVE is open, in order."""
    members = effects.members(connection, tenant, profiles)
    gaps = effects.gaps(connection, tenant, revision, {state for _, states in members.values() for state in states})
    known = effects.effects(connection, tenant, set(gaps.values()))
    opened = {key for key, effect in known.items() if effect.open_cves}
    return {
        profile: tuple(sorted({gaps[state] for state in states if gaps[state] in opened}))
        for profile, (_, states) in members.items()
    }


def of_profiles(
    connection: Connection, tenant: TenantKey, revision: str, profiles: Collection[bytes]
) -> dict[bytes, bytes]:
    """The exposure of each profile at a revision, as far as it is noted."""
    found: dict[bytes, bytes] = {}
    for piece in in_pieces(profiles):
        mine = (profile_exposure.c.tenant_id == tenant) & (profile_exposure.c.revision == revision)
        statement = select(profile_exposure.c.profile, profile_exposure.c.exposure)
        for row in connection.execute(statement.where(mine, profile_exposure.c.profile.in_(piece))):
            found[row.profile] = row.exposure
    return found


def gaps_by_exposure(connection: Connection, tenant: TenantKey, keys: Collection[bytes]) -> dict[bytes, Gaps]:
    """The gaps of each exposure; none for the exposure in which nothing is open."""
    found: dict[bytes, list[bytes]] = {key: [] for key in keys}
    for piece in in_pieces(keys):
        mine = (exposure_gap.c.tenant_id == tenant) & exposure_gap.c.exposure.in_(piece)
        statement = select(exposure_gap.c.exposure, exposure_gap.c.gap).where(mine)
        for row in connection.execute(statement.order_by(exposure_gap.c.exposure, exposure_gap.c.gap)):
            found[row.exposure].append(row.gap)
    return {key: tuple(gaps) for key, gaps in found.items()}


def weigh_anew(tx: Connection, tenant: TenantKey, revision: str, effects: Effects) -> None:
    """Weigh every exposure again, after the points of CVEs have changed."""
    keys = list(tx.scalars(select(exposure.c.exposure).where(exposure.c.tenant_id == tenant)))
    weighed = _weigh(tx, tenant, revision, gaps_by_exposure(tx, tenant, keys), effects)
    rows = [_columns(tenant, key, item) for key, item in weighed.items()]
    dialect.insert_or_replace(tx, exposure, rows)


def _weigh(
    connection: Connection, tenant: TenantKey, revision: str, gaps: Mapping[bytes, Gaps], effects: Effects
) -> dict[bytes, Weighed]:
    weights = effects.weights(connection, tenant, revision, {gap for mine in gaps.values() for gap in mine})
    return {key: Weighed(gaps=mine, points=math.fsum(weights[gap] for gap in mine)) for key, mine in gaps.items()}


def _insert(tx: Connection, tenant: TenantKey, weighed: Mapping[bytes, Weighed]) -> None:
    dialect.insert_new(tx, exposure, [_columns(tenant, key, item) for key, item in weighed.items()])
    links: list[dict[str, object]] = [
        {"tenant_id": tenant, "exposure": key, "gap": gap} for key, item in weighed.items() for gap in item.gaps
    ]
    dialect.insert_new(tx, exposure_gap, links)


def _columns(tenant: TenantKey, key: bytes, item: Weighed) -> dict[str, object]:
    score = exposure_score(item.points)
    return {
        "tenant_id": tenant,
        "exposure": key,
        "points": item.points,
        "score": score,
        "level": exposure_level(score).value,
    }
