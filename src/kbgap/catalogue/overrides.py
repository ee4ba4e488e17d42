"""Correct what Microsoft's documents get wrong, by the reviewed overrides, and count what each one changes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from kbgap.catalogue.override_files import (
    ChildLink,
    FixedBuildTypo,
    Overrides,
    SisterProduct,
    VersionTypo,
    WrongProduct,
    load_overrides,
)
from kbgap.catalogue.records import Document, Entry, Remedy, Score, VersionFix
from kbgap.core.model import Kind, Value

__all__ = ["OverrideUse", "Overrides", "apply", "load_overrides"]

_RowOverride = FixedBuildTypo | WrongProduct | ChildLink


class OverrideUse(Value, frozen=True):
    """How many rows each entry changes, by its label; for sets of KBs, how many rows are read another way for it.

    ``products``: the ids that those rows name, those of an added or a wrong product alone.
    """

    rows: dict[str, int]
    products: dict[str, frozenset[str]]

    @property
    def unused(self) -> tuple[str, ...]:
        """The entries that change nothing: Microsoft has mended the data, or the entry is wrong."""
        return tuple(label for label, count in self.rows.items() if not count)


def apply(documents: Iterable[Document], overrides: Overrides) -> tuple[list[Document], OverrideUse]:
    """The documents as they would be without the errors that we know, and the use of each entry.

    What is not corrected is handed back as it is: the same objects, nothing copied.
    """
    corrector = _Corrector(overrides)
    corrected = [corrector.document(document) for document in documents]
    labels = [entry.label for entry in overrides.entries()]
    return corrected, OverrideUse(
        rows={label: corrector.used[label] for label in labels},
        products={label: frozenset(corrector.products[label]) for label in labels},
    )


class _Corrector:
    """The entries sorted by what they look for, and the count of what they found."""

    def __init__(self, overrides: Overrides) -> None:
        self.used: Counter[str] = Counter()
        self.products: dict[str, set[str]] = defaultdict(set)
        self._by_kb: dict[str, list[_RowOverride]] = defaultdict(list)
        by_row: list[_RowOverride] = [*overrides.fixed_builds, *overrides.wrong_products, *overrides.child_links]
        for override in by_row:
            self._by_kb[override.kb].append(override)
        self._by_cve: dict[str, list[VersionTypo]] = defaultdict(list)
        for typo in overrides.version_fixes:
            self._by_cve[typo.cve].append(typo)
        self._sisters = overrides.sister_products
        self._traceless = {entry.kb: entry.label for entry in overrides.traceless_kbs}
        self._standalone = {entry.kb: entry.label for entry in overrides.standalone_kbs}

    def document(self, document: Document) -> Document:
        """One document; products that got rows and are not in its product tree get their names."""
        names = dict(document.products)
        entries = tuple(self._entry(entry, names) for entry in document.entries)
        if all(new is old for new, old in zip(entries, document.entries, strict=True)):
            return document
        return msgspec.structs.replace(document, entries=entries, products=names)

    def _entry(self, entry: Entry, names: dict[str, tuple[str, ...]]) -> Entry:
        remedies: list[Remedy] = []
        added: dict[str, tuple[str, ...]] = {}
        for remedy in entry.remedies:
            self._note_sets(remedy)
            corrected = self._corrected(remedy)
            if not corrected.products and remedy.products:
                continue
            mended = dict(self._mended(corrected, names))
            if mended:
                added |= mended
                corrected = msgspec.structs.replace(corrected, products=(*corrected.products, *mended))
            remedies.append(corrected)
        versions = tuple(self._version(entry.id, fix) for fix in entry.version_fixes)
        if versions != entry.version_fixes:
            entry = msgspec.structs.replace(entry, version_fixes=versions)
        if len(remedies) == len(entry.remedies) and all(map(_same, remedies, entry.remedies)):
            return entry
        return _with_products(msgspec.structs.replace(entry, remedies=tuple(remedies)), added)

    def _version(self, cve: str, fix: VersionFix) -> VersionFix:
        for typo in self._by_cve.get(cve, ()):
            if typo.was == fix.fixed_build:
                self._note(typo.label, fix.products)
                return msgspec.structs.replace(fix, fixed_build=typo.now)
        return fix

    def _note_sets(self, remedy: Remedy) -> None:
        """Count the rows that compiling will read another way, because their KB is in a set."""
        if remedy.kb in self._traceless:
            self._note(self._traceless[remedy.kb], remedy.products)
        if remedy.kb in self._standalone and remedy.kind is not Kind.STANDALONE:
            self._note(self._standalone[remedy.kb], remedy.products)

    def _note(self, label: str, products: Iterable[str]) -> None:
        """One more row that an entry changes."""
        self.used[label] += 1
        self.products[label].update(products)

    def _corrected(self, remedy: Remedy) -> Remedy:
        for override in self._by_kb.get(remedy.kb, ()):
            corrected = _correct(remedy, override)
            if corrected is not remedy:
                wrong = set(override.products) if isinstance(override, WrongProduct) else set(remedy.products)
                self._note(override.label, wrong.intersection(remedy.products))
                remedy = corrected
        return remedy

    def _mended(self, remedy: Remedy, names: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The products that a row leaves out, each with its sisters; their names are added to ``names``."""
        for override in self._sisters:
            if override.kb in {"", remedy.kb}:
                for prefix in _prefixes(remedy.products, override):
                    product, sisters = prefix + override.product, tuple(prefix + s for s in override.sisters)
                    names.setdefault(product, _names(prefix, override, names.get(sisters[0], ())))
                    self._note(override.label, [product])
                    yield product, sisters


def _same(new: object, old: object) -> bool:
    return new is old


def _correct(remedy: Remedy, override: _RowOverride) -> Remedy:
    match override:
        case FixedBuildTypo(was=was, now=now) if remedy.fixed_build == was:
            return msgspec.structs.replace(remedy, fixed_build=now)
        case ChildLink(was=was, now=now) if was in remedy.url:
            return msgspec.structs.replace(remedy, url=remedy.url.replace(was, now))
        case WrongProduct(products=wrong, instead=instead) if not set(wrong).isdisjoint(remedy.products):
            moved = (instead if product in wrong else product for product in remedy.products)
            return msgspec.structs.replace(remedy, products=tuple(dict.fromkeys(filter(None, moved))))
        case _:
            return remedy


def _prefixes(products: tuple[str, ...], override: SisterProduct) -> list[str]:
    """What stands before the sisters' ids where a row names all of them, but not the product: "", "10486-"."""
    first = override.sisters[0]
    prefixes = [p.removesuffix(first) for p in products if p == first or p.endswith(f"-{first}")]
    return [
        prefix
        for prefix in prefixes
        if prefix + override.product not in products and all(prefix + s in products for s in override.sisters)
    ]


def _names(prefix: str, override: SisterProduct, sister: tuple[str, ...]) -> tuple[str, ...]:
    """The product's own name, or that of a component on it, told from the name of the same component on a sister."""
    if not prefix:
        return (override.name,)
    return tuple(f"{name.rpartition(' on ')[0]} on {override.name}" for name in sister)


def _with_products(entry: Entry, added: dict[str, tuple[str, ...]]) -> Entry:
    """Everything else that the entry says of all sisters alike holds for the product too."""
    affected, severities = entry.affected, dict(entry.severities)
    for product, sisters in added.items():
        if product not in affected and all(sister in affected for sister in sisters):
            affected = (*affected, product)
        words = {severities.get(sister) for sister in sisters}
        if len(words) == 1 and (word := words.pop()) is not None:
            severities.setdefault(product, word)
    scores = tuple(_score(score, added) for score in entry.scores)
    return msgspec.structs.replace(entry, affected=affected, severities=severities, scores=scores)


def _score(score: Score, added: dict[str, tuple[str, ...]]) -> Score:
    held = set(score.products)
    more = tuple(p for p, sisters in added.items() if p not in held and held.issuperset(sisters))
    return msgspec.structs.replace(score, products=(*score.products, *more)) if more else score
