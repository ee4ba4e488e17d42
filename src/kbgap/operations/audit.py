"""Find the gap of one machine from its report and a catalogue file, with no server and no database."""

from datetime import date
from typing import assert_never

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.asof import as_of
from kbgap.core.assess import assess
from kbgap.core.gap import Gap, gap_of
from kbgap.core.install import install_set
from kbgap.core.model import Entitlement, Evidence, Fixes, Value
from kbgap.core.project import project
from kbgap.inventory.normalise import MachineFacts, Normalised, Outside, normalise
from kbgap.inventory.report import Report
from kbgap.operations.end_of_support import supported_on


class Judged(Value, frozen=True):
    """One machine that the catalogue covers: what it misses, and the smallest set of KBs that closes all of that."""

    machine: MachineFacts
    gap: Gap
    install: tuple[str, ...]
    notes: tuple[str, ...]
    windows: str = ""  # the product part of its software id


def judge(
    report: Report,
    catalogue: CatalogueFile,
    day: str | None = None,
    untold: Entitlement = Entitlement.ENTITLED,
) -> Judged | Outside:
    """Judge one report; with ``day`` (ISO) only by rows dated on or before it. ``untold`` as in ``normalise``.

    Raises Invalid when the report contradicts itself.
    """
    normalised = normalise(report, catalogue.index, catalogue.lines, untold)
    match normalised:
        case Outside():
            return normalised
        case Normalised(machine=machine, evidence=evidence, notes=notes):
            fixes = fixes_for(evidence, catalogue, day)
            states = project(evidence, fixes)
            findings = {state.software: assess(state, fixes, closed=False) for state in states}
            windows = _windows(machine, evidence)
            gap = gap_of(findings, evidence, fixes, windows)
            return Judged(machine=machine, gap=gap, install=install_set(states, fixes), notes=notes, windows=windows)
        case _:
            assert_never(normalised)


def support_note(judged: Judged, today: date) -> str:
    """A sentence for people where the support of a machine's Windows ended, or does so soon; else empty."""
    support = supported_on(today)(judged.windows, judged.machine.build)
    if support.until is None:
        return ""
    return f"Microsoft's support of this Windows {'ended' if support.until < today else 'ends'} on {support.until}"


def fixes_for(evidence: Evidence, catalogue: CatalogueFile, day: str | None) -> Fixes:
    """The compiled rows of a machine's products, as of a day where one is given."""
    fixes = catalogue.fixes_of(item.product for item in evidence.products)
    return fixes if day is None else {product: as_of(published, day) for product, published in fixes.items()}


def _windows(machine: MachineFacts, evidence: Evidence) -> str:
    """The software that names Windows itself, which comes first in a row."""
    mine = {item.product: item.software for item in evidence.products}
    return mine.get(machine.product_ids[0], "") if machine.product_ids else ""
