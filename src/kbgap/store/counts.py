"""Keep the counts that the API answers with exact: machines per software, per missing KB and per gap.

A machine counts unless it is excluded or silent. Every change of a machine is a *move* from one (profile, group) to
another; moves are added up over a batch and spread to the counts in the transaction that writes the machines, under the
tenant's lock, so that the counts are never behind (docs/adr/0006).
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Table, bindparam, delete, func, select, update

from kbgap.core.model import Value
from kbgap.store import dialect, listed_counts, schema, software_sets
from kbgap.store.effect import Effect
from kbgap.store.effects import Effects
from kbgap.store.listed_counts import Numbers as ListedNumbers
from kbgap.store.tenants import TenantKey

WHOLE_TENANT = 0  # the scope beside those of the machine groups
NO_BUILD = 0  # stands for an OS build that is not known, which a key cannot hold as null

Place = tuple[bytes, int]  # profile and group
Numbers = dict[tuple[object, ...], tuple[int, ...]]


class Moves:
    """Machines that left and entered places, added up."""

    def __init__(self) -> None:
        self._by_place: Counter[Place] = Counter()
        self._by_list: Counter[software_sets.Place] = Counter()

    def leave(self, profile: bytes, group_id: int, listed: bytes | None = None) -> None:
        """One machine fewer there; ``listed``: the list of its programs."""
        self._move(profile, group_id, listed, -1)

    def enter(self, profile: bytes, group_id: int, listed: bytes | None = None) -> None:
        """One machine more there."""
        self._move(profile, group_id, listed, 1)

    def _move(self, profile: bytes, group_id: int, listed: bytes | None, machines: int) -> None:
        self._by_place[profile, group_id] += machines
        if listed is not None:
            self._by_list[listed, group_id] += machines

    def net(self) -> dict[Place, int]:
        """The places whose number of machines changes."""
        return {place: machines for place, machines in self._by_place.items() if machines}

    def net_lists(self) -> dict[software_sets.Place, int]:
        """The same for the lists of programs."""
        return {place: machines for place, machines in self._by_list.items() if machines}


class Tallies(Value, frozen=True):
    """Every count, or every change of one, by the key of its row without the tenant."""

    software: dict[tuple[int, str], tuple[int, int]]
    missing: dict[tuple[int, str, str, int], int]
    gaps: dict[tuple[int, str, bytes], int]


def apply(tx: Connection, tenant: TenantKey, revision: str, moves: Moves, effects: Effects) -> bool:
    """Change the counts by what moved; True when anything did."""
    net, lists = moves.net(), moves.net_lists()
    if net:
        _add(tx, tenant, schema.population, {place: (machines,) for place, machines in net.items()})
        _write(tx, tenant, tally(tx, tenant, revision, net, effects))
    if lists:
        listed_counts.apply(tx, tenant, _tally_lists(tx, tenant, lists, effects))
    return bool(net or lists)


def tally(
    connection: Connection, tenant: TenantKey, revision: str, places: Mapping[Place, int], effects: Effects
) -> Tallies:
    """What these numbers of machines add to every count."""
    members = effects.members(connection, tenant, {profile for profile, _ in places})
    keys = {state for _, states in members.values() for state in states}
    gaps = effects.gaps(connection, tenant, revision, keys)
    # Many states have the same gap: they are added up before they are spread to hundreds of KBs.
    spread: Counter[tuple[int, int, bytes]] = Counter()
    for (profile, group_id), machines in places.items():
        os_build, states = members[profile]
        for state in states:
            for scope in {WHOLE_TENANT, group_id}:
                spread[scope, os_build or NO_BUILD, gaps[state]] += machines
    return _spread(spread, effects.effects(connection, tenant, set(gaps.values())))


def _spread(spread: Mapping[tuple[int, int, bytes], int], effects: Mapping[bytes, Effect]) -> Tallies:
    installed: Counter[tuple[int, str]] = Counter()
    exposed: Counter[tuple[int, str]] = Counter()
    missing: Counter[tuple[int, str, str, int]] = Counter()
    gaps: Counter[tuple[int, str, bytes]] = Counter()
    for (scope, os_build, gap), machines in spread.items():
        effect = effects[gap]
        installed[scope, effect.software] += machines
        exposed[scope, effect.software] += machines if effect.open_cves else 0
        gaps[scope, effect.software, gap] += machines
        for kb in effect.missing:
            missing[scope, effect.software, kb, os_build] += machines
    return Tallies(
        software={key: (number, exposed[key]) for key, number in installed.items()},
        missing=dict(missing),
        gaps=dict(gaps),
    )


def _write(tx: Connection, tenant: TenantKey, tallies: Tallies) -> None:
    for table, numbers in _by_table(tallies):
        _add(tx, tenant, table, numbers)


def _tally_lists(
    connection: Connection, tenant: TenantKey, places: Mapping[software_sets.Place, int], effects: Effects
) -> dict[str, ListedNumbers]:
    return listed_counts.tally_all(places, lambda keys: effects.listed(connection, tenant, keys))


def _by_table(tallies: Tallies) -> Iterable[tuple[Table, Mapping[tuple[object, ...], tuple[int, ...]]]]:
    yield schema.software_count, {(*key,): numbers for key, numbers in tallies.software.items()}
    yield schema.missing_count, {(*key,): (number,) for key, number in tallies.missing.items()}
    yield schema.gap_count, {(*key,): (number,) for key, number in tallies.gaps.items()}


def _add(
    tx: Connection, tenant: TenantKey, table: Table, changes: Mapping[tuple[object, ...], tuple[int, ...]]
) -> None:
    """Add to the rows of a count table; a row that would fall below zero is refused by the table itself."""
    keys, counts = _columns(table)
    rows = [(key, numbers) for key, numbers in sorted(changes.items()) if any(numbers)]
    rising = [(tenant, *key, *numbers) for key, numbers in rows if min(numbers) >= 0]
    names = ("tenant_id", *keys, *counts)
    dialect.insert_or_add(tx, table, dict(zip(names, map(list, zip(*rising, strict=True)), strict=False)), *counts)
    falling = [(tenant, *key, *numbers) for key, numbers in rows if min(numbers) < 0]
    if falling:
        # Not by inserting negative numbers: the check would refuse them before it is known that the row is there.
        there = [table.c[name] == bindparam(f"its_{name}") for name in ("tenant_id", *keys)]
        added = {name: table.c[name] + bindparam(f"more_{name}") for name in counts}
        given = [*(f"its_{name}" for name in ("tenant_id", *keys)), *(f"more_{name}" for name in counts)]
        tx.execute(update(table).where(*there).values(added), [dict(zip(given, row, strict=True)) for row in falling])


def _columns(table: Table) -> tuple[list[str], list[str]]:
    """The key columns without the tenant, and the columns that count."""
    keys = [column.name for column in table.primary_key if column.name != "tenant_id"]
    return keys, [column.name for column in table.c if not column.primary_key]


def recount(connection: Connection, tenant: TenantKey) -> dict[Place, int]:
    """The number of machines that count, by profile and group, from the machines themselves."""
    machine, seen = schema.machine, schema.machine_seen
    joined = machine.join(seen, (machine.c.tenant_id == seen.c.tenant_id) & (machine.c.machine_id == seen.c.machine_id))
    statement = select(machine.c.profile, machine.c.group_id, func.count()).select_from(joined)
    counted = (machine.c.tenant_id == tenant) & machine.c.exclusion.is_(None) & ~seen.c.is_silent
    rows = connection.execute(statement.where(counted).group_by(machine.c.profile, machine.c.group_id))
    return {(profile, group_id): machines for profile, group_id, machines in rows}


def rebuild(tx: Connection, tenant: TenantKey, revision: str, effects: Effects) -> None:
    """Write every count anew, from the machines."""
    places = recount(tx, tenant)
    for table in (schema.population, schema.software_count, schema.missing_count, schema.gap_count):
        tx.execute(delete(table).where(table.c.tenant_id == tenant))
    _add(tx, tenant, schema.population, {place: (machines,) for place, machines in places.items()})
    _write(tx, tenant, tally(tx, tenant, revision, places, effects))
    listed_counts.rewrite(tx, tenant, _tally_lists(tx, tenant, software_sets.recount(tx, tenant), effects))


def differences(connection: Connection, tenant: TenantKey, revision: str | None, effects: Effects) -> list[str]:
    """Where the stored counts differ from a recount, one line each; empty when all is exact."""
    places = recount(connection, tenant)
    should: list[tuple[Table, Mapping[tuple[object, ...], tuple[int, ...]]]] = [
        (schema.population, {place: (machines,) for place, machines in places.items()})
    ]
    if revision is not None:
        should += _by_table(tally(connection, tenant, revision, places, effects))
    lines: list[str] = []
    for table, expected in should:
        stored = _stored(connection, tenant, table)
        for key in sorted(stored.keys() | expected.keys()):
            zero = (0,) * len(_columns(table)[1])
            if stored.get(key, zero) != expected.get(key, zero):
                lines.append(
                    f"{table.name} {_readable(key)}: {stored.get(key, zero)} stored, {expected.get(key, zero)} counted"
                )
    if revision is not None:
        listed = _tally_lists(connection, tenant, software_sets.recount(connection, tenant), effects)
        lines += listed_counts.differences(connection, tenant, listed)
    return lines


def _stored(connection: Connection, tenant: TenantKey, table: Table) -> Numbers:
    keys, counts = _columns(table)
    columns = [table.c[name] for name in keys + counts]
    rows = connection.execute(select(*columns).where(table.c.tenant_id == tenant))
    return {tuple(row[: len(keys)]): tuple(row[len(keys) :]) for row in rows}


def _readable(key: tuple[object, ...]) -> str:
    return "/".join(part.hex() if isinstance(part, bytes) else str(part) for part in key)
