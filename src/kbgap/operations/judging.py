"""Lead from a report to the software states that are judged, with one catalogue."""

from collections.abc import Iterable
from functools import lru_cache, partial

import msgspec

from kbgap.catalogue.file import CatalogueFile
from kbgap.core.assess import assess
from kbgap.core.errors import Invalid, Unavailable
from kbgap.core.memo import Memo
from kbgap.core.model import Entitlement, Evidence, Level, SoftwareState, Value
from kbgap.core.project import Products, Reading, project, reading
from kbgap.core.verdicts import Finding
from kbgap.inventory.normalise import MachineFacts, Normalised, Outside, normalise
from kbgap.inventory.report import Report
from kbgap.inventory.software import SoftwareItem, recognise
from kbgap.operations.telling import decode_evidence
from kbgap.store import software_sets
from kbgap.store.facts import Facts
from kbgap.store.software_sets import Items, ListedSoftware
from kbgap.store.states import KnownEvidence, Profile, make_profile
from kbgap.store.tenants import Pointer

_READINGS = 4_096  # combinations of products and a build, of which a fleet has some hundreds
REFRESH = "run: kbgap catalogue refresh"


class Led(Value, frozen=True):
    """Where a report leads: the states of the machine, what machine lists show of it, and the programs that it lists.

    ``listed`` has the one list under its key, or nothing.
    """

    profile: Profile
    facts: Facts
    listed: dict[bytes, Items] = msgspec.field(default_factory=dict)

    @property
    def known(self) -> KnownEvidence:
        """What is kept with the evidence."""
        return KnownEvidence(profile=self.profile.key, facts=self.facts, software_set=next(iter(self.listed), None))


class Judge:
    """Leads reports to states, and judges states, with one catalogue."""

    def __init__(self, catalogue: CatalogueFile, untold: Entitlement = Entitlement.ENTITLED) -> None:
        """Use ``catalogue``; ``untold`` as in ``normalise``."""
        self._catalogue = catalogue
        self._untold = untold
        self._ahead: dict[SoftwareState, tuple[Finding, ...]] = {}
        self._read = lru_cache(maxsize=_READINGS)(partial(_reading, catalogue))

    @property
    def revision(self) -> str:
        """The revision of its catalogue."""
        return self._catalogue.revision

    def lead(self, report: Report) -> Led:
        """The states of the machine that reports this; Invalid when the report contradicts itself."""
        found = normalise(report, self._catalogue.index, self._catalogue.lines, self._untold)
        states = self._states(found.evidence) if isinstance(found, Normalised) else ()
        return Led(
            profile=make_profile(found.machine.os_build, states),
            facts=_facts(found.machine, is_outside=isinstance(found, Outside)),
            listed=self._listed(report, found),
        )

    def lead_stored(self, body: bytes) -> Led:
        """As ``lead``, for evidence that was accepted once.

        Where another catalogue makes a contradiction of it, the machine is outside of that catalogue.
        """
        report = decode_evidence(body)
        try:
            return self.lead(report)
        except Invalid:
            number = int(report.os.build.split(".")[2])
            facts = Facts(os_platform="Other", version="Other", os_build=number, build=report.os.build, is_outside=True)
            return Led(profile=make_profile(number, ()), facts=facts)

    def assess(self, state: SoftwareState) -> tuple[Finding, ...]:
        """What is missing or unknown on one state."""
        ahead = self._ahead.pop(state, None)
        return self._assess(state) if ahead is None else ahead

    def assess_ahead(self, states: Iterable[SoftwareState]) -> None:
        """Judge states before a lock is taken, so that their findings are at hand when it is held."""
        self._ahead |= {state: self._assess(state) for state in states}

    def _assess(self, state: SoftwareState) -> tuple[Finding, ...]:
        fixes = self._catalogue.fixes_of(product.product for product in state.products)
        return assess(state, fixes, closed=False)

    def _listed(self, report: Report, found: Normalised | Outside) -> dict[bytes, Items]:
        """The programs, also of a machine that no update of the catalogue is for."""
        items = found.software if isinstance(found, Normalised) else ()
        if isinstance(found, Outside) and report.software:
            items = recognise(report.software, self._catalogue.index, found.machine.architecture).items
        return software_sets.set_of(map(_listed.__getitem__, items))

    def _states(self, evidence: Evidence) -> tuple[SoftwareState, ...]:
        return project(evidence, self._catalogue.fixes_of(product.product for product in evidence.products), self._read)


def _reading(catalogue: CatalogueFile, products: Products, level: Level | None) -> Reading:
    return reading(products, level, catalogue.fixes_of(product.product for product in products))


def require_current(pointer: Pointer, revision: str) -> None:
    """Raise Unavailable unless the tenant is at this catalogue revision."""
    if pointer.revision is None:
        raise Unavailable("there is no catalogue in the database yet", mend=REFRESH)
    if pointer.revision != revision:
        raise Unavailable(
            f"the catalogue {revision} is not the one in use, which is {pointer.revision}", mend="try again"
        )


def _listed_as(item: SoftwareItem) -> ListedSoftware:
    """A program as lists have it."""
    return ListedSoftware(
        software=_printable(item.software),
        version=_printable(item.version),
        vendor=_printable(item.vendor),
        name=_printable(item.name),
        is_recognised=bool(item.products),
    )


_listed = Memo(_listed_as, 65_536)


def _printable(text: str) -> str:
    """Text that every database takes: PostgreSQL refuses the character zero."""
    return text if text.isprintable() else "".join(character for character in text if character.isprintable())


def _facts(machine: MachineFacts, *, is_outside: bool) -> Facts:
    return Facts(
        os_platform=machine.os_platform,
        version=machine.version or None,
        os_build=machine.os_build,
        build=machine.build or None,
        architecture=machine.architecture or None,
        is_outside=is_outside,
    )
