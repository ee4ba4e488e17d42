"""Decide whether the parts of a comparison agree in type, and give each literal the type of what it stands beside.

A value that cannot agree is refused here, with its position: otherwise a database would refuse it, or compare it by
rules of its own.
"""

import operator as comparing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from kbgap.odata.entity import EnumType, Primitive
from kbgap.odata.errors import ODataError, fault, quoted
from kbgap.odata.tree import Call, Compare, Function, In, Literal, Operator, Tree, Value

_OPTION = "$filter"
_NUMBERS = frozenset({Primitive.INT32, Primitive.INT64, Primitive.DOUBLE, Primitive.SINGLE})
_WHOLE = frozenset({Primitive.INT32, Primitive.INT64})
_UNORDERED = frozenset({Primitive.BOOLEAN, Primitive.GUID})
_INT64 = 2**63
_ORDERS: Mapping[Operator, Callable[[int, int], bool]] = {
    Operator.GREATER: comparing.gt,
    Operator.GREATER_OR_EQUAL: comparing.ge,
    Operator.LESS: comparing.lt,
    Operator.LESS_OR_EQUAL: comparing.le,
}
_MIRRORED = {
    Operator.GREATER: Operator.LESS,
    Operator.GREATER_OR_EQUAL: Operator.LESS_OR_EQUAL,
    Operator.LESS: Operator.GREATER,
    Operator.LESS_OR_EQUAL: Operator.GREATER_OR_EQUAL,
}


class Loose(Enum):
    """Types that literals have before they stand beside something."""

    NULL = auto()
    ENUM = auto()  # Namespace.Type'Member'; the value is the word, the type's name is in ``enum``


OperandType = Primitive | EnumType | Loose


@dataclass(frozen=True, slots=True)
class Operand:
    """A part of a filter with its type, its position, and what messages call it."""

    node: Tree
    type: OperandType
    at: int
    said: str
    enum: str = ""

    @property
    def type_name(self) -> str:
        """The type as messages call it."""
        match self.type:
            case Loose.NULL:
                return "null"
            case Loose.ENUM:
                return self.enum
            case known:
                return known.full_name


def compare(left: Operand, operator: Operator, right: Operand) -> Tree:
    """The comparison; ODataError when the two cannot be compared so.

    Which of two words of an enumeration is greater is decided here, by their numbers: ``riskScore ge 'Medium'`` becomes
    ``riskScore in ('Medium','High')``.
    """
    sides = _sides(left, right)
    if not operator.is_ordering:
        return Compare(operator, *sides)
    for side in (left, right):
        if side.type in _UNORDERED and Loose.NULL not in {left.type, right.type}:
            what = f"{side.said} is {side.type_name}, which has no order"
            raise fault(_OPTION, what, side.at, "compare it with eq, ne or in")
    match left.type, right.type:
        case (EnumType() as enum, other) if other is not Loose.NULL:
            return _order_words(enum, sides[0], operator, sides[1], right)
        case (other, EnumType() as enum) if other is not Loose.NULL:
            return _order_words(enum, sides[1], _MIRRORED[operator], sides[0], left)
        case _:
            return Compare(operator, *sides)


def _sides(left: Operand, right: Operand) -> tuple[Tree, Tree]:
    if Loose.NULL in {left.type, right.type}:
        return _alone(left), _alone(right)
    if isinstance(right.node, Literal):
        return _alone(left), fit(right, left)
    if isinstance(left.node, Literal):
        return fit(left, right), right.node
    if left.type == right.type or {left.type, right.type} <= _NUMBERS:
        return left.node, right.node
    raise _mismatch(right, left)


def _order_words(enum: EnumType, item: Tree, operator: Operator, word: Tree, said: Operand) -> Tree:
    limit = enum.member(str(word.value)) if isinstance(word, Literal) else None
    if limit is None:
        raise fault(_OPTION, f"{said.said} is no word of {enum.name}, and only a word decides an order", said.at)
    holds = _ORDERS[operator]
    words = tuple(Literal(member.name) for member in enum.members if holds(member.value, limit.value))
    return In(item, words) if words else Literal(value=False)


def fit(literal: Operand, beside: Operand) -> Literal:
    """A literal as a value of the other's type; null is a value of every type."""
    node = literal.node
    fitting = _as_type(literal, node.value, beside.type) if isinstance(node, Literal) else None
    if fitting is None:
        raise _mismatch(literal, beside)
    return fitting


def call(function: Function, arguments: tuple[Operand, ...], at: int) -> Operand:
    """The call of a function; ODataError when it takes other arguments."""
    wanted = 2 if function.is_condition else 1
    if len(arguments) != wanted:
        raise fault(_OPTION, f"{function} takes {wanted} arguments, not {len(arguments)}", at)
    for argument in arguments:
        if argument.type is not Primitive.STRING:
            what = f"{argument.said} is {argument.type_name}, and {function} takes text"
            raise fault(_OPTION, what, argument.at)
    gives = Primitive.BOOLEAN if function.is_condition else Primitive.STRING
    return Operand(Call(function, tuple(argument.node for argument in arguments)), gives, at, f"{function}(…)")


def _as_type(operand: Operand, value: Value, wanted: OperandType) -> Literal | None:
    """The value as one of this type, or None when it is none."""
    if operand.type is Loose.NULL:
        return Literal(None)
    if isinstance(wanted, EnumType):
        return _as_member(operand, str(value), wanted)
    if operand.type in _NUMBERS and isinstance(value, int | float):
        return _as_number(value, wanted)
    if wanted is Primitive.GUID and operand.type is Primitive.STRING:
        return _as_guid(str(value))
    return Literal(value) if operand.type == wanted else None


def _as_number(value: float, wanted: OperandType) -> Literal | None:
    """Integers beside integers and floats beside floats, where nothing is lost by it."""
    if wanted in _WHOLE:
        is_whole = float(value).is_integer() and -_INT64 <= value < _INT64
        return Literal(int(value) if is_whole else value)
    return Literal(float(value)) if wanted in _NUMBERS else None


def _as_guid(text: str) -> Literal | None:
    try:
        return Literal(UUID(text)) if len(text) == len(str(UUID(int=0))) else None
    except ValueError:
        return None


def _as_member(operand: Operand, word: str, wanted: EnumType) -> Literal | None:
    """The member of the enumeration that is meant, in its declared spelling.

    The namespace before a type's name is not looked at: there is only one, and python-odata sends a fixed other one.
    """
    is_named = operand.type is Loose.ENUM and operand.enum.rpartition(".")[2].lower() == wanted.name.lower()
    if not (is_named or operand.type is Primitive.STRING):
        return None
    member = wanted.member(word)
    if member is None:
        words = ", ".join(known.name for known in wanted.members)
        raise fault(_OPTION, f"{quoted(word)} is no word of {wanted.name}", operand.at, f"its words are {words}")
    return Literal(member.name)


def _alone(operand: Operand) -> Tree:
    """The operand where nothing decides its type."""
    if operand.type is Loose.ENUM:
        raise fault(_OPTION, f"{operand.said} stands beside no {operand.enum}", operand.at)
    return operand.node


def _mismatch(operand: Operand, beside: Operand) -> ODataError:
    value = operand.node.value if isinstance(operand.node, Literal) else None
    mend = ""
    if beside.type is Primitive.STRING and isinstance(value, int | float | datetime | UUID):
        mend = "put text between single quotes"
    elif isinstance(value, str) and operand.type is Primitive.STRING:
        mend = "write numbers, dates, true and false without quotes"
    what = f"{operand.said} is {operand.type_name}, but {beside.said} is {beside.type_name}"
    return fault(_OPTION, what, operand.at, mend)
