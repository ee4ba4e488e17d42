"""The few functions that SQLite and PostgreSQL name differently, each as one expression that means the same on both.

Text is compared by code points and with letter case, whatever the database's own collation is.
"""

import string
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    TableValuedAlias,
    Text,
    cast,
    column,
    literal,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

BYTES_FROM_HEX = "kbgap_bytes"  # what dialect.py gives SQLite, which learned unhex in 3.41


class _Position(FunctionElement[int]):
    """Where a text begins in another, counted from 1; 0 when it is not there."""

    type = Integer()
    inherit_cache = True


class _Lower(FunctionElement[str]):
    """Text with the letters of ASCII in lower case."""

    type = Text()
    inherit_cache = True


class _Upper(FunctionElement[str]):
    """Text with the letters of ASCII in upper case."""

    type = Text()
    inherit_cache = True


class _ByCodePoints(FunctionElement[str]):
    """Text that is compared and sorted by its code points."""

    type = Text()
    inherit_cache = True


class _Bracketed(FunctionElement[bool]):
    """A condition in brackets: SQLAlchemy writes ``not flag`` as ``flag = 0``, and sets none around it."""

    type = Boolean()
    inherit_cache = True


class _Bytes(FunctionElement[bytes]):
    """Bytes from hex digits."""

    type = LargeBinary()
    inherit_cache = True


class _Items(FunctionElement[str]):
    """The rows of a JSON array of texts."""

    inherit_cache = True


class _Pairs(FunctionElement[str]):
    """The rows of a JSON object."""

    inherit_cache = True


def position(needle: ColumnElement[Any], inside: ColumnElement[Any]) -> ColumnElement[int]:
    """Where ``needle`` begins, counted from 1; 0 when it is not there. An empty one is everywhere."""
    return _Position(inside, needle)


def lower(text: ColumnElement[Any]) -> ColumnElement[str]:
    """With the letters of ASCII in lower case: the databases agree on no more than that."""
    return _Lower(text)


def upper(text: ColumnElement[Any]) -> ColumnElement[str]:
    """As ``lower``, in upper case."""
    return _Upper(text)


def by_code_points(text: ColumnElement[Any]) -> ColumnElement[str]:
    """Text to be ordered as Python orders it."""
    return _ByCodePoints(text)


def as_value(truth: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition as something to be compared."""
    return _Bracketed(truth)


def items_of(array: ColumnElement[Any]) -> TableValuedAlias:
    """The items of a JSON array of texts, as rows with one column ``value``."""
    return _Items(array).table_valued(column("value", Text()))


def numbers_of(numbers: Mapping[str, int]) -> TableValuedAlias:
    """A mapping as rows ``key`` and ``value`` (text on some databases: cast it), sent as one parameter."""
    return _Pairs(literal(msgspec.json.encode(numbers).decode(), Text())).table_valued(
        column("key", Text()), column("value", BigInteger())
    )


def keys_of(keys: Collection[bytes]) -> Select[tuple[bytes]]:
    """Any number of keys as rows, sent as one parameter: ``table.c.profile.in_(keys_of(...))``."""
    listed = items_of(literal(msgspec.json.encode(sorted(key.hex() for key in keys)).decode(), Text()))
    return select(_Bytes(listed.c.value))


def texts_of(texts: Collection[str]) -> Select[tuple[str]]:
    """Any number of texts as rows, sent as one parameter."""
    listed = items_of(literal(msgspec.json.encode(sorted(texts)).decode(), Text()))
    return select(listed.c.value)


def number_in(pairs: TableValuedAlias) -> ColumnElement[int]:
    """The value of ``numbers_of`` as a number."""
    return cast(pairs.c.value, BigInteger)


def _spell(element: type[FunctionElement[Any]], **spellings: str) -> None:
    """How each database writes an element, with ``{}`` for its arguments."""
    for database, spelling in spellings.items():

        def write(
            found: FunctionElement[Any], compiler: SQLCompiler, spelling: str = spelling, **options: object
        ) -> str:
            return spelling.format(compiler.process(found.clauses, **options))

        compiles(element, database)(write)


_ASCII = f"'{string.ascii_lowercase}'", f"'{string.ascii_uppercase}'"
_spell(_Position, sqlite="instr({})", postgresql="strpos({})")
_spell(_Lower, sqlite="lower({})", postgresql=f"translate({{}}, {_ASCII[1]}, {_ASCII[0]})")
_spell(_Upper, sqlite="upper({})", postgresql=f"translate({{}}, {_ASCII[0]}, {_ASCII[1]})")
_spell(_ByCodePoints, sqlite="({})", postgresql='(({}) COLLATE "C")')
_spell(_Bracketed, sqlite="({})", postgresql="({})")
_spell(_Bytes, sqlite=f"{BYTES_FROM_HEX}({{}})", postgresql="decode({}, 'hex')")
_spell(_Items, sqlite="json_each({})", postgresql="jsonb_array_elements_text(CAST({} AS JSONB))")
_spell(_Pairs, sqlite="json_each({})", postgresql="json_each_text(CAST({} AS JSON))")
