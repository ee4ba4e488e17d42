"""Tell from how an inventory lists a program which of Microsoft's it is (data/software_names.toml)."""

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

import msgspec

from kbgap.core.application_names import product_part
from kbgap.core.model import Value
from kbgap.core.versions import Version, parse_version
from kbgap.inventory.formats.shapes import architecture_in
from kbgap.inventory.kb import find_kb
from kbgap.inventory.report import Software

_BLANKS = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
_MARKS = re.compile(r"[®™]|\((?:R|TM)\)", re.IGNORECASE)
_BITS = re.compile(r"(?<![\w.])(?:(32)|64)[- ]?bit\b|\b(?:(x86(?!_64))|x64|x86_64|amd64)\b", re.IGNORECASE)
_WORDS = {"x86": ("32-bit", "32-bit"), "x64": ("64-bit", "x64-based")}
_REMEMBERED = 16_384  # a fleet lists the same few thousand programs over and over
# What a report may give besides the version of the uninstall entry: that of the program's own file.
FILE_VERSION = "fileVersion"
INSTANCE = "instance"


class ProgramRule(Value, frozen=True, forbid_unknown_fields=True):
    """One entry of the table; the fields are explained at its head."""

    pattern: str
    software: tuple[str, ...] = ()
    versions: str = ""
    products: tuple[str, ...] = ()
    unversioned: tuple[str, ...] = ()
    version: Literal["exact", "media"] = "exact"
    rewrite: tuple[tuple[str, str], ...] = ()
    component: str = ""
    patch: bool = False


class _Table(Value, frozen=True, forbid_unknown_fields=True):
    vendors: tuple[str, ...]
    program: tuple[ProgramRule, ...]


class Sighting(NamedTuple):
    """One program of Microsoft's as it was found: ``version`` is () when none is reported that compares.

    ``floor``: the version is that of the media. ``products`` and ``unversioned`` are names to choose from, or empty;
    ``year`` must be in the product's name where there is no version.
    """

    program: Software
    rule: ProgramRule
    software: tuple[str, ...]
    products: tuple[str, ...]
    unversioned: tuple[str, ...]
    year: str
    version: Version
    floor: bool
    architecture: str
    instance: str
    kb: str | None


def sight(program: Software, windows: str) -> Sighting | None:
    """What a program is, or None for what the table does not know; ``windows`` is the architecture of the system."""
    name = tidy(program.name)
    found = _find(name, program.version or "", program.vendor or "")
    if found is None:
        return None
    rule, said = found
    attributes = {key.casefold(): value for key, value in (program.attributes or {}).items()}
    exact = _version(attributes.get(FILE_VERSION.casefold(), ""), rule)
    architecture = _architecture(program.architecture or "", name) or ("x86" if windows == "x86" else "")
    return Sighting(
        program=program,
        rule=rule,
        software=tuple(product_part(part.format_map(said)) for part in rule.software),
        products=_names(rule.products, said, architecture),
        unversioned=_names(rule.unversioned, said, architecture),
        year=said.get("year", ""),
        version=exact or _version(program.version or "", rule),
        floor=rule.version == "media" and not exact,
        architecture=architecture,
        instance=attributes.get(INSTANCE, "").casefold(),
        kb=find_kb(name) if rule.patch else None,
    )


@lru_cache(maxsize=_REMEMBERED)
def tidy(name: str) -> str:
    """A name with single blanks and without marks; some real ones hold blanks that do not break."""
    return _BLANKS.sub(" ", _MARKS.sub("", name)).strip()


def _names(templates: tuple[str, ...], said: dict[str, str], architecture: str) -> tuple[str, ...]:
    """The product names that a rule gives; for both bitnesses where the architecture is not known."""
    kinds = [_WORDS[architecture]] if architecture in _WORDS else list(_WORDS.values())
    names = [text.format_map({**said, "bits": bits, "based": based}) for text in templates for bits, based in kinds]
    return tuple(dict.fromkeys(_BLANKS.sub(" ", name).strip() for name in names))


@lru_cache(maxsize=_REMEMBERED)
def _find(name: str, version: str, vendor: str) -> tuple[ProgramRule, dict[str, str]] | None:
    """The first rule that fits."""
    table = _table()
    if vendor and not any(word in vendor.casefold() for word in table.vendors):
        return None
    is_patch = find_kb(name) is not None
    for rule in table.program:
        if rule.patch != is_patch or (version and rule.versions and not re.match(rule.versions, version)):
            continue
        match = re.fullmatch(rule.pattern, name, flags=re.IGNORECASE)
        if match is not None:
            return rule, {key: value or "" for key, value in match.groupdict().items()}
    return None


def _version(text: str, rule: ProgramRule) -> Version:
    """The version that compares; a single number ("2016") is a year or a mark."""
    for pattern, replacement in rule.rewrite:
        text = re.sub(pattern, replacement, text)
    return parse_version(text) or () if "." in text else ()


def _architecture(told: str, name: str) -> str:
    """From what the inventory says, else from the name; "64-bit" is x64, as Microsoft's product names are."""
    match = _BITS.search(told)
    known = architecture_in(told) if match is None else ""
    match = match or (None if known else _BITS.search(name))
    return known if match is None else "x86" if match[1] or match[2] else "x64"


@cache
def _table() -> _Table:
    text = files("kbgap.data").joinpath("software_names.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Table)
