"""What a filter says, as a tree of frozen values.

Names are in their declared spelling, and literals have the type of what they are compared with: a number beside an
``Edm.Double`` is a float, a word beside an enumeration is its member's name. Whoever reads a tree (``evaluate.py``,
the store) needs no further look at types.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

Value = str | int | float | bool | datetime | UUID | None


class Operator(StrEnum):
    """The comparisons."""

    EQUAL = "eq"
    NOT_EQUAL = "ne"
    GREATER = "gt"
    GREATER_OR_EQUAL = "ge"
    LESS = "lt"
    LESS_OR_EQUAL = "le"

    @property
    def is_ordering(self) -> bool:
        """Whether it asks which side is greater."""
        return self not in {Operator.EQUAL, Operator.NOT_EQUAL}


class Function(StrEnum):
    """The functions; each takes and gives text, or tells whether."""

    CONTAINS = "contains"
    STARTS_WITH = "startswith"
    ENDS_WITH = "endswith"
    TO_LOWER = "tolower"
    TO_UPPER = "toupper"

    @property
    def is_condition(self) -> bool:
        """Whether the result is true or false; otherwise it is text."""
        return self not in {Function.TO_LOWER, Function.TO_UPPER}


class Quantifier(StrEnum):
    """How many items of a collection have to meet the condition."""

    ANY = "any"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value. A moment has a time zone (UTC) and whole microseconds."""

    value: Value


@dataclass(frozen=True, slots=True)
class Property:
    """A property of the row."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable:
    """The item at hand inside the condition of a lambda."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments: two for those that tell whether, else one."""

    function: Function
    arguments: "tuple[Tree, ...]"


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison of two values of one type."""

    operator: Operator
    left: "Tree"
    right: "Tree"


@dataclass(frozen=True, slots=True)
class In:
    """Whether the item equals one of the values, of which there is at least one."""

    item: "Tree"
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class And:
    """Whether all conditions hold; there are two or more."""

    conditions: "tuple[Tree, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """Whether any of the conditions holds; there are two or more."""

    conditions: "tuple[Tree, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """Whether the condition does not hold."""

    condition: "Tree"


@dataclass(frozen=True, slots=True)
class Lambda:
    """Whether any or all items of a collection of text meet a condition; without one, whether there is any item."""

    quantifier: Quantifier
    collection: Property
    variable: str
    condition: "Tree | None"


Tree = Literal | Property | Variable | Call | Compare | In | And | Or | Not | Lambda
