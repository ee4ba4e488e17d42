"""What Citus refuses in a statement: the rules of docs/howto/citus.md, which says where they come from.

A statement that names one tenant, and ties every table of tenants' rows to it by ``tenant_id``, runs whole on the node
of that tenant, and there Citus takes all of PostgreSQL's SQL. So that is what is asked; the rest are rules of writing.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

from sqlalchemy import Column, Delete, Insert, Join, Select, Table, Update
from sqlalchemy.sql import operators
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    ClauseElement,
    ColumnClause,
    Grouping,
    TextClause,
)
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import AliasedReturnsRows, CompoundSelect, SelectBase

from kbgap.store.columns import metadata
from kbgap.store.distribution import DISTRIBUTED

TENANT = "tenant_id"
TENANT_NAMES = re.compile(rf"\b({'|'.join(sorted(DISTRIBUTED, key=len, reverse=True))})\b")
# Functions that PostgreSQL calls immutable; only these may stand in an UPDATE or a DELETE.
IMMUTABLE = frozenset(
    {"coalesce", "length", "lower", "max", "min", "nullif", "substr", "sum", "unnest", "upper", "count"}
)
_INSERT = re.compile(r"INSERT INTO (?P<table>\w+) \((?P<columns>[^)]*)\)")


def faults_of_text(text: str) -> list[str]:
    """What is wrong with a statement that was written as text: only INSERTs of all columns may be."""
    inserted = _INSERT.match(text)
    if inserted is None:
        return [f"text on {name[1]}, which cannot be looked at" for name in [TENANT_NAMES.search(text)] if name]
    if inserted["table"] in DISTRIBUTED and TENANT not in re.findall(r"\w+", inserted["columns"]):
        return [f"rows of {inserted['table']} without their tenant"]
    set_anew = text.partition("DO UPDATE SET")[2]
    return ["the tenant of a row is changed"] if re.search(rf"(^|[ ,]){TENANT} =", set_anew) else []


def faults_of(statement: Executable) -> list[str]:
    """What Citus would refuse in a statement; empty when nothing."""
    found = Faults()
    found.of_statement(statement)
    return found.lines


class Faults:
    """The faults of one statement, and the binds that name its tenant."""

    def __init__(self, compiler: SQLCompiler | None = None) -> None:
        self._compiler = compiler
        self.lines: list[str] = []
        self.tenants: list[BindParameter[Any]] = []

    def of_statement(self, statement: Executable) -> None:
        """Look at a whole statement."""
        match statement:
            case Insert():
                self._of_insert(statement)
            case Update() | Delete():
                self._of_change(statement)
            case SelectBase():
                self._of_query(statement, frozenset())
            case TextClause():
                self.lines += faults_of_text(statement.text)
            case _:
                pass

    def _of_insert(self, statement: Insert) -> None:
        table, conflict = statement.table, getattr(statement, "_post_values_clause", None)
        if isinstance(statement.select, SelectBase):
            self._of_query(statement.select, frozenset())
            if is_distributed(table) and TENANT not in (statement._select_names or ()):
                self.lines.append(f"rows of {_name(table)} without their tenant")
        else:
            values = [value for value in (statement._values or {}).values() if isinstance(value, ClauseElement)]
            if any(True for value in values for _ in _nested(value)):
                self.lines.append("a subquery in the values of an INSERT")
        if not is_distributed(table) or conflict is None:
            return
        target = {str(getattr(key, "name", key)) for key in conflict.inferred_target_elements or ()}
        if target and TENANT not in target:
            self.lines.append("a conflict that is not within the tenant")
        for key, value in getattr(conflict, "update_values_to_set", {}).items():
            self._of_assignment(key, value)

    def _of_assignment(self, key: object, value: object) -> None:
        if getattr(key, "name", key) == TENANT:
            self.lines.append("the tenant of a row is changed")
        if isinstance(value, ClauseElement):
            self._of_functions(value)

    def _of_change(self, statement: Update | Delete) -> None:
        table = statement.table
        outer = self._fixed([table], _conjuncts(statement._where_criteria), frozenset())
        if is_distributed(table) and table not in outer:
            self.lines.append(f"a change of {_name(table)} without one tenant")
        parts: list[ClauseElement] = list(statement._where_criteria)
        if isinstance(statement, Update):
            for key, value in (statement._values or {}).items():
                self._of_assignment(key, value)
                parts += [value] if isinstance(value, ClauseElement) else []
        for part in parts:
            self._of_functions(part)
            for query in _nested(part):
                self._of_query(query, outer | {table})
                if not is_distributed(table) and any(is_distributed(leaf) for leaf in _all_leaves(query)):
                    self.lines.append(f"{_name(table)}, of which each node has a copy, is changed by tenant data")

    def _of_functions(self, part: ClauseElement) -> None:
        for element in _everything(part):
            if isinstance(element, FunctionElement):
                name = getattr(element, "name", type(element).__name__)
                if not name.startswith("_") and str(name).lower() not in IMMUTABLE:
                    self.lines.append(f"{name}() in a change: nodes may see different values")

    def _of_query(self, query: SelectBase, outer: frozenset[Any]) -> None:
        match query:
            case CompoundSelect():
                for each in query.selects:
                    self._of_query(_query(each), outer)
            case Select():
                self._of_select(query, outer)
            case _ if isinstance(getattr(query, "element", None), ClauseElement):
                self._of_query(_query(query.element), outer)  # type: ignore[attr-defined] # just looked for
            case _:
                self.lines.append(f"a {type(query).__name__}, which nobody has looked at")

    def _of_select(self, select: Select[Any], outer: frozenset[Any]) -> None:
        leaves, joined_by = _leaves(self._froms(select))
        mine = [leaf for leaf in leaves if leaf not in outer]
        conditions = [*_conjuncts(select._where_criteria), *joined_by]
        for leaf in mine:
            if isinstance(leaf, AliasedReturnsRows) and isinstance(leaf.element, SelectBase):
                self._of_query(leaf.element, frozenset())
        fixed = self._fixed(mine, conditions, outer)
        for leaf in mine:
            if is_distributed(leaf) and leaf not in fixed:
                self.lines.append(f"{_name(leaf)} is read without one tenant")
        parts = [*select._raw_columns, *select._where_criteria, *select._having_criteria, *conditions]
        parts += [*select._order_by_clauses, *select._group_by_clauses]
        for part in parts:
            for query in _nested(part):
                self._of_query(query, fixed | {leaf for leaf in leaves if not is_distributed(leaf)})

    def _froms(self, select: Select[Any]) -> list[Any]:
        """As ``get_final_froms``, which cannot read functions that are written differently for each database."""
        if self._compiler is None:
            return list(select.get_final_froms())
        return list(select._compile_state_factory(select, self._compiler)._get_display_froms())

    def _fixed(self, leaves: list[Any], conditions: Iterable[ClauseElement], outer: frozenset[Any]) -> frozenset[Any]:
        """The tables whose rows are of the one tenant that the statement names, of these and of those outside."""
        fixed: set[Any] = {leaf for leaf in leaves if _is_checked(leaf)} | outer
        links: list[tuple[Any, Any]] = []
        for condition in conditions:
            if not isinstance(condition, BinaryExpression) or condition.operator is not operators.eq:
                continue
            sides = (_bare(condition.left), _bare(condition.right))
            tables = [side.table for side in sides if isinstance(side, ColumnClause) and side.name == TENANT]
            binds = [side for side in sides if isinstance(side, BindParameter)]
            if len(tables) == 2:
                links.append((tables[0], tables[1]))
            elif tables and binds:
                fixed.add(tables[0])
                self.tenants += binds
        for _ in links:
            for one, other in links:
                fixed |= {one, other} if one in fixed or other in fixed else set()
        return frozenset(fixed)


def _query(element: ClauseElement) -> SelectBase:
    bare = _bare(element)
    while not isinstance(bare, SelectBase):
        bare = bare.element  # type: ignore[attr-defined] # Exists, ScalarSelect and groups of them have one
    return bare


def _bare(element: ClauseElement) -> ClauseElement:
    bare: ClauseElement = element
    while isinstance(bare, Grouping):
        bare = cast("ClauseElement", bare.element)
    return bare


def is_distributed(leaf: object) -> bool:
    """Whether this is a table of tenants' rows, or another name for one."""
    while isinstance(leaf, AliasedReturnsRows):
        leaf = leaf.element
    return isinstance(leaf, Table) and leaf.metadata is metadata and leaf.name in DISTRIBUTED


def _is_checked(leaf: object) -> bool:
    """Whether this is a subquery, which is looked at for itself."""
    return isinstance(leaf, AliasedReturnsRows) and isinstance(leaf.element, SelectBase)


def _name(leaf: object) -> str:
    while isinstance(leaf, AliasedReturnsRows):
        leaf = leaf.element
    return str(getattr(leaf, "name", type(leaf).__name__))


def _leaves(froms: Iterable[Any]) -> tuple[list[Any], list[ClauseElement]]:
    """The tables and subqueries that are joined, and the conditions of the joins."""
    leaves: list[Any] = []
    conditions: list[ClauseElement] = []
    for each in froms:
        if isinstance(each, Join):
            inner, on = _leaves([each.left, each.right])
            leaves += inner
            conditions += [*on, *_conjuncts([each.onclause] if each.onclause is not None else [])]
        else:
            leaves.append(each)
    return leaves, conditions


def _all_leaves(query: SelectBase) -> Iterator[Any]:
    for element in _everything(query):
        if isinstance(element, Table | AliasedReturnsRows):
            yield element


def _conjuncts(criteria: Iterable[ClauseElement]) -> list[ClauseElement]:
    """The conditions that all hold."""
    found: list[ClauseElement] = []
    for each in criteria:
        bare = _bare(each)
        if isinstance(bare, BooleanClauseList) and bare.operator is operators.and_:
            found += _conjuncts(bare.clauses)
        else:
            found.append(bare)
    return found


def _nested(part: ClauseElement) -> Iterator[SelectBase]:
    """The queries inside an expression, the outermost ones."""
    if isinstance(part, SelectBase):
        yield part
        return
    if isinstance(part, Table | Column):
        return
    for child in part.get_children():
        if isinstance(child, ClauseElement):
            yield from _nested(child)


def _everything(part: ClauseElement) -> Iterator[ClauseElement]:
    yield part
    for child in part.get_children():
        if isinstance(child, ClauseElement):
            yield from _everything(child)
