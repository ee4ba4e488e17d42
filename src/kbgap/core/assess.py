"""Judge every update of one software state: installed, covered, missing or unknown (semantics 3.3 to 3.5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from kbgap.core.model import Closing, Fixes, Installed, Kind, ProductFixes, SoftwareState, Track
from kbgap.core.standing import Standing, standing
from kbgap.core.tracks import offered
from kbgap.core.verdicts import (
    AnotherMayClose,
    BuildReached,
    Doubt,
    Finding,
    IsCovered,
    IsInstalled,
    IsMissing,
    IsUnknown,
    Lacking,
    Listed,
    ProductUncertain,
    Proven,
    Verdict,
)


def assess(state: SoftwareState, fixes: Fixes, *, advisories: bool = False) -> tuple[Finding, ...]:
    """The verdict on every KB that is offered to, installed on or covered on a software state, by KB number.

    A KB is missing when some CVE of one of the state's products is open and the KB is among the offered ways to close
    it; unknown when that cannot be decided. A KB of a track that the state does not follow gets no finding unless
    it is there. ``fixes`` must hold each product of the state; products without any fix row may be absent.
    """
    tally = _Tally()
    for product in state.products:
        published = fixes.get(product.product)
        if published is not None:
            _judge(product, published, state, tally, advisories=advisories)
    return tuple(tally.finding(kb) for kb in sorted(tally.kbs, key=int))


@dataclass(slots=True)
class _Seen:
    """What the products of one state say of one KB, the strongest statement first."""

    missing: Lacking | None = None
    unknown: Doubt | None = None
    proven: Proven | None = None
    closed_by: IsCovered | None = None
    products: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    open_cves: dict[str, None] = field(default_factory=dict)


class _Tally:
    """Statements gathered per KB; built and read within one call of ``assess``."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def __getitem__(self, kb: str) -> _Seen:
        seen = self._seen.get(kb)
        if seen is None:
            seen = self._seen[kb] = _Seen()
        return seen

    @property
    def kbs(self) -> list[str]:
        return [kb for kb, seen in self._seen.items() if seen.missing or seen.unknown or seen.proven or seen.closed_by]

    def finding(self, kb: str) -> Finding:
        seen = self._seen[kb]
        products = seen.products if seen.missing else seen.doubtful if seen.unknown else seen.named
        return Finding(
            kb=kb, verdict=_verdict(kb, seen), products=tuple(dict.fromkeys(products)), open_cves=tuple(seen.open_cves)
        )


def _verdict(kb: str, seen: _Seen) -> Verdict:
    if seen.missing is not None:
        return IsMissing(evidence=seen.missing)
    if seen.unknown is not None:
        return IsUnknown(reason=seen.unknown)
    match seen.proven:
        case Listed():
            return IsInstalled(evidence=seen.proven)
        case BuildReached(level=level, build=build) if level.build == build:
            return IsInstalled(evidence=seen.proven)
        case None:
            return seen.closed_by or IsUnknown(reason=AnotherMayClose(kb=kb))
        case proven:
            return IsCovered(evidence=proven)


def _judge(
    product: Installed, published: ProductFixes, state: SoftwareState, tally: _Tally, *, advisories: bool
) -> None:
    standings = [standing(update, state) for update in published.updates]
    for update, stand in zip(published.updates, standings, strict=True):
        if isinstance(stand, Proven):
            seen = tally[update.kb]
            seen.named.append(product.product)
            seen.proven = seen.proven or stand
    for closing in published.closings:
        if advisories or not closing.advisory:
            _close(closing, product, published, standings, state.track, tally)


def _close(
    closing: Closing,
    product: Installed,
    published: ProductFixes,
    standings: Sequence[Standing],
    track: Track,
    tally: _Tally,
) -> None:
    """3.4: one proven alternative closes the CVEs, or all parts where the fix has several."""
    mine = [standings[index] for index in closing.updates]
    proven = [isinstance(stand, Proven) for stand in mine]
    if all(proven) if closing.needs_all else any(proven):
        _note_closed(closing, product, published, standings, tally)
        return
    lacking = [isinstance(stand, Lacking) for stand in mine]
    is_open = any(lacking) if closing.needs_all else all(lacking)
    kinds = [published.updates[index].kind for index in closing.updates]
    for position in _offered(closing, mine, kinds, track):
        index = closing.updates[position]
        seen = tally[published.updates[index].kb]
        stand = standings[index]
        if is_open and not product.doubt and isinstance(stand, Lacking):
            seen.missing = seen.missing or stand
            seen.products.append(product.product)
            seen.open_cves.update((published.flaws[flaw].cve, None) for flaw in closing.flaws)
        else:
            seen.unknown = seen.unknown or _doubt(product, published, closing, standings, index)
            seen.doubtful.append(product.product)


def _offered(closing: Closing, mine: Sequence[Standing], kinds: Sequence[Kind], track: Track) -> tuple[int, ...]:
    """The alternatives that the track prefers; of a fix in several parts, those not proven."""
    if closing.needs_all:
        return tuple(position for position, stand in enumerate(mine) if not isinstance(stand, Proven))
    return offered(kinds, track)


def _note_closed(
    closing: Closing, product: Installed, published: ProductFixes, standings: Sequence[Standing], tally: _Tally
) -> None:
    """An update that is not there is covered where another one closed what it closes."""
    covered: IsCovered | None = None
    for index in closing.updates:
        evidence = standings[index]
        if covered is None and isinstance(evidence, Proven):
            covered = IsCovered(evidence=evidence, by=published.updates[index].kb)
    for index in closing.updates:
        if not isinstance(standings[index], Proven):
            seen = tally[published.updates[index].kb]
            seen.named.append(product.product)
            seen.closed_by = seen.closed_by or covered


def _doubt(
    product: Installed, published: ProductFixes, closing: Closing, standings: Sequence[Standing], index: int
) -> Doubt:
    """Why it cannot be said that the update is missing, though no proven one closes the CVE."""
    stand = standings[index]
    if not isinstance(stand, Lacking | Proven):
        return stand
    for other in closing.updates:
        if not isinstance(standings[other], Lacking | Proven):
            return AnotherMayClose(kb=published.updates[other].kb)
    return ProductUncertain(product=product.product, doubt=product.doubt)
