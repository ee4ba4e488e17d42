"""Tell from the name that Microsoft gives a product which program it is, or why it is never on a Windows machine.

The tables are data (``data/products_applications.toml``, ``data/products_elsewhere.toml``). A name means what the
first rule says whose pattern it matches as a whole: those of ``elsewhere`` marked ``first``, then the programs, then
the rest of ``elsewhere``.
"""

import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from kbgap.core.model import Product, Servicing, Value
from kbgap.core.versions import Branch, parse_branch

T = TypeVar("T")
Ends = str | tuple[str, str]


class ApplicationRule(Value, frozen=True, forbid_unknown_fields=True):
    """Programs by the pattern of their whole name; the fields are explained at the head of their table."""

    pattern: str
    software: str
    servicing: Servicing
    level: str = ""
    branches: dict[str, Ends] = msgspec.field(default_factory=dict)
    rename: dict[str, str] = msgspec.field(default_factory=dict)
    system: str = ""


class ElsewhereRule(Value, frozen=True, forbid_unknown_fields=True):
    """Names of what is no program on Windows, with the word for the reason."""

    reason: str
    patterns: tuple[str, ...]
    first: bool = False


class ApplicationRules(Value, frozen=True):
    """Both tables: ``words`` tell the architecture, ``reasons`` are the sentences for the words of ``elsewhere``."""

    words: dict[str, str] = msgspec.field(default_factory=dict)
    applications: tuple[ApplicationRule, ...] = ()
    reasons: dict[str, str] = msgspec.field(default_factory=dict)
    elsewhere: tuple[ElsewhereRule, ...] = ()


def application(product_id: str, name: str, rules: ApplicationRules) -> Product | None:
    """The program of that name, or a product without software that says why it is none; None when no rule knows it."""
    return (
        _elsewhere(product_id, name, rules, first=True)
        or _program(product_id, name, rules)
        or _elsewhere(product_id, name, rules, first=False)
    )


def branch_of(ends: Ends) -> Branch | None:
    """The branch that a table gives as one beginning, or as two ends."""
    return parse_branch(ends) if isinstance(ends, str) else parse_branch(*ends)


def product_part(name: str) -> str:
    """A name as the product part of a software id: lower case, blanks as underscores, no brackets or commas."""
    return re.sub(r"_+", "_", re.sub(r"[\s_]+|[(),/]", "_", name.casefold())).strip("_").replace("&", "and")


def _elsewhere(product_id: str, name: str, rules: ApplicationRules, *, first: bool) -> Product | None:
    for rule in rules.elsewhere:
        if rule.first == first and any(re.fullmatch(p, name, flags=re.IGNORECASE) for p in rule.patterns):
            return Product(id=product_id, name=name, software="", reason=rules.reasons[rule.reason])
    return None


def _program(product_id: str, name: str, rules: ApplicationRules) -> Product | None:
    for rule in rules.applications:
        match = re.fullmatch(rule.pattern, name, flags=re.IGNORECASE)
        if match is not None:
            said = {key: value or "" for key, value in match.groupdict().items()}
            part = product_part(rule.software.format_map(said))
            ends = _folded(rule.branches).get(_level(rule, said.get("level", "")).casefold())
            return Product(
                id=product_id,
                name=name,
                software=rule.rename.get(part, part),
                architecture=_folded(rules.words).get(said.get("architecture", "").casefold(), ""),
                servicing=rule.servicing,
                branch=branch_of(ends) if ends is not None else None,
                system=rule.system,
            )
    return None


def _level(rule: ApplicationRule, text: str) -> str:
    """The key of the rule's branches: the level as the name says it, or the groups that ``level`` finds in it."""
    match = re.fullmatch(rule.level, text, flags=re.IGNORECASE) if rule.level else None
    return " ".join(group for group in match.groups() if group) if match else text


def _folded(table: Mapping[str, T]) -> dict[str, T]:
    return {key.casefold(): value for key, value in table.items()}
