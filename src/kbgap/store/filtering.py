"""Turn a filter into SQL that keeps exactly the rows that ``odata.evaluate`` keeps, on every database.

SQL has three truths as OData has, but comparing with null gives null in SQL, and true or false in OData. Where only
rows for which the filter is true matter, null and false are alike, and the plain operators serve, which indexes know.
Inside of ``not``, and where truths are compared, the difference shows: there comparisons are written so that they never
give null. Values are bound, never written into the text.
"""

import operator as comparing
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    Text,
    and_,
    case,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)

from kbgap.odata.entity import EnumType, StructuredType
from kbgap.odata.ordering import Order, total_order
from kbgap.odata.tree import (
    And,
    Call,
    Compare,
    Function,
    In,
    Lambda,
    Literal,
    Not,
    Operator,
    Or,
    Property,
    Quantifier,
    Tree,
    Value,
    Variable,
)
from kbgap.store import functions
from kbgap.store.columns import Instant

Columns = Mapping[str, ColumnElement[Any]]  # by public name; collections of text are JSON arrays

_NULL = Literal(None)
_ORDERS: Mapping[Operator, Callable[[Any, Any], ColumnElement[bool]]] = {
    Operator.GREATER: comparing.gt,
    Operator.GREATER_OR_EQUAL: comparing.ge,
    Operator.LESS: comparing.lt,
    Operator.LESS_OR_EQUAL: comparing.le,
}


def condition(tree: Tree, columns: Columns) -> ColumnElement[bool]:
    """The filter as a condition over the columns."""
    return _Writer(columns).truth(tree, exact=False)


def ordering(order: tuple[Order, ...], columns: Columns, rows: StructuredType) -> list[ColumnElement[Any]]:
    """A total order over the columns: null before everything else, words of an enumeration by their numbers."""
    by: list[ColumnElement[Any]] = []
    for each in total_order(order, rows):
        key = _sortable(each.name, columns, rows)
        by.append(key.desc().nulls_last() if each.is_descending else key.asc().nulls_first())
    return by


def _sortable(name: str, columns: Columns, rows: StructuredType) -> ColumnElement[Any]:
    column, declared = columns[name], rows.property(name)
    if declared is not None and isinstance(declared.of.type, EnumType):
        return case({member.name: member.value for member in declared.of.type.members}, value=column)
    return functions.by_code_points(column) if isinstance(column.type, Text) else column


class _Writer:
    """Writes one filter; ``exact`` says that null and false must be told apart."""

    def __init__(self, columns: Columns, item: ColumnElement[Any] | None = None) -> None:
        self._columns = columns
        self._item = item

    def truth(self, tree: Tree, *, exact: bool) -> ColumnElement[bool]:
        """The condition; where ``exact`` is False, null may stand for false."""
        match tree:
            case And() | Or() | Not():
                return self._joined(tree, exact=exact)
            case Compare():
                return self._compared(tree, exact=exact)
            case In(item, values):
                return or_(*(self._equal(item, value, exact=exact) for value in values))
            case Lambda():
                return self._counted(tree)
            case Call() | Property() | Variable() | Literal():
                return self.value(tree)
            case _:
                assert_never(tree)

    def _joined(self, tree: And | Or | Not, *, exact: bool) -> ColumnElement[bool]:
        match tree:
            case And(conditions):
                return and_(*(self.truth(each, exact=exact) for each in conditions))
            case Or(conditions):
                return or_(*(self.truth(each, exact=exact) for each in conditions))
            case Not(inner):
                return not_(self.truth(inner, exact=True))
            case _:
                assert_never(tree)

    def value(self, tree: Tree) -> ColumnElement[Any]:
        """What a part of the filter stands for."""
        match tree:
            case Literal(value):
                return _bound(value)
            case Property(name):
                return self._columns[name]
            case Variable():
                assert self._item is not None, "reading refuses a variable outside of its lambda"  # noqa: S101
                return self._item
            case Call(function, arguments):
                return _call(function, [self.value(argument) for argument in arguments])
            case _:
                return functions.as_value(self.truth(tree, exact=True))

    def _compared(self, tree: Compare, *, exact: bool) -> ColumnElement[bool]:
        if tree.operator.is_ordering:
            if _NULL in {tree.left, tree.right}:
                return false()
            left, right = (_ordered(self.value(side)) for side in (tree.left, tree.right))
            found = _ORDERS[tree.operator](left, right)
            return func.coalesce(found, false()) if exact else found
        if tree.operator is Operator.EQUAL:
            return self._equal(tree.left, tree.right, exact=exact)
        return not_(self._equal(tree.left, tree.right, exact=True))

    def _equal(self, left: Tree, right: Tree, *, exact: bool) -> ColumnElement[bool]:
        if _NULL in {left, right}:
            other = right if left == _NULL else left
            return true() if other == _NULL else self.value(other).is_(None)
        one, other_one = self._sides(left, right)
        has_value = isinstance(left, Literal) or isinstance(right, Literal)
        return one == other_one if has_value and not exact else one.is_not_distinct_from(other_one)

    def _sides(self, left: Tree, right: Tree) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        """GUIDs are kept as text, and are one in capitals or not."""
        sides = self.value(left), self.value(right)
        if any(isinstance(side, Literal) and isinstance(side.value, UUID) for side in (left, right)):
            return functions.lower(sides[0]), functions.lower(sides[1])
        return sides

    def _counted(self, tree: Lambda) -> ColumnElement[bool]:
        items = functions.items_of(self._columns[tree.collection.name])
        found = select(literal(1)).select_from(items)
        if tree.condition is None:
            return found.exists()
        meets = _Writer(self._columns, items.c.value)
        if tree.quantifier is Quantifier.ANY:
            return found.where(meets.truth(tree.condition, exact=False)).exists()
        return ~found.where(not_(func.coalesce(meets.truth(tree.condition, exact=True), false()))).exists()


def _bound(value: Value) -> ColumnElement[Any]:
    match value:
        case None:
            return null()
        case True | False:
            return literal(value, Boolean())
        case int():
            return literal(value, BigInteger())
        case float():
            return literal(value, Double())
        case datetime():
            return literal(value, Instant())
        case UUID():
            return literal(str(value), Text())
        case str():
            return literal(value, Text())
        case _:
            assert_never(value)


def _ordered(side: ColumnElement[Any]) -> ColumnElement[Any]:
    return functions.by_code_points(side) if isinstance(side.type, Text) else side


def _call(function: Function, arguments: list[ColumnElement[Any]]) -> ColumnElement[Any]:
    text, part = arguments[0], arguments[-1]
    length, missing = func.length(part), func.length(text) - func.length(part)
    match function:
        case Function.TO_LOWER:
            return functions.lower(text)
        case Function.TO_UPPER:
            return functions.upper(text)
        case Function.CONTAINS:
            return functions.position(part, inside=text) > 0
        case Function.STARTS_WITH:
            return func.substr(text, 1, length) == part
        case Function.ENDS_WITH:
            return and_(missing >= 0, func.substr(text, missing + 1) == part)
        case _:
            assert_never(function)
