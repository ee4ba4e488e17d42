"""Load the tables that say what Microsoft's product names and builds mean, and refuse a table that contradicts itself.

Where an error says ``$.release[3]`` it counts the entries of ``[[release]]`` from 0.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import TypeVar

import msgspec

from kbgap.core.application_names import ApplicationRule, ApplicationRules, ElsewhereRule, branch_of
from kbgap.core.builds import parse_os_build, parse_os_prefix
from kbgap.core.errors import Invalid
from kbgap.core.model import Line, Value
from kbgap.core.product_names import ArchitectureWord, ComponentRule, ProductRules, Spelling, WindowsRelease

T = TypeVar("T")

_PRODUCTS = "products.toml"
_APPLICATIONS = "products_applications.toml"
_ELSEWHERE = "products_elsewhere.toml"
_LINES = "lines.toml"
_ROLES = {"client", "server", "holographic"}
_ARCHITECTURES = {"", "x64", "x86", "arm64", "arm", "ia64"}
_MEND = "mend the table, or install kbgap again if you did not change it"


class LineRule(Value, frozen=True, forbid_unknown_fields=True):
    """One entry of lines.toml; ``sisters`` get the same updates with the same revision."""

    id: str
    prefix: str
    cumulative: bool
    first: str = ""
    version: str = ""
    also: tuple[int, ...] = ()
    sisters: tuple[str, ...] = ()


class _ProductFile(Value, frozen=True, forbid_unknown_fields=True):
    """The shape of products.toml, whose arrays of tables have singular names."""

    outside: tuple[str, ...] = ()
    spelling: tuple[Spelling, ...] = ()
    architecture: tuple[ArchitectureWord, ...] = ()
    release: tuple[WindowsRelease, ...] = ()
    component: tuple[ComponentRule, ...] = ()


class _ApplicationFile(Value, frozen=True, forbid_unknown_fields=True):
    words: dict[str, str]
    application: tuple[ApplicationRule, ...]


class _ElsewhereFile(Value, frozen=True, forbid_unknown_fields=True):
    reasons: dict[str, str]
    elsewhere: tuple[ElsewhereRule, ...]


class _LineFile(Value, frozen=True, forbid_unknown_fields=True):
    line: tuple[LineRule, ...] = ()


@cache
def load_line_rules() -> tuple[LineRule, ...]:
    """The lines that kbgap knows, as the package's table says."""
    return parse_line_rules(_packaged(_LINES), where=_LINES)


def load_lines() -> dict[str, Line]:
    """The lines by id, without their release tables."""
    return {
        rule.id: Line(
            id=rule.id,
            prefix=rule.prefix,
            cumulative=rule.cumulative,
            first=parse_os_build(rule.first) if rule.first else None,
            also=rule.also,
        )
        for rule in load_line_rules()
    }


@cache
def load_product_rules() -> ProductRules:
    """What product names mean, as the package's tables say."""
    rules = parse_product_rules(_packaged(_PRODUCTS), load_line_rules(), where=_PRODUCTS)
    applications = parse_application_rules(_packaged(_APPLICATIONS), where=_APPLICATIONS)
    elsewhere = parse_elsewhere_rules(_packaged(_ELSEWHERE), where=_ELSEWHERE)
    both = msgspec.structs.replace(applications, reasons=elsewhere.reasons, elsewhere=elsewhere.elsewhere)
    return msgspec.structs.replace(rules, applications=both)


def parse_line_rules(text: str, *, where: str) -> tuple[LineRule, ...]:
    """Read lines.toml; Invalid says what is wrong and where."""
    rules = read_table(text, _LineFile, where=where).line
    _refuse_repeated((rule.id for rule in rules), "line", where)
    known = {rule.id for rule in rules}
    for number, rule in enumerate(rules):
        place = f"{where}: $.line[{number}]"
        if parse_os_prefix(rule.prefix) != rule.prefix:
            raise Invalid(f"{rule.prefix!r} is not the first three parts of a Windows build", where=place, mend=_MEND)
        first = parse_os_build(rule.first)
        if rule.cumulative and (first is None or first.prefix != rule.prefix):
            raise Invalid(f"first build {rule.first!r} is not one of {rule.prefix}", where=place, mend=_MEND)
        _refuse_unknown(rule.sisters, known, "line", place)
    return rules


def parse_product_rules(text: str, lines: Iterable[LineRule], *, where: str) -> ProductRules:
    """Read products.toml, whose releases and components name ``lines``; Invalid says what is wrong and where."""
    table = read_table(text, _ProductFile, where=where)
    known = {line.id for line in lines}
    _refuse_patterns((rule.pattern for rule in table.spelling), f"{where}: $.spelling")
    _refuse_patterns((rule.pattern for rule in table.component), f"{where}: $.component")
    _refuse_repeated((n for release in table.release for n in (release.name, *release.aliases)), "release", where)
    for number, release in enumerate(table.release):
        place = f"{where}: $.release[{number}]"
        _refuse_unknown([release.line], known, "line", place)
        _refuse_unknown([release.role], _ROLES, "role", place)
        _refuse_unknown([release.architecture], _ARCHITECTURES, "architecture", place)
    for number, word in enumerate(table.architecture):
        _refuse_unknown([word.architecture], _ARCHITECTURES, "architecture", f"{where}: $.architecture[{number}]")
    for number, component in enumerate(table.component):
        for box in component.in_box:
            place = f"{where}: $.component[{number}].in_box"
            _refuse_unknown(box.lines, known, "line", place)
            _refuse_unknown(box.roles, _ROLES, "role", place)
    return ProductRules(
        spellings=table.spelling,
        architectures=table.architecture,
        releases=table.release,
        outside=table.outside,
        components=table.component,
    )


def parse_application_rules(text: str, *, where: str) -> ApplicationRules:
    """Read products_applications.toml; Invalid says what is wrong and where."""
    table = read_table(text, _ApplicationFile, where=where)
    _refuse_unknown(table.words.values(), _ARCHITECTURES, "architecture", f"{where}: $.words")
    _refuse_patterns((rule.pattern for rule in table.application), f"{where}: $.application")
    _refuse_patterns((rule.level for rule in table.application), f"{where}: $.application")
    for number, rule in enumerate(table.application):
        for level, ends in rule.branches.items():
            if branch_of(ends) is None:
                place = f"{where}: $.application[{number}].branches.{level}"
                raise Invalid(f"{ends!r} is no branch: give one version, or two that rise", where=place, mend=_MEND)
    return ApplicationRules(words=table.words, applications=table.application)


def parse_elsewhere_rules(text: str, *, where: str) -> ApplicationRules:
    """Read products_elsewhere.toml; Invalid says what is wrong and where."""
    table = read_table(text, _ElsewhereFile, where=where)
    for number, rule in enumerate(table.elsewhere):
        place = f"{where}: $.elsewhere[{number}]"
        _refuse_unknown([rule.reason], set(table.reasons), "reason", place)
        _refuse_patterns(rule.patterns, f"{place}.patterns")
    return ApplicationRules(reasons=table.reasons, elsewhere=table.elsewhere)


def read_table(text: str, shape: type[T], *, where: str) -> T:
    """A TOML text as values of ``shape``; Invalid with the line or the path of the first error."""
    try:
        return msgspec.convert(tomllib.loads(text), shape)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"this is not TOML: {error}", where=where, mend=_MEND) from error
    except msgspec.ValidationError as error:
        raise Invalid(str(error), where=where, mend=_MEND) from error


def _packaged(name: str) -> str:
    return files("kbgap.data").joinpath(name).read_text(encoding="utf-8")


def _refuse_repeated(names: Iterable[str], what: str, where: str) -> None:
    repeated = [name for name, count in Counter(name.casefold() for name in names).items() if count > 1]
    if repeated:
        raise Invalid(f"two entries for {what} {repeated[0]!r}", where=where, mend=_MEND)


def _refuse_unknown(names: Iterable[str], known: set[str], what: str, where: str) -> None:
    unknown = sorted(set(names) - known)
    if unknown:
        raise Invalid(f"there is no {what} {unknown[0]!r}", where=where, mend=_MEND)


def _refuse_patterns(patterns: Iterable[str], where: str) -> None:
    for number, pattern in enumerate(patterns):
        try:
            re.compile(pattern)
        except re.error as error:
            what = f"{pattern!r} is no regular expression: {error}"
            raise Invalid(what, where=f"{where}[{number}].pattern", mend=_MEND) from error
