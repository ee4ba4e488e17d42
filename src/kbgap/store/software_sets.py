"""Keep the programs that machines list: each distinct list once, and how many machines have each program."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from operator import attrgetter

from sqlalchemy import Connection, Table, and_, func, select

from kbgap.core.model import Value
from kbgap.store import dialect, schema
from kbgap.store.packing import digest, encode, in_pieces
from kbgap.store.schema_answers import listed_count, listed_version_count, set_item, set_population, software_set
from kbgap.store.tenants import TenantKey

Place = tuple[bytes, int]  # list of programs and group
Numbers = Mapping[tuple[object, ...], int]


class ListedSoftware(Value, frozen=True, order=True):
    """One program as a machine lists it; ``software`` is an id, ``vendor-_-product``.

    ``is_recognised``: a product rule knows it. Otherwise the id is made of what the machine says.
    """

    software: str
    version: str
    vendor: str
    name: str
    is_recognised: bool


Items = tuple[ListedSoftware, ...]


@lru_cache(maxsize=32_768)
def program(software: str, version: str, vendor: str, name: str, is_recognised: bool) -> ListedSoftware:  # noqa: FBT001 - the columns of a row
    """One program; thousands of lists in memory share it."""
    return ListedSoftware(software=software, version=version, vendor=vendor, name=name, is_recognised=is_recognised)


def set_of(items: Iterable[ListedSoftware]) -> dict[bytes, Items]:
    """A machine's list under its key, nothing for no list. Of entries alike in software and version the first stays."""
    distinct: dict[tuple[str, str], ListedSoftware] = {}
    for item in sorted(items):
        distinct.setdefault((item.software, item.version), item)
    listed = tuple(distinct.values())
    return {digest([encode(listed)]): listed} if listed else {}


def save(tx: Connection, tenant: TenantKey, sets: Mapping[bytes, Items]) -> None:
    """Save lists that may be stored already: machines of one image share theirs, whatever their updates are."""
    there: set[bytes] = set()
    for piece in in_pieces(sets):
        mine = and_(software_set.c.tenant_id == tenant, software_set.c.software_set.in_(piece))
        there.update(tx.scalars(select(software_set.c.software_set).where(mine)))
    new = {key: items for key, items in sets.items() if key not in there}
    dialect.insert_new(tx, software_set, [{"tenant_id": tenant, "software_set": key} for key in new])
    programs = [item for items in new.values() for item in items]
    columns: dict[str, list[object]] = {
        "tenant_id": [tenant] * len(programs),
        "software_set": [key for key, items in new.items() for _ in items],
    }
    for name in ListedSoftware.__struct_fields__:
        columns[name] = list(map(attrgetter(name), programs))
    dialect.insert_new_columns(tx, set_item, columns)


def load(connection: Connection, tenant: TenantKey, keys: Collection[bytes]) -> dict[bytes, Items]:
    """The programs of lists, by software and version."""
    found: dict[bytes, list[ListedSoftware]] = {key: [] for key in keys}
    columns = [set_item.c[name] for name in ListedSoftware.__struct_fields__]
    for piece in in_pieces(keys):
        mine = and_(set_item.c.tenant_id == tenant, set_item.c.software_set.in_(piece))
        for key, *values in connection.execute(select(set_item.c.software_set, *columns).where(mine)):
            found[key].append(program(*values))
    return {key: tuple(sorted(items)) for key, items in found.items()}


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


def tally(places: Mapping[Place, int], items: Mapping[bytes, Items], whole_tenant: int) -> list[tuple[Table, Numbers]]:
    """What these numbers of machines add to every count, by table and key without the tenant."""
    by_software: Counter[tuple[object, ...]] = Counter()
    by_version: Counter[tuple[object, ...]] = Counter()
    by_list: dict[int, Counter[bytes]] = defaultdict(Counter)
    for (key, group_id), machines in places.items():
        for scope in {whole_tenant, group_id}:
            by_list[scope][key] += machines
    for scope, lists in by_list.items():
        for key, machines in lists.items():
            for item in items[key]:
                by_version[scope, item.software, item.version] += machines
            for software in {item.software for item in items[key]}:
                by_software[scope, software] += machines
    population: Numbers = {(*place,): machines for place, machines in places.items()}
    return [(set_population, population), (listed_count, by_software), (listed_version_count, by_version)]
