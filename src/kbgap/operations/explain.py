"""Tell why a KB is, or is not, missing on one machine, from the evidence that its last report left."""

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.assess import assess
from kbgap.core.errors import Invalid
from kbgap.core.explain import explain as explain_verdict
from kbgap.core.model import Entitlement, Value
from kbgap.core.project import whole
from kbgap.core.verdicts import IsCovered, ListedSuperseding, Verdict
from kbgap.inventory.kb import parse_kb
from kbgap.inventory.normalise import Outside, normalise
from kbgap.inventory.report import Report
from kbgap.operations.supersedence_sources import Contained, contained_in, sources_between
from kbgap.operations.telling import decode_evidence
from kbgap.store import machines, states
from kbgap.store.database import Database
from kbgap.store.packing import unpacked
from kbgap.store.tenants import tenant_key


class ExplainedSoftware(Value, frozen=True):
    """The verdict on a KB for one software of a machine, and what decided it as one clause."""

    software: str
    verdict: Verdict
    because: str


class Explanation(Value, frozen=True):
    """Why a KB is (not) missing on a machine.

    ``software`` is empty when the KB concerns none of it; then ``note`` says why.
    """

    machine: str
    kb: str
    name: str
    software: tuple[ExplainedSoftware, ...]
    note: str = ""


def explain_stored(
    database: Database,
    catalogue: CatalogueFile,
    tenant: str,
    machine: str,
    kb: str,
    untold: Entitlement = Entitlement.ENTITLED,
) -> Explanation:
    """Judge one KB again on the whole evidence of a machine (its id or DNS name), and say what decides.

    ``untold`` as in ``normalise``.

    Raises:
        NotFound: there is no such machine, or the KB fixes nothing in the catalogue.
        Invalid: ``kb`` is no KB number.
    """
    with database.snapshot() as connection:
        found = machines.find(connection, tenant_key(tenant), machine)
        body = unpacked(states.evidence_body(connection, tenant_key(tenant), found.evidence))
    return explain_report(decode_evidence(body), catalogue, machine, kb, untold)


def explain_report(
    report: Report, catalogue: CatalogueFile, machine: str, kb: str, untold: Entitlement = Entitlement.ENTITLED
) -> Explanation:
    """As ``explain_stored``, for a report at hand; ``machine`` is what to call it."""
    number = parse_kb(kb)
    if number is None:
        raise Invalid(f"{kb[:40]!r} is no KB number", mend="write KB4540673 or 4540673")
    name = catalogue.update(number).name
    normalised = normalise(report, catalogue.index, catalogue.lines, untold)
    if isinstance(normalised, Outside):
        note = f"the machine is outside the catalogue: {normalised.reason}"
        return Explanation(machine=machine, kb=number, name=name, software=(), note=note)
    fixes = catalogue.fixes_of(product.product for product in normalised.evidence.products)
    contained = contained_in(fixes.values())
    explained = tuple(
        ExplainedSoftware(
            software=state.software,
            verdict=finding.verdict,
            because=explain_verdict(number, finding.verdict) + _source(catalogue, number, finding.verdict, contained),
        )
        for state in whole(normalised.evidence)
        for finding in assess(state, fixes)
        if finding.kb == number
    )
    note = "" if explained else f"KB{number} is for none of the machine's products, or of a track it does not follow"
    return Explanation(machine=machine, kb=number, name=name, software=explained, note=note)


def _source(catalogue: CatalogueFile, kb: str, verdict: Verdict, contained: Contained) -> str:
    """Who says that the listed KB supersedes this one, where it is neither Microsoft's documents nor their order."""
    match verdict:
        case IsCovered(evidence=ListedSuperseding(by=newer), by=other):
            sources = sources_between(catalogue, other or kb, newer, contained)
            return f" (says {', '.join(sources)})" if sources else ""
        case _:
            return ""
