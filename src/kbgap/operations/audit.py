"""Find the gap of one machine from its report and a catalogue file, with no server and no database."""

from typing import assert_never

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.asof import as_of
from kbgap.core.assess import assess
from kbgap.core.gap import Gap, gap_of
from kbgap.core.install import install_set
from kbgap.core.model import Evidence, Fixes, SoftwareState, Value
from kbgap.core.project import project
from kbgap.core.verdicts import Finding
from kbgap.inventory.normalise import MachineFacts, Normalised, Outside, normalise
from kbgap.inventory.report import Report


class Judged(Value, frozen=True):
    """One machine that the catalogue covers: the evidence, what is missing or unknown by software, and what follows."""

    machine: MachineFacts
    evidence: Evidence
    fixes: Fixes
    states: tuple[SoftwareState, ...]
    findings: dict[str, tuple[Finding, ...]]
    notes: tuple[str, ...]

    @property
    def windows(self) -> str:
        """The software that names Windows itself, which comes first in a row."""
        mine = {item.product: item.software for item in self.evidence.products}
        return mine.get(self.machine.product_ids[0], "") if self.machine.product_ids else ""

    @property
    def gap(self) -> Gap:
        """Missing and unknown updates."""
        return gap_of(self.findings, self.evidence, self.fixes, self.windows)

    @property
    def install(self) -> tuple[str, ...]:
        """The smallest set of KBs that closes all that is missing."""
        return install_set(self.states, self.fixes)


def judge(report: Report, catalogue: CatalogueFile, day: str | None = None) -> Judged | Outside:
    """Judge one report; with ``day`` (ISO) only by rows dated on or before it.

    Raises Invalid when the report contradicts itself.
    """
    normalised = normalise(report, catalogue.index, catalogue.lines)
    match normalised:
        case Outside():
            return normalised
        case Normalised(machine=machine, evidence=evidence, notes=notes):
            fixes = fixes_for(evidence, catalogue, day)
            states = project(evidence, fixes)
            findings = {state.software: assess(state, fixes, closed=False) for state in states}
            return Judged(
                machine=machine, evidence=evidence, fixes=fixes, states=states, findings=findings, notes=notes
            )
        case _:
            assert_never(normalised)


def fixes_for(evidence: Evidence, catalogue: CatalogueFile, day: str | None) -> Fixes:
    """The compiled rows of a machine's products, as of a day where one is given."""
    fixes = catalogue.fixes_of(item.product for item in evidence.products)
    return fixes if day is None else {product: as_of(published, day) for product, published in fixes.items()}
