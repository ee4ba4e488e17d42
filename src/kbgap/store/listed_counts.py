"""Count machines by the programs that they list: one row for each software, with its versions and groups together.

A batch of reports changes tens of thousands of these numbers, but those of a few thousand programs, most of which it
changes anyway: so all numbers of one software are written at once, under the tenant's lock (docs/adr/0006).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from operator import attrgetter

import msgspec
from sqlalchemy import Connection, and_, delete, select

from kbgap.core.errors import Unavailable
from kbgap.store import dialect
from kbgap.store.functions import texts_of
from kbgap.store.schema_answers import listed_count
from kbgap.store.software_sets import Items, ListedSoftware, Place
from kbgap.store.tenants import TenantKey

ByGroup = dict[int, int]  # machines by group; 0: those without one
Load = Callable[[Collection[bytes]], Mapping[bytes, Items]]  # the programs of lists

_FEW = 4
_AT_ONCE = 2_000  # lists whose programs are in memory while everything is counted
_software_of = attrgetter("software")


class Numbers(msgspec.Struct):
    """The machines that list one software, and those that list each version of it."""

    machines: ByGroup = {}
    versions: dict[str, ByGroup] = {}

    def add(self, other: "Numbers") -> None:
        """Count those of ``other`` too."""
        _add(self.machines, other.machines)
        for version, machines in other.versions.items():
            _add(self.versions.setdefault(version, {}), machines)

    def settled(self) -> "Numbers":
        """Without the zeros, so that equal numbers are equal."""
        versions = {version: left for version, machines in self.versions.items() if (left := _not_zero(machines))}
        return Numbers(_not_zero(self.machines), versions)

    def is_sound(self) -> bool:
        """Whether nothing is below zero."""
        return all(min(machines.values(), default=0) >= 0 for machines in (self.machines, *self.versions.values()))


_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder(Numbers)


def _add(to: ByGroup, more: ByGroup) -> None:
    for group_id, machines in more.items():
        to[group_id] = to.get(group_id, 0) + machines


def _not_zero(machines: ByGroup) -> ByGroup:
    if 0 not in machines.values():
        return machines
    return {group_id: number for group_id, number in machines.items() if number}


def machines_in(machines: ByGroup, groups: Collection[int] | None) -> int:
    """How many are in some groups, in all for None."""
    return sum(machines.values() if groups is None else map(machines.get, groups, [0] * len(groups)))


# --- counting --------------------------------------------------------------------------------------------------------


def tally(places: Mapping[Place, int], items: Mapping[bytes, Items]) -> dict[str, Numbers]:
    """What these numbers of machines add, by software."""
    lists: dict[int, list[tuple[Items, int]]] = defaultdict(list)
    for (key, group_id), machines in places.items():
        lists[group_id].append((items[key], machines))
    found: defaultdict[str, Numbers] = defaultdict(Numbers)
    for group_id, counted in lists.items():
        for program, machines in _by_program(counted).items():
            if machines:
                numbers = found[program.software]
                numbers.machines[group_id] = numbers.machines.get(group_id, 0) + machines
                versions = numbers.versions.setdefault(program.version, {})
                versions[group_id] = versions.get(group_id, 0) + machines
        for software, machines in _repeated(counted).items():
            numbers = found[software]
            numbers.machines[group_id] = numbers.machines.get(group_id, 0) - machines
    return found


def _by_program(counted: Iterable[tuple[Items, int]]) -> Counter[ListedSoftware]:
    """Machines by program. Counting in C what comes once or twice takes a third of the time of adding in Python."""
    found: Counter[ListedSoftware] = Counter()
    left: Counter[ListedSoftware] = Counter()
    for items, machines in counted:
        if abs(machines) <= _FEW:
            counter = found if machines > 0 else left
            for _ in range(abs(machines)):
                counter.update(items)
        else:
            for item in items:
                found[item] += machines
    found.subtract(left)
    return found


def _repeated(counted: Iterable[tuple[Items, int]]) -> Counter[str]:
    """How many machines were counted too often for a software, since their lists have several versions of it."""
    found: Counter[str] = Counter()
    for items, machines in counted:
        names = list(map(_software_of, items))
        if len(set(names)) < len(names):
            for name, times in Counter(names).items():
                found[name] += (times - 1) * machines
    return found


def tally_all(places: Mapping[Place, int], load: Load) -> dict[str, Numbers]:
    """As ``tally``, for very many lists: those in memory at one time are few."""
    keys = sorted({key for key, _ in places})
    by_key: dict[bytes, dict[Place, int]] = defaultdict(dict)
    for place, machines in places.items():
        by_key[place[0]][place] = machines
    found: defaultdict[str, Numbers] = defaultdict(Numbers)
    for start in range(0, len(keys), _AT_ONCE):
        piece = keys[start : start + _AT_ONCE]
        mine = {place: machines for key in piece for place, machines in by_key[key].items()}
        for software, numbers in tally(mine, load(piece)).items():
            found[software].add(numbers)
    return found


# --- writing and reading ---------------------------------------------------------------------------------------------


def apply(tx: Connection, tenant: TenantKey, changes: Mapping[str, Numbers]) -> None:
    """Add to the numbers of each software; Unavailable where one would fall below zero."""
    stored = load(tx, tenant, changes)
    for software, change in changes.items():
        stored.setdefault(software, Numbers()).add(change)
    _write(tx, tenant, stored)


def rewrite(tx: Connection, tenant: TenantKey, numbers: Mapping[str, Numbers]) -> None:
    """Write all numbers of a tenant anew."""
    tx.execute(delete(listed_count).where(listed_count.c.tenant_id == tenant))
    _write(tx, tenant, numbers)


def load(connection: Connection, tenant: TenantKey, only: Collection[str] | None = None) -> dict[str, Numbers]:
    """The numbers of every software, or of those named, as far as machines have listed it."""
    mine = listed_count.c.tenant_id == tenant
    wanted = mine if only is None else and_(mine, listed_count.c.software.in_(texts_of(only)))
    rows = connection.execute(select(listed_count.c.software, listed_count.c.body).where(wanted))
    return {software: _DECODER.decode(body) for software, body in rows}


def _write(tx: Connection, tenant: TenantKey, numbers: Mapping[str, Numbers]) -> None:
    settled = {software: of.settled() for software, of in sorted(numbers.items())}
    for software, of in settled.items():
        if not of.is_sound():
            raise Unavailable(
                "the counts of programs are wrong", where=software, mend="run kbgap db check, and restore a backup"
            )
    columns: dict[str, list[object]] = {
        "tenant_id": [tenant] * len(settled),
        "software": list(settled),
        "machines": [machines_in(of.machines, None) for of in settled.values()],
        "body": list(map(_ENCODER.encode, settled.values())),
    }
    dialect.insert_or_replace_columns(tx, listed_count, columns)


def differences(connection: Connection, tenant: TenantKey, expected: Mapping[str, Numbers]) -> list[str]:
    """Where the stored numbers differ from these, one line for each software; empty when all is exact."""
    stored, lines = load(connection, tenant), []
    for software in sorted(stored.keys() | expected.keys()):
        there, should = (of.get(software, Numbers()).settled() for of in (stored, expected))
        if there != should:
            lines.append(f"listed_count {software}: {_shown(there)} stored, {_shown(should)} counted")
    columns = (listed_count.c.software, listed_count.c.machines)
    for software, machines in connection.execute(select(*columns).where(listed_count.c.tenant_id == tenant)):
        if machines != (inside := machines_in(stored[software].machines, None)):
            lines.append(f"listed_count {software}: {machines} stored for the whole tenant, {inside} by group")
    return lines


def _shown(numbers: Numbers) -> str:
    return _ENCODER.encode(numbers).decode()
