"""Tell from the name that Microsoft gives a product what it is: which software, on which line, in the box or not.

The tables are data (``data/products.toml``); what is here is how a name is taken apart (semantics, sections 2 and 3.1):

1. Spelling is evened out, so that names are compared case-blind and whatever their blanks.
2. A composite id ``A-B`` means component A on platform B. Its name ends with the platform's name, and is split there by
   the platform that B names, never by guessing at " on ".
3. The name of a Windows is a release, an architecture and "(Server Core installation)"; all three must be known words.
4. Everything else is a program, or is none that could be on a Windows machine (``core.application_names``).
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from kbgap.core.application_names import ApplicationRules, application
from kbgap.core.model import Product, Servicing, Value

_BLANKS = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
_CORE = " (Server Core installation)"
_JOINTS = re.compile(r" (?:installed )?on ")
_VERSION = re.compile(r"\d+(?:\.\d+)*")
_PC_ROLES = ("client", "server")


class Spelling(Value, frozen=True, forbid_unknown_fields=True):
    """One way in which Microsoft varies a name, and the one spelling that is kept. Compared case-blind."""

    pattern: str
    text: str


class ArchitectureWord(Value, frozen=True, forbid_unknown_fields=True):
    """The words in a Windows name that say for which hardware it is; HoloLens is also another ``role``."""

    words: str
    architecture: str = ""
    role: str = ""


class WindowsRelease(Value, frozen=True, forbid_unknown_fields=True):
    """One Windows release: its name without architecture, other beginnings of it, and what it means.

    ``architecture`` is what a name without any architecture stands for. After the day ``free_until`` its updates need
    extended security updates.
    """

    name: str
    software: str
    line: str
    role: str
    aliases: tuple[str, ...] = ()
    architecture: str = ""
    free_until: date | None = None


class InBox(Value, frozen=True, forbid_unknown_fields=True):
    """Where a component comes with Windows: empty ``lines``, ``roles`` or ``version`` mean any."""

    lines: tuple[str, ...] = ()
    roles: tuple[str, ...] = _PC_ROLES
    version: str = ""
    core: bool = False


class ComponentRule(Value, frozen=True, forbid_unknown_fields=True):
    """A component by the pattern of its whole name; a group called ``versions`` lists the versions.

    An empty ``software`` stands for that of the Windows it runs on.
    """

    pattern: str
    component: str
    software: str = ""
    servicing: Servicing = Servicing.OS
    in_box: tuple[InBox, ...] = ()


class ProductRules(Value, frozen=True, forbid_unknown_fields=True):
    """All tables that classifying reads; ``outside`` are beginnings of Windows names that no update covers any more."""

    spellings: tuple[Spelling, ...] = ()
    architectures: tuple[ArchitectureWord, ...] = ()
    releases: tuple[WindowsRelease, ...] = ()
    outside: tuple[str, ...] = ()
    components: tuple[ComponentRule, ...] = ()
    applications: ApplicationRules = ApplicationRules()


class ProductTable(Value, frozen=True):
    """Every product that the rules know, by canonical id, and the canonical id of each id that Microsoft gives it."""

    products: dict[str, Product]
    canonical: dict[str, str]


def software_id(product_part: str) -> str:
    """The public id of a software: Microsoft ships all that is judged here, Adobe's Flash for Windows included."""
    return f"microsoft-_-{product_part}"


def tidy_name(name: str, rules: ProductRules) -> str:
    """A product name in the one spelling that is kept (step 1)."""
    tidy = _BLANKS.sub(" ", name).strip()
    for spelling in rules.spellings:
        tidy = re.sub(spelling.pattern, spelling.text, tidy, flags=re.IGNORECASE)
    return tidy


def classify(product_id: str, name: str, rules: ProductRules, platforms: Mapping[str, Product]) -> Product:
    """What one of Microsoft's ids stands for; ``platforms`` holds the Windows products that composite ids name.

    A product that is on no Windows machine has an empty ``software`` and a ``reason``, and one that no rule knows has
    neither: both are described, but not judged.
    """
    tidy = tidy_name(name, rules)
    platform = platforms.get(product_id.partition("-")[2])
    if platform is not None and platform.platform == platform.id:
        component = _component(product_id, tidy, rules, platform)
        return component if component.software else application(product_id, tidy, rules.applications) or component
    windows = None if "-" in product_id else _windows(tidy, rules)
    if windows is not None and windows.software:
        return msgspec.structs.replace(windows, id=product_id, platform=product_id)
    program = application(product_id, tidy, rules.applications)
    if program is not None:
        return program
    if windows is not None:
        return msgspec.structs.replace(windows, id=product_id, platform=product_id)
    return Product(id=product_id, name=tidy, software="")


def product_table(names: Mapping[str, Iterable[str]], rules: ProductRules) -> ProductTable:
    """Classify every id with all names that it has had, and join the ids that mean one product.

    Ids are one product when their canonical names agree; the lowest id stands for all, because Microsoft counts
    upwards and a later id for an old name is the stray one (11862 for 11513, 21196 for 20853). Products without a
    software are left out.
    """
    windows = {key: _best(key, names[key], rules, {}) for key in names if "-" not in key}
    platforms = {key: product for key, product in windows.items() if product.platform}
    parts = {key: _best(key, names[key], rules, platforms) for key in names if "-" in key}
    known = {key: product for key, product in (windows | parts).items() if product.software}
    canonical = canonical_ids(known.values())
    joined: dict[str, Product] = {}
    for key in sorted(known, key=_order):
        product, first = known[key], joined.get(canonical[key])
        aliases = {_BLANKS.sub(" ", name).strip() for name in names[key]}.union(
            product.aliases, first.aliases if first else ()
        )
        base = first or msgspec.structs.replace(product, platform=canonical.get(product.platform, product.platform))
        kept = tuple(sorted(alias for alias in aliases if name_key(alias) != name_key(base.name)))
        joined[base.id] = msgspec.structs.replace(base, aliases=kept)
    return ProductTable(products=joined, canonical=canonical)


def canonical_ids(products: Iterable[Product]) -> dict[str, str]:
    """The id that stands for each id: the lowest of those with the same name, in numbers."""
    by_name: dict[str, list[str]] = {}
    for product in products:
        by_name.setdefault(name_key(product.name), []).append(product.id)
    return {key: min(ids, key=_order) for ids in by_name.values() for key in ids}


def name_key(name: str) -> str:
    """The form in which names are compared: case-blind, blanks folded, without Microsoft before Windows."""
    key = _BLANKS.sub(" ", name).strip().casefold()
    return key.removeprefix("microsoft ") if key.startswith("microsoft windows ") else key


def _order(product_id: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in product_id.split("-"))


def _best(product_id: str, names: Iterable[str], rules: ProductRules, platforms: Mapping[str, Product]) -> Product:
    """The product by the name that says most; an id has had up to two names, which differ in spelling."""
    found = [classify(product_id, name, rules, platforms) for name in sorted(set(names))]
    return next((product for product in found if product.software), found[0] if found else _unnamed(product_id))


def _unnamed(product_id: str) -> Product:
    return Product(id=product_id, name="", software="")


def _windows(tidy: str, rules: ProductRules) -> Product | None:
    """Step 3: a Windows product without its id, one that no update covers with an empty software, or None."""
    if not tidy.casefold().startswith(("windows ", "azure stack hci os ")):
        return None
    rest = tidy.removesuffix(_CORE)
    word = next((word for word in rules.architectures if word.words.casefold() in rest.casefold()), None)
    if word is not None:
        at = rest.casefold().index(word.words.casefold())
        rest = rest[:at] + rest[at + len(word.words) :]
    for release in rules.releases:
        names = (release.name, *release.aliases)
        spelled = next((name for name in names if name.casefold() == rest.casefold()), None)
        if spelled is not None:
            # Only releases without a service pack after the architecture have aliases, so the rest of the name follows.
            spellings = [name + tidy[len(spelled) :] for name in names] if release.aliases else [tidy]
            return Product(
                id="",
                name=spellings[0],
                software=release.software,
                line=release.line,
                role=(word.role if word else "") or release.role,
                architecture=word.architecture if word else release.architecture,
                core=tidy.endswith(_CORE),
                aliases=tuple(spellings[1:]),
                free_until=release.free_until.isoformat() if release.free_until else "",
            )
    if any(f"{rest} ".casefold().startswith(f"{old} ".casefold()) for old in rules.outside):
        return Product(id="", name=tidy, software="", reason="a Windows that no update covers any more")
    return None


def _component(product_id: str, tidy: str, rules: ProductRules, platform: Product) -> Product:
    """Step 2."""
    part = _part_before(tidy, platform, rules)
    product = Product(
        id=product_id,
        name=f"{part} on {platform.name}",
        software="",
        line=platform.line,
        role=platform.role,
        architecture=platform.architecture,
        core=platform.core,
        platform=platform.id,
        free_until=platform.free_until,
    )
    for rule in rules.components:
        match = re.fullmatch(rule.pattern, part, flags=re.IGNORECASE)
        if match is not None:
            versions = tuple(_VERSION.findall(match.groupdict().get("versions") or ""))
            return msgspec.structs.replace(
                product,
                software=rule.software or platform.software,
                component=rule.component,
                servicing=rule.servicing,
                versions=versions,
                in_box=any(_fits(box, platform, versions) for box in rule.in_box),
            )
    return product


def _part_before(tidy: str, platform: Product, rules: ProductRules) -> str:
    """The component's own name: what stands before the name of the platform, in whichever of its spellings."""
    for joint in _JOINTS.finditer(tidy):
        windows = _windows(tidy[joint.end() :], rules)
        if windows is not None and name_key(windows.name) == name_key(platform.name):
            return tidy[: joint.start()]
    return tidy.removesuffix(f" on {platform.name}")


def _fits(box: InBox, platform: Product, versions: tuple[str, ...]) -> bool:
    return (
        (not box.lines or platform.line in box.lines)
        and platform.role in box.roles
        and (not box.version or box.version in versions)
        and (box.core or not platform.core)
    )
