"""Walk over machines by id, and over what each of them has: lists that are never written down, since they are too long.

The order is fixed (machine, then key), so that a place in it is a machine's id and a key: a page goes on behind it,
whatever was reported in between, and loses no machine that was there all along. A filter is taken apart: what concerns
machines alone is asked of the database, what concerns only what they share is decided once for all machines alike.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, select

from kbgap.odata.entity import StructuredType
from kbgap.odata.errors import fault
from kbgap.odata.evaluate import matches
from kbgap.odata.options import Query
from kbgap.odata.skiptoken import Place
from kbgap.odata.tree import Tree
from kbgap.store import schema
from kbgap.store.filtering import Columns, condition
from kbgap.store.listing import Listed, as_public, choose
from kbgap.store.split_filter import all_of, conditions_of, names_in
from kbgap.store.visible import heard_machines

S = TypeVar("S", bound=msgspec.Struct)
P = TypeVar("P")
Keeps = Callable[[Mapping[str, object]], bool]  # whether shared members meet the filter

MOST_SORTED = 100_000  # rows that are sorted when a client gives an order
_FIRST_BATCH, _LARGEST_BATCH = 64, 2_048

_machine, _seen, _group = schema.machine, schema.machine_seen, schema.machine_group


class Walked(NamedTuple):
    """One machine on the way."""

    machine_id: str
    name: str | None
    platform: str
    build: str | None
    architecture: str | None
    profile: bytes
    software_set: bytes | None
    evidence: bytes
    evidence_since: datetime | None
    group_id: int
    group_name: str | None
    first_seen: datetime
    last_seen: datetime


_COLUMNS: tuple[ColumnElement[Any], ...] = (
    _machine.c.machine_id,
    _machine.c.computer_dns_name,
    _machine.c.os_platform,
    _machine.c.build,
    _machine.c.architecture,
    _machine.c.profile,
    _machine.c.software_set,
    _machine.c.evidence,
    _machine.c.evidence_since,
    _machine.c.group_id,
    _group.c.name,
    _machine.c.first_seen,
    _seen.c.last_seen,
)


@dataclass(frozen=True, slots=True)
class Path(Generic[S, P]):
    """What a walk meets.

    ``where`` says which machines. ``columns`` are members of a row that the database knows of a machine. ``shared``
    are members that machines alike share: ``read`` gives, for each machine of a batch, what it has as far as those
    members are kept (all of it for None), in the order of ``key``. ``build`` makes the row. ``by_machine`` is the
    member by which the rows are in order anyway.
    """

    of: StructuredType
    where: ColumnElement[bool]
    columns: Columns
    shared: frozenset[str]
    read: Callable[[Sequence[Walked], Keeps | None], Sequence[Sequence[P]]]
    key: Callable[[P], str]
    build: Callable[[Walked, P], S]
    by_machine: str


@dataclass(slots=True)
class _Filter:
    """A filter, taken apart."""

    machines: Tree | None
    shared: Tree | None
    rest: Tree | None

    def keeps(self, members: Mapping[str, object]) -> bool:
        return self.shared is None or matches(self.shared, members)

    def keeps_row(self, row: msgspec.Struct) -> bool:
        return self.rest is None or matches(self.rest, as_public(row))


@dataclass(slots=True)
class _Page(Generic[S]):
    """The rows of a page as they are met."""

    skip: int
    limit: int
    rows: list[S] = field(default_factory=list)
    met: int = 0
    place: Place | None = None
    goes_on: bool = False

    def passes(self, rows: int) -> bool:
        """Whether so many further rows are only to be counted: they are before the page or behind it."""
        is_beside = self.goes_on or self.met + rows <= self.skip
        self.met += rows if is_beside else 0
        return is_beside

    def meet(self, row: S, place: Place) -> None:
        """Take one more row that meets the filter."""
        self.met += 1
        if self.met <= self.skip:
            return
        self.goes_on = len(self.rows) == self.limit
        if not self.goes_on:
            self.rows.append(row)
            self.place = place


def walk(connection: Connection, path: Path[S, P], query: Query) -> Listed[S]:
    """The page of a walk that a query asks for."""
    if query.order and not _is_on_the_way(query, path):
        return _sorted(connection, path, query)
    if query.after is not None and query.is_counted:  # all rows are counted, not only those behind the place
        counted = walk(connection, path, replace(query, after=None, skip=0, limit=0)).count
        return replace(walk(connection, path, replace(query, is_counted=False)), count=counted)
    taken = _take_apart(query.where, path)
    page: _Page[S] = _Page(query.skip, query.limit)
    for machine, payloads in _from(connection, path, query, taken):
        if taken.rest is None and page.passes(len(payloads)):
            continue
        for payload in payloads:
            row = path.build(machine, payload)
            if taken.keeps_row(row):
                page.meet(row, (machine.machine_id, path.key(payload)))
        if page.goes_on and not query.is_counted:
            break
    return Listed(
        rows=page.rows,
        count=page.met if query.is_counted else None,
        goes_on=page.goes_on,
        place=page.place if page.goes_on and not query.order else None,
    )


def _is_on_the_way(query: Query, path: Path[S, P]) -> bool:
    """Whether the order that the client gives is the one that the walk has anyway."""
    first, *others = query.order
    return first.name == path.by_machine and not first.is_descending and not others


def every(connection: Connection, path: Path[S, P]) -> Iterator[S]:
    """Every row of a walk, without holding more than a batch in memory."""
    for machine, payloads in _from(connection, path, Query(), _Filter(None, None, None)):
        for payload in payloads:
            yield path.build(machine, payload)


def _from(
    connection: Connection, path: Path[S, P], query: Query, taken: _Filter
) -> Iterator[tuple[Walked, Sequence[P]]]:
    """Machines with what they have, from the place on at which the query begins."""
    after, key = (None, "") if query.after is None or query.order else (str(query.after[0]), str(query.after[1]))
    for batch in _on_path(connection, path, taken, after):
        keeps = None if taken.shared is None else taken.keeps
        for machine, payloads in zip(batch, path.read(batch, keeps), strict=True):
            if machine.machine_id == after:
                yield machine, [payload for payload in payloads if path.key(payload) > key]
            elif payloads:
                yield machine, payloads


def _on_path(connection: Connection, path: Path[S, P], taken: _Filter, after: str | None) -> Iterator[Sequence[Walked]]:
    wanted = path.where
    if taken.machines is not None:
        wanted = and_(wanted, condition(taken.machines, path.columns))
    return batches(connection, wanted, after)


def batches(
    connection: Connection, wanted: ColumnElement[bool], after: str | None = None
) -> Iterator[Sequence[Walked]]:
    """The machines that are wanted by id, from this one on, in growing batches."""
    statement = select(*_COLUMNS).select_from(heard_machines()).order_by(_machine.c.machine_id)
    size, beginning = _FIRST_BATCH, wanted if after is None else and_(wanted, _machine.c.machine_id >= after)
    while batch := connection.execute(statement.where(beginning).limit(size)).all():
        yield [Walked(*row) for row in batch]
        if len(batch) < size:
            return
        beginning = and_(wanted, _machine.c.machine_id > batch[-1].machine_id)
        size = min(2 * size, _LARGEST_BATCH)


def _take_apart(where: Tree | None, path: Path[S, P]) -> _Filter:
    machines: list[Tree] = []
    shared: list[Tree] = []
    rest: list[Tree] = []
    for each in conditions_of(where):
        names = names_in(each)
        kind = machines if names <= path.columns.keys() else shared if names <= path.shared else rest
        kind.append(each)
    return _Filter(all_of(machines), all_of(shared), all_of(rest))


def _sorted(connection: Connection, path: Path[S, P], query: Query) -> Listed[S]:
    """Rows in an order of the client's, which have to be all at hand for it."""
    found = walk(connection, path, replace(query, order=(), skip=0, limit=MOST_SORTED, after=None, is_counted=False))
    if found.goes_on:
        what = f"more than {MOST_SORTED:,} rows would have to be sorted"
        raise fault("$orderby", what, mend=f"narrow them with $filter, or order by {path.by_machine} alone")
    return choose(found.rows, replace(query, where=None), path.of)
