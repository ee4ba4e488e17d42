"""Ask both assessors about one machine, and say where they differ."""

from kbgap.catalogue.compile import Compiled
from kbgap.core.assess import assess
from kbgap.core.model import Evidence
from kbgap.core.project import project
from kbgap.core.verdicts import IsCovered, IsInstalled, IsMissing, IsNotEntitled, IsUnknown, Verdict
from tests.fleet import evidence_of
from tests.oracle import Answer, Machine, Oracle

Spoken = dict[tuple[str, str], Answer]


def answer(verdict: Verdict) -> Answer:
    """The verdict in the oracle's words."""
    match verdict:
        case IsInstalled():
            return Answer.INSTALLED
        case IsCovered():
            return Answer.COVERED
        case IsMissing():
            return Answer.MISSING
        case IsNotEntitled():
            return Answer.NOT_ENTITLED
        case IsUnknown():
            return Answer.UNKNOWN


def spoken(evidence: Evidence, compiled: Compiled) -> Spoken:
    """What the product says of each software and KB."""
    return {
        (state.software, finding.kb): answer(finding.verdict)
        for state in project(evidence, compiled.fixes)
        for finding in assess(state, compiled.fixes)
    }


def differences(machine: Machine, compiled: Compiled, oracle: Oracle) -> list[str]:
    """One line per software and KB of which the two do not say the same.

    Installed and covered count as one where a software is several products (.NET): for one of them the KB may be there
    itself, for another through a newer one.
    """
    core, second = spoken(evidence_of(machine, compiled), compiled), oracle.judge(machine)
    several = {
        software
        for software in {oracle.products[product].software for product in machine.components}
        if sum(oracle.products[product].software == software for product in machine.components) > 1
    }
    return [
        f"{software} KB{kb}: judged {core.get((software, kb))}, defined {second.get((software, kb))}, on {machine}"
        for software, kb in sorted(core.keys() | second.keys())
        if not _same(core.get((software, kb)), second.get((software, kb)), software in several)
    ]


def _same(one: Answer | None, other: Answer | None, joined: bool) -> bool:
    there = {Answer.INSTALLED, Answer.COVERED}
    return one is other or (joined and one in there and other in there)
