"""Tell which errors of Microsoft's data the reviewed overrides mend: the KB, the products, what is wrong, and why."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import assert_never

from kbgap.catalogue.override_files import (
    AnyOverride,
    ChildLink,
    FixedBuildTypo,
    Overrides,
    SisterProduct,
    StandaloneKb,
    TracelessKb,
    VersionTypo,
    WrongProduct,
)
from kbgap.catalogue.overrides import OverrideUse
from kbgap.catalogue.records import Document, Oddity


def mended_errors(
    overrides: Overrides, use: OverrideUse, documents: Iterable[Document]
) -> dict[str, tuple[Oddity, ...]]:
    """One oddity, by kind, for each entry that changes rows; ``documents`` give the names of products."""
    names = {product: min(spelled) for document in documents for product, spelled in document.products.items()}
    found: dict[str, list[Oddity]] = defaultdict(list)
    for entry in overrides.entries():
        if rows := use.rows[entry.label]:
            oddity = _oddity(entry, rows, use.products[entry.label], names)
            found[oddity.kind].append(oddity)
    return {kind: tuple(oddities) for kind, oddities in sorted(found.items())}


def _oddity(entry: AnyOverride, rows: int, ids: frozenset[str], names: Mapping[str, str]) -> Oddity:
    kind, wrong = _told(entry, names)
    kb = "" if isinstance(entry, VersionTypo) else entry.kb
    fix = entry.cve if isinstance(entry, VersionTypo) else kb and f"KB{kb}"
    product = _short(sorted({names.get(id_, id_) for id_ in ids}))
    where = " for ".join(filter(None, (fix, product)))
    text = f"{wrong} in {rows:,} {'row' if rows == 1 else 'rows'}: {entry.reason}"
    return Oddity(kind=kind, where=where, text=text, kb=kb, product=product, override=entry.label)


def _told(entry: AnyOverride, names: Mapping[str, str]) -> tuple[str, str]:
    """The kind of error, and what is wrong."""
    match entry:
        case FixedBuildTypo(was=was, now=now) | VersionTypo(was=was, now=now):
            return "mistyped fixed build", f"FixedBuild is {was}, true is {now}"
        case WrongProduct(instead=instead) if instead:
            return "update with a wrong product", f"{names.get(instead, instead)} is meant"
        case WrongProduct():
            return "update with a wrong product", "the update cannot be for it"
        case ChildLink(was=was, now=now):
            return "mistyped link", f"the link names {was}, true is {now}"
        case SisterProduct():
            return "product without its rows", "its sisters are named, and it is not"
        case TracelessKb():
            return "update without a trace", "it leaves no trace in the build or the usual lists"
        case StandaloneKb():
            return "mistaken kind", "SubType does not say that it is a standalone update"
        case _:
            assert_never(entry)


def _short(products: list[str]) -> str:
    """The first of them, and how many more there are."""
    if len(products) < 2:
        return "".join(products)
    return f"{products[0]} and {len(products) - 1} more"
