"""Print a filter's tree as OData, in one canonical form: reading it again gives the same tree.

Brackets stand only where leaving them out would change the meaning, so that printing never nests deeper than what was
read.
"""

from datetime import datetime
from enum import IntEnum, auto
from typing import assert_never
from uuid import UUID

from kbgap.odata.tree import And, Call, Compare, In, Lambda, Literal, Not, Or, Property, Tree, Value, Variable


class _Rank(IntEnum):
    """How tightly a construct holds together, loosest first: the levels of the grammar in ``filter.py``."""

    OR = auto()
    AND = auto()
    COMPARISON = auto()
    UNARY = auto()
    PRIMARY = auto()


def text(tree: Tree) -> str:
    """The filter in words."""
    return _ranked(tree)[1]


def _at_least(rank: _Rank, tree: Tree) -> str:
    """In brackets unless it holds together at least so tightly."""
    own, words = _ranked(tree)
    return words if own >= rank else f"({words})"


def _ranked(tree: Tree) -> tuple[_Rank, str]:
    match tree:
        case Or(conditions):
            return _Rank.OR, " or ".join(_at_least(_Rank.AND, each) for each in conditions)
        case And(conditions):
            return _Rank.AND, " and ".join(_at_least(_Rank.COMPARISON, each) for each in conditions)
        case Compare(operator, left, right):
            sides = _at_least(_Rank.UNARY, left), _at_least(_Rank.UNARY, right)
            return _Rank.COMPARISON, f"{sides[0]} {operator} {sides[1]}"
        case In(item, values):
            words = ",".join(_value(each.value) for each in values)
            return _Rank.COMPARISON, f"{_at_least(_Rank.UNARY, item)} in ({words})"
        case Not(condition):
            return _Rank.UNARY, f"not {_at_least(_Rank.UNARY, condition)}"
        case _:
            return _Rank.PRIMARY, _primary(tree)


def _primary(tree: Literal | Property | Variable | Call | Lambda) -> str:
    match tree:
        case Literal(value):
            return _value(value)
        case Property(name) | Variable(name):
            return name
        case Call(function, arguments):
            return f"{function}({','.join(text(argument) for argument in arguments)})"
        case Lambda(quantifier, collection, variable, condition):
            inside = f"{variable}: {text(condition)}" if condition is not None else ""
            return f"{collection.name}/{quantifier}({inside})"
        case _:
            assert_never(tree)


def _value(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case int() | float() | UUID():
            return str(value)
        case _:
            assert_never(value)
