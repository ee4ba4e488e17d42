"""Name the sources besides Microsoft's documents that lead from a KB to the listed one that contains it."""

from collections.abc import Iterable, Mapping

from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.published import PublishedUpdate
from kbgap.core.errors import NotFound
from kbgap.core.model import ByList, ByVersion, ProductFixes

Contained = Mapping[str, frozenset[str]]
"""By KB, everything that contains it on one machine's products."""


def contained_in(fixes: Iterable[ProductFixes]) -> Contained:
    """What the proofs of some products say of each of their KBs."""
    found: dict[str, frozenset[str]] = {}
    for published in fixes:
        for update in published.updates:
            match update.proof:
                case ByList(covered_by=covered) | ByVersion(listing=ByList(covered_by=covered)):
                    found[update.kb] = found.get(update.kb, frozenset()) | covered
                case _:
                    pass
    return found


def sources_between(catalogue: CatalogueFile, older: str, newer: str, contained: Contained) -> tuple[str, ...]:
    """Each source with its day, in the order of the steps from ``older`` to ``newer``.

    Microsoft's documents are preferred at each step and not named. A step that neither they nor another source name is
    one of the order of releases (``catalogue/chains.py``); what comes after it is not told.
    """
    found: dict[str, None] = {}
    kb, seen = older, {older}
    while kb != newer and (update := _update(catalogue, kb)) is not None:
        leading = [step for step in update.superseded_by if _leads(step, newer, contained) and step not in seen]
        if leading:
            kb = newer if newer in leading else max(leading, key=int)
        else:
            edges = [e for e in update.scanned if _leads(e.kb, newer, contained) and e.kb not in seen]
            if not edges:
                break
            edge = next((e for e in edges if e.kb == newer), edges[-1])
            found[f"{edge.source} of {edge.day}"] = None
            kb = edge.kb
        seen.add(kb)
    return tuple(found)


def _leads(step: str, newer: str, contained: Contained) -> bool:
    return step == newer or newer in contained.get(step, ())


def _update(catalogue: CatalogueFile, kb: str) -> PublishedUpdate | None:
    try:
        return catalogue.update(kb)
    except NotFound:
        return None
