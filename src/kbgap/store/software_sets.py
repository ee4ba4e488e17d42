"""Keep the lists of programs that machines show: each distinct list once, most of them as what differs from another.

Machines of one image have the same programs but for a few, and a machine's own list changes by a few programs at a
time. So a list is written either whole, or as what is added to and removed from a *base*, a list that is written whole.
The base is looked for by *kin*: the smallest keys of a list, which lists that differ little have in common.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from operator import attrgetter

from sqlalchemy import CompoundSelect, Connection, and_, exists, func, select, union_all

from kbgap.core.memo import Memo
from kbgap.core.model import Value
from kbgap.store import dialect, schema
from kbgap.store.packing import KEY_BYTES, digest, encode, in_pieces
from kbgap.store.recent import Recent
from kbgap.store.schema_answers import program, set_item, software_set
from kbgap.store.tenants import TenantKey

Place = tuple[bytes, int]  # list of programs and group

_REMEMBERED = 65_536  # programs: a fleet has the same few thousand over and over
_OF_KIN = 3  # keys: two lists that share nine tenths of their programs have the same ones three times out of four
_WORTH_IT = 4  # a list is written as differences when those are at most a fourth of it


class ListedSoftware(Value, frozen=True, order=True, cache_hash=True):
    """One program as a machine lists it; ``software`` is an id, ``vendor-_-product``.

    ``is_recognised``: a product rule knows it. Otherwise the id is made of what the machine says.
    """

    software: str
    version: str
    vendor: str
    name: str
    is_recognised: bool


Items = tuple[ListedSoftware, ...]


class _Difference(Value, frozen=True):
    """How a list is written: keys of programs. A whole list has no base, and removes nothing."""

    kin: bytes
    base: bytes | None
    added: Collection[bytes]
    removed: Collection[bytes] = ()


_programs: Recent[bytes, ListedSoftware] = Recent(_REMEMBERED)


def key_of(item: ListedSoftware) -> bytes:
    """The key of a program: equal ones have equal keys."""
    return _keys[item]


_keys: Memo[ListedSoftware, bytes] = Memo(lambda item: digest([encode(item)]), _REMEMBERED)
_versions: Memo[ListedSoftware, str] = Memo(lambda item: f"{item.software}\n{item.version}", _REMEMBERED)


def set_of(items: Iterable[ListedSoftware]) -> dict[bytes, Items]:
    """A machine's list under its key, nothing for no list. Of entries alike in software and version the first stays."""
    listed = tuple(dict.fromkeys(items))
    if len(set(map(_versions.__getitem__, listed))) < len(listed):
        distinct: dict[tuple[str, str], ListedSoftware] = {}
        for item in sorted(listed):
            distinct.setdefault((item.software, item.version), item)
        listed = tuple(distinct.values())
    return {digest([b"".join(sorted(map(_keys.__getitem__, listed)))]): listed} if listed else {}


# --- writing ---------------------------------------------------------------------------------------------------------


def save(tx: Connection, tenant: TenantKey, sets: Mapping[bytes, Items]) -> None:
    """Save lists that may be stored already: machines of one image share theirs, whatever their updates are."""
    there: set[bytes] = set()
    for piece in in_pieces(sets):
        mine = and_(software_set.c.tenant_id == tenant, software_set.c.software_set.in_(piece))
        there.update(tx.scalars(select(software_set.c.software_set).where(mine)))
    new = {key: {key_of(item): item for item in items} for key, items in sets.items() if key not in there}
    if not new:
        return
    written = _differences(tx, tenant, new)
    named = {key: new[of][key] for of, difference in written.items() for key in difference.added}
    rows: dict[str, list[object]] = {"tenant_id": [tenant] * len(named), "program": list(named)}
    for name in ListedSoftware.__struct_fields__:
        rows[name] = list(map(attrgetter(name), named.values()))
    dialect.insert_new_columns(tx, program, rows)
    dialect.insert_new(tx, software_set, [_row(tenant, key, difference) for key, difference in written.items()])
    _save_items(tx, tenant, written)


def _row(tenant: TenantKey, key: bytes, difference: _Difference) -> dict[str, object]:
    return {
        "tenant_id": tenant,
        "software_set": key,
        "kin": difference.kin,
        "base": difference.base,
        "added": b"".join(difference.added),
        "removed": b"".join(difference.removed),
    }


def _save_items(tx: Connection, tenant: TenantKey, written: Mapping[bytes, _Difference]) -> None:
    """What is written of each list, program by program, to search for."""
    rows = [
        (key, program_key, is_there)
        for key, difference in written.items()
        for is_there, keys in ((True, difference.added), (False, difference.removed))
        for program_key in keys
    ]
    columns = dict(zip(("software_set", "program", "is_there"), map(list, zip(*rows, strict=True)), strict=False))
    dialect.insert_new_columns(tx, set_item, {"tenant_id": [tenant] * len(rows), **columns})


def _differences(
    tx: Connection, tenant: TenantKey, new: Mapping[bytes, Mapping[bytes, ListedSoftware]]
) -> dict[bytes, _Difference]:
    """How each new list is written; the first of its kin is a base for those that come with it."""
    kin = {key: b"".join(sorted(keys)[:_OF_KIN]) for key, keys in new.items()}
    bases = _bases(tx, tenant, set(kin.values()))
    written = {}
    for key, keys in new.items():
        base, of_base = bases.get(kin[key], (None, frozenset()))
        added, removed = keys.keys() - of_base, of_base - keys.keys()
        if base is not None and (len(added) + len(removed)) * _WORTH_IT <= len(keys):
            written[key] = _Difference(kin=kin[key], base=base, added=sorted(added), removed=sorted(removed))
        else:
            written[key] = _Difference(kin=kin[key], base=None, added=sorted(keys))
            bases[kin[key]] = (key, frozenset(keys))
    return written


def _bases(tx: Connection, tenant: TenantKey, kins: Collection[bytes]) -> dict[bytes, tuple[bytes, frozenset[bytes]]]:
    """One whole list of each kin, as far as there is one: its key, and those of its programs."""
    table = software_set.c
    found: dict[bytes, tuple[bytes, frozenset[bytes]]] = {}
    for piece in in_pieces(kins):
        mine = and_(table.tenant_id == tenant, table.kin.in_(piece), table.base.is_(None))
        for kin, key, added in tx.execute(select(table.kin, table.software_set, table.added).where(mine)):
            found.setdefault(kin, (key, frozenset(_split(added))))
    return found


def _split(keys: bytes) -> list[bytes]:
    return [keys[start : start + KEY_BYTES] for start in range(0, len(keys), KEY_BYTES)]


# --- reading ---------------------------------------------------------------------------------------------------------


def load(connection: Connection, tenant: TenantKey, keys: Collection[bytes]) -> dict[bytes, Items]:
    """The programs of lists; nothing for a list that is not there."""
    written = _written(connection, tenant, keys)
    whole = _written(connection, tenant, {one.base for one in written.values() if one.base is not None})
    found = {
        key: [*one.added, *(set(whole[one.base].added) - set(one.removed) if one.base is not None else ())]
        for key, one in written.items()
    }
    named = _named(connection, tenant, set(chain.from_iterable(found.values())))
    return {key: tuple(map(named.__getitem__, found.get(key, ()))) for key in keys}


def _written(connection: Connection, tenant: TenantKey, keys: Collection[bytes]) -> dict[bytes, _Difference]:
    table = software_set.c
    statement = select(table.software_set, table.kin, table.base, table.added, table.removed)
    found: dict[bytes, _Difference] = {}
    for piece in in_pieces(keys):
        mine = and_(table.tenant_id == tenant, table.software_set.in_(piece))
        for key, kin, base, added, removed in connection.execute(statement.where(mine)):
            found[key] = _Difference(kin=kin, base=base, added=_split(added), removed=_split(removed))
    return found


def _named(connection: Connection, tenant: TenantKey, keys: Collection[bytes]) -> dict[bytes, ListedSoftware]:
    found = {key: known for key in keys if (known := _programs.get(key)) is not None}
    columns = [program.c[name] for name in ListedSoftware.__struct_fields__]
    for piece in in_pieces(keys - found.keys()):
        mine = and_(program.c.tenant_id == tenant, program.c.program.in_(piece))
        for key, *values in connection.execute(select(program.c.program, *columns).where(mine)):
            fields = zip(ListedSoftware.__struct_fields__, values, strict=True)
            found[key] = ListedSoftware(**dict(fields))
            _programs.put(key, found[key])
    return found


def lists_with(tenant: TenantKey, software: str) -> CompoundSelect[bytes]:
    """The keys of the lists that have some version of a software, as a SELECT."""
    there, gone = set_item.alias(), set_item.alias()
    # From the program to its lists: SQLite, which keeps no statistics, would otherwise look through all lists.
    named = program.join(there, and_(there.c.tenant_id == program.c.tenant_id, there.c.program == program.c.program))
    of_base = named.join(
        software_set,
        and_(software_set.c.tenant_id == there.c.tenant_id, software_set.c.base == there.c.software_set),
    )
    written = and_(program.c.tenant_id == tenant, program.c.software == software, there.c.is_there)
    removed = exists().where(
        gone.c.tenant_id == tenant,
        gone.c.software_set == software_set.c.software_set,
        gone.c.program == there.c.program,
        ~gone.c.is_there,
    )
    return union_all(
        select(there.c.software_set).select_from(named).where(written),
        select(software_set.c.software_set).select_from(of_base).where(written, ~removed),
    )


def recount(connection: Connection, tenant: TenantKey) -> dict[Place, int]:
    """The number of machines that count, by list and group, from the machines themselves."""
    machine, seen = schema.machine, schema.machine_seen
    joined = machine.join(
        seen, and_(machine.c.tenant_id == seen.c.tenant_id, machine.c.machine_id == seen.c.machine_id)
    )
    counted = and_(
        machine.c.tenant_id == tenant,
        machine.c.software_set.is_not(None),
        machine.c.exclusion.is_(None),
        ~seen.c.is_silent,
    )
    by = (machine.c.software_set, machine.c.group_id)
    rows = connection.execute(select(*by, func.count()).select_from(joined).where(counted).group_by(*by))
    return {(key, group_id): machines for key, group_id, machines in rows}
