"""Take a filter apart where all its conditions must hold: by the members that each of them names."""

from collections.abc import Collection, Iterator
from typing import assert_never

from kbgap.odata.tree import And, Call, Compare, In, Lambda, Literal, Not, Or, Property, Tree, Variable


def conditions_of(where: Tree | None) -> tuple[Tree, ...]:
    """The conditions all of which must hold: none for no filter."""
    match where:
        case None:
            return ()
        case And(conditions):
            return tuple(each for inner in conditions for each in conditions_of(inner))
        case _:
            return (where,)


def all_of(conditions: Collection[Tree]) -> Tree | None:
    """One filter that holds when all of these do; None for none."""
    several = tuple(conditions)
    return And(several) if len(several) > 1 else next(iter(several), None)


def names_in(tree: Tree) -> frozenset[str]:
    """The members that a filter names."""
    return frozenset(_names(tree))


def _names(tree: Tree) -> Iterator[str]:
    match tree:
        case Property(name):
            yield name
        case Lambda(_, collection, _, condition):
            yield collection.name
            yield from () if condition is None else _names(condition)
        case _:
            for part in _parts(tree):
                yield from _names(part)


def _parts(tree: Tree) -> tuple[Tree, ...]:
    match tree:
        case And(parts) | Or(parts) | Call(_, parts):
            return parts
        case Not(part) | In(part, _):
            return (part,)
        case Compare(_, left, right):
            return left, right
        case Literal() | Variable() | Property() | Lambda():
            return ()
        case _:
            assert_never(tree)
