"""Decide in plain Python whether a row meets a filter: slow, obvious, and the measure for what databases answer.

OData has three truths; a row is kept when the filter is true, and not when it is false or null:

1. ``eq`` and ``ne`` never give null: null equals null and nothing else. So ``name ne 'a'`` keeps rows without a name.
   ``in`` is ``eq`` with each value.
2. ``gt``, ``ge``, ``lt``, ``le`` with null on a side are false.
3. A function of null is null: ``not contains(name,'a')`` does not keep rows without a name.
4. ``and`` is false when a side is false, ``or`` is true when a side is true, whatever the other side is; otherwise null
   makes the result null, as it does under ``not``.
5. ``any`` and ``all`` count items for which the condition is true; they never give null.

Text is compared by code points, with letter case. ``tolower`` and ``toupper`` change the letters of ASCII only: the
databases agree on no more than that.
"""

import operator as comparing
import string
from collections.abc import Callable, Iterable, Mapping
from typing import Any, assert_never
from uuid import UUID

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
    Variable,
)

Row = Mapping[str, object]

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
_ORDERS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.GREATER: comparing.gt,
    Operator.GREATER_OR_EQUAL: comparing.ge,
    Operator.LESS: comparing.lt,
    Operator.LESS_OR_EQUAL: comparing.le,
}


def matches(tree: Tree, row: Row) -> bool:
    """Whether the filter keeps the row.

    The row holds every property under its declared name: text, numbers, booleans, moments with time zone, GUIDs (also
    as text), words of enumerations as text, None, and collections of text.
    """
    return evaluate(tree, row) is True


def evaluate(tree: Tree, row: Row, item: object = None) -> object:
    """The value of a filter or of a part of it; ``item`` is the value of the variable inside a lambda."""
    match tree:
        case Literal(value):
            return value
        case Property(name):
            return row[name]
        case Variable():
            return item
        case Call(function, arguments):
            return _call(function, [evaluate(argument, row, item) for argument in arguments])
        case Compare() | In():
            return _compare(tree, row, item)
        case And() | Or() | Not():
            return _join(tree, row, item)
        case Lambda():
            return _count(tree, row)
        case _:
            assert_never(tree)


def _join(tree: And | Or | Not, row: Row, item: object) -> bool | None:
    match tree:
        case And(conditions):
            return _decided(False, (evaluate(each, row, item) for each in conditions))
        case Or(conditions):
            return _decided(True, (evaluate(each, row, item) for each in conditions))
        case Not(condition):
            truth = evaluate(condition, row, item)
            return None if truth is None else not truth
        case _:
            assert_never(tree)


def _decided(by: bool, truths: Iterable[object]) -> bool | None:  # noqa: FBT001 - the truth that decides alone
    """``by`` if any condition is, else null if any is null, else the contrary."""
    seen = list(truths)
    if by in seen:
        return by
    return None if None in seen else not by


def _compare(tree: Compare | In, row: Row, item: object) -> bool:
    match tree:
        case In(one, values):
            found = evaluate(one, row, item)
            return any(_equal(found, value.value) for value in values)
        case Compare(operator, left, right):
            sides = evaluate(left, row, item), evaluate(right, row, item)
            if operator.is_ordering:
                return None not in sides and _ORDERS[operator](*sides)
            return _equal(*sides) is (operator is Operator.EQUAL)
        case _:
            assert_never(tree)


def _equal(left: object, right: object) -> bool:
    """GUIDs are one whether they are written in capitals or not, and whether a row has them as text or not."""
    if isinstance(left, UUID) or isinstance(right, UUID):
        return str(left).lower() == str(right).lower()
    return left == right


def _call(function: Function, arguments: list[object]) -> object:
    texts = [argument for argument in arguments if isinstance(argument, str)]
    if len(texts) < len(arguments):
        return None
    match function:
        case Function.CONTAINS:
            return texts[1] in texts[0]
        case Function.STARTS_WITH:
            return texts[0].startswith(texts[1])
        case Function.ENDS_WITH:
            return texts[0].endswith(texts[1])
        case Function.TO_LOWER:
            return texts[0].translate(_LOWER)
        case Function.TO_UPPER:
            return texts[0].translate(_UPPER)
        case _:
            assert_never(function)


def _count(tree: Lambda, row: Row) -> bool:
    collection = row[tree.collection.name]
    items = list(collection) if isinstance(collection, Iterable) else []
    if tree.condition is None:
        return bool(items)
    condition = tree.condition
    truths = [evaluate(condition, row, item) is True for item in items]
    return any(truths) if tree.quantifier is Quantifier.ANY else all(truths)
