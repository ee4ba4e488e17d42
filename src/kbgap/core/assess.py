"""Judge every update of one software state: installed, covered, missing or unknown (semantics 3.3 to 3.5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kbgap.core.entitlement import needs_esu
from kbgap.core.model import Closing, Entitlement, Fixes, Installed, ProductFixes, SoftwareState, Update
from kbgap.core.standing import LACKING, PROVEN, Standing, is_proven, standing
from kbgap.core.tracks import offered
from kbgap.core.verdicts import (
    AnotherMayClose,
    BuildReached,
    Doubt,
    EntitlementUnknown,
    Finding,
    IsCovered,
    IsInstalled,
    IsMissing,
    IsNotEntitled,
    IsUnknown,
    Lacking,
    Listed,
    ProductUncertain,
    Proven,
    Verdict,
    VersionReached,
)


def assess(state: SoftwareState, fixes: Fixes, *, advisories: bool = False, closed: bool = True) -> tuple[Finding, ...]:
    """The verdict on every KB that is offered to, installed on or covered on a software state, by KB number.

    A KB is missing when some CVE of one of the state's products is open and the KB is among the offered ways to close
    it; unknown when that cannot be decided; not entitled when it needs extended security updates that the machine does
    not get. A KB of a track that the state does not follow gets no finding unless it is there. ``fixes`` must hold each
    product of the state; products without any fix row may be absent.

    With ``advisories`` an open advisory (ADV...) makes a KB missing too, as it does for Windows Update. Without
    ``closed`` the installed and covered KBs are left out: the rest is what is stored, and comes in a third of the time.
    """
    tally = _Tally()
    for product in state.products:
        published = fixes.get(product.product)
        if published is not None:
            _Judgement(product, published, state, tally).judge(advisories=advisories, closed=closed)
    return tuple(tally.finding(kb) for kb in sorted(tally.kbs, key=int))


@dataclass(slots=True)
class _Seen:
    """What the products of one state say of one KB, the strongest statement first; the products of each statement."""

    missing: Lacking | None = None
    unknown: Doubt | None = None
    refused: IsNotEntitled | None = None
    proven: Proven | None = None
    closed_by: IsCovered | None = None
    lacking: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    open_cves: list[str] = field(default_factory=list)

    @property
    def products(self) -> list[str]:
        """Those of the statement that counts."""
        if self.missing:
            return self.lacking
        if self.unknown:
            return self.doubtful
        return self.withheld if self.refused else self.named


class _Tally:
    """Statements gathered per KB; built and read within one call of ``assess``, product after product."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def __getitem__(self, kb: str) -> _Seen:
        seen = self._seen.get(kb)
        if seen is None:
            seen = self._seen[kb] = _Seen()
        return seen

    @property
    def kbs(self) -> Iterable[str]:
        return self._seen

    def finding(self, kb: str) -> Finding:
        seen = self._seen[kb]
        # One product has each CVE once; of several some are the same.
        cves = seen.open_cves if len(seen.lacking) + len(seen.withheld) < 2 else dict.fromkeys(seen.open_cves)
        return Finding(kb=kb, verdict=_verdict(kb, seen), products=tuple(seen.products), open_cves=tuple(cves))


def _verdict(kb: str, seen: _Seen) -> Verdict:
    if seen.missing is not None:
        return IsMissing(evidence=seen.missing)
    if seen.unknown is not None:
        return IsUnknown(reason=seen.unknown)
    if seen.refused is not None:
        return seen.refused
    match seen.proven:
        case Listed():
            return IsInstalled(evidence=seen.proven)
        case BuildReached(level=level, build=build) if level.build == build:
            return IsInstalled(evidence=seen.proven)
        case VersionReached(version=version, build=build) if version == build:
            return IsInstalled(evidence=seen.proven)
        case None:
            return seen.closed_by or IsUnknown(reason=AnotherMayClose(kb=kb))
        case proven:
            return IsCovered(evidence=proven)


def _add(products: list[str], product: str) -> None:
    """Once each: a product is done before the next one begins."""
    if not products or products[-1] != product:
        products.append(product)


class _Judgement:
    """Tells the tally what one product of a state says: which updates are proved, and what that leaves open."""

    __slots__ = ("_product", "_proven", "_published", "_state", "_tally")

    def __init__(self, product: Installed, published: ProductFixes, state: SoftwareState, tally: _Tally) -> None:
        self._product = product
        self._published = published
        self._state = state
        self._tally = tally
        self._proven = {index for index, update in enumerate(published.updates) if is_proven(update, state, product)}

    def judge(self, *, advisories: bool, closed: bool) -> None:
        for index in sorted(self._proven) if closed else ():
            self._note_proven(index)
        for closing in self._published.closings:
            if closing.advisory and not advisories:
                continue
            if not self._is_closed(closing):
                self._note_open(closing)
            elif closed:
                self._note_closed(closing)

    def _is_closed(self, closing: Closing) -> bool:
        """3.4: one proven alternative closes the CVEs, or all parts where the fix has several."""
        if closing.needs_all:
            return self._proven.issuperset(closing.updates)
        return not self._proven.isdisjoint(closing.updates)

    def _note_proven(self, index: int) -> None:
        update = self._published.updates[index]
        stand = standing(update, self._state, self._product)
        if isinstance(stand, PROVEN):
            seen = self._tally[update.kb]
            seen.proven = seen.proven or stand
            _add(seen.named, self._product.product)

    def _note_closed(self, closing: Closing) -> None:
        """An update that is not there is covered where another one closed what it closes."""
        if self._proven.issuperset(closing.updates):
            return
        by = self._published.updates[next(index for index in closing.updates if index in self._proven)]
        evidence = standing(by, self._state, self._product)
        for index in closing.updates:
            if index not in self._proven and isinstance(evidence, PROVEN):
                seen = self._tally[self._published.updates[index].kb]
                seen.closed_by = seen.closed_by or IsCovered(evidence=evidence, by=by.kb)
                _add(seen.named, self._product.product)

    def _note_open(self, closing: Closing) -> None:
        """What is offered to close it is missing, or unknown where something may have closed it after all."""
        updates, product = self._published.updates, self._product
        stands = {index: standing(updates[index], self._state, product) for index in closing.updates}
        lacking = [isinstance(stand, LACKING) for stand in stands.values()]
        is_open = not self._product.doubt and (any(lacking) if closing.needs_all else all(lacking))
        cves = [self._published.flaws[flaw].cve for flaw in closing.flaws] if is_open else []
        for index in self._offered(closing):
            stand = stands[index]
            seen = self._tally[updates[index].kb]
            entitlement = self._entitlement(updates[index])
            if entitlement is Entitlement.NOT_ENTITLED:
                seen.refused = IsNotEntitled(free_until=self._published.free_until)
                seen.open_cves += cves
                _add(seen.withheld, product.product)
            elif is_open and isinstance(stand, LACKING) and entitlement is Entitlement.ENTITLED:
                seen.missing = seen.missing or stand
                seen.open_cves += cves
                _add(seen.lacking, product.product)
            else:
                seen.unknown = seen.unknown or self._doubt(index, stands, is_open=is_open)
                _add(seen.doubtful, product.product)

    def _entitlement(self, update: Update) -> Entitlement:
        """Whether the machine gets this update, if it needs it."""
        return self._state.entitlement if needs_esu(self._published, update) else Entitlement.ENTITLED

    def _offered(self, closing: Closing) -> Iterable[int]:
        """The alternatives that the track prefers; of a fix in several parts, those not proven."""
        if closing.needs_all:
            return [index for index in closing.updates if index not in self._proven]
        kinds = [self._published.updates[index].kind for index in closing.updates]
        return [closing.updates[position] for position in offered(kinds, self._state.track)]

    def _doubt(self, index: int, stands: Mapping[int, Standing], *, is_open: bool) -> Doubt:
        """Why it cannot be said that the update is missing, though no proven one closes the CVE."""
        stand = stands[index]
        if not isinstance(stand, PROVEN + LACKING):
            return stand
        if is_open and isinstance(stand, LACKING):
            return EntitlementUnknown(free_until=self._published.free_until)
        for other, its in stands.items():
            if not isinstance(its, PROVEN + LACKING):
                return AnotherMayClose(kb=self._published.updates[other].kb)
        return ProductUncertain(product=self._product.product, doubt=self._product.doubt)
