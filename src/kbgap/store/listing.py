"""Answer one page of a list: from a SELECT whose columns have the public names, or from rows that are at hand."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, FromClause, Row, func, select

from kbgap.odata.entity import StructuredType
from kbgap.odata.evaluate import matches
from kbgap.odata.options import Query
from kbgap.odata.ordering import sort_rows, total_order
from kbgap.odata.skiptoken import Place
from kbgap.store.filtering import Columns, condition, ordering

R_co = TypeVar("R_co", covariant=True)
R = TypeVar("R")
S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Listed(Generic[R_co]):
    """One page.

    ``count``: rows in all, where the query asks for it. ``goes_on``: more rows follow; ``place`` is then where the last
    one of the page stands, for a link that is a token, and None where pages follow each other by ``$skip``.
    """

    rows: Sequence[R_co]
    count: int | None = None
    goes_on: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class View(Generic[R_co]):
    """A list as SQL: where its rows come from, its columns by public name, and how a row is built from a result.

    ``columns`` are selected under their public names; ``hidden`` ones cannot be filtered and only serve ``build``.
    ``token``: the column by which pages follow each other when the client gives no order. Its values are distinct and
    made of hex digits alone, which every collation orders alike, so that an index serves.
    """

    source: FromClause
    where: ColumnElement[bool]
    columns: Columns
    build: Callable[[Row[Any]], R_co]
    rows: StructuredType
    token: str | None = None
    hidden: Columns = field(default_factory=dict)


def page(connection: Connection, view: View[R], query: Query) -> Listed[R]:
    """The page of a view that a query asks for."""
    wanted = view.where if query.where is None else view.where & condition(query.where, view.columns)
    count = None
    if query.is_counted:
        count = connection.scalar(select(func.count()).select_from(view.source).where(wanted))
    by_token = view.token if view.token is not None and not query.order else None
    if by_token is not None and query.after is not None:
        wanted &= view.columns[by_token] > query.after[0]
    labelled = [column.label(name) for name, column in {**view.columns, **view.hidden}.items()]
    order = [view.columns[by_token]] if by_token is not None else ordering(query.order, view.columns, view.rows)
    statement = select(*labelled).select_from(view.source).where(wanted).order_by(*order)
    found = connection.execute(statement.limit(query.limit + 1).offset(query.skip or None)).all()
    rows = [view.build(row) for row in found[: query.limit]]
    goes_on = len(found) > query.limit
    last = found[query.limit - 1] if goes_on and rows else None
    place = (last._mapping[by_token],) if last is not None and by_token is not None else None  # noqa: SLF001 - SQLAlchemy's public name
    return Listed(rows=rows, count=count, goes_on=goes_on, place=place)


def one(connection: Connection, view: View[R]) -> R | None:
    """The row of a view that has one, or None."""
    labelled = [column.label(name) for name, column in {**view.columns, **view.hidden}.items()]
    row = connection.execute(select(*labelled).select_from(view.source).where(view.where).limit(1)).first()
    return None if row is None else view.build(row)


def choose(rows: Sequence[S], query: Query, of: StructuredType) -> Listed[S]:
    """The page of rows that are at hand, in the order in which they are given unless the query has one."""
    chosen: Sequence[S] = rows
    if query.where is not None or query.order:
        public = [_Public(row) for row in rows]
        if query.where is not None:
            where = query.where
            public = [row for row in public if matches(where, row)]
        if query.order:
            public = _sorted(public, query, of)
        chosen = [row.struct for row in public]
    end = query.skip + query.limit
    return Listed(
        rows=chosen[query.skip : end],
        count=len(chosen) if query.is_counted else None,
        goes_on=len(chosen) > end,
    )


def as_public(row: msgspec.Struct) -> dict[str, object]:
    """The members of a row by their public names."""
    names = zip(row.__struct_encode_fields__, row.__struct_fields__, strict=True)
    return {public: getattr(row, name) for public, name in names}


class _Public(dict[str, object], Generic[S]):
    """A struct by its public names, and the struct itself."""

    def __init__(self, struct: S) -> None:
        super().__init__(as_public(struct))
        self.struct = struct


def _sorted(rows: Iterable[_Public[S]], query: Query, of: StructuredType) -> list[_Public[S]]:
    by: Sequence[Mapping[str, object]] = sort_rows(rows, total_order(query.order, of), of)
    return [row for row in by if isinstance(row, _Public)]
