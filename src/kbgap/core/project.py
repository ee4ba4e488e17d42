"""Reduce a machine's evidence to one state per software: all that judging it reads, and nothing else.

The law, tested by property: judging the projected state gives what judging the whole evidence gives.
"""

from collections.abc import Callable, Iterable
from functools import partial

from kbgap.core.model import (
    Basis,
    ByBuild,
    ByList,
    ByMark,
    ByVersion,
    Entitlement,
    Evidence,
    Fixes,
    Installed,
    Level,
    Proof,
    SoftwareState,
    Update,
    Value,
)

Products = tuple[Installed, ...]


class Reading(Value, frozen=True):
    """What judging products at a level reads besides them: the updates that need the list of updates.

    ``level`` is None where no update reads it; ``absence_counts``: it matters what the list does not name;
    ``entitlement_counts``: updates of some of the products may need extended security updates.
    """

    level: Level | None
    updates: tuple[Update, ...]
    absence_counts: bool
    entitlement_counts: bool


Read = Callable[[Products, Level | None], Reading]


def project(evidence: Evidence, fixes: Fixes, read: Read | None = None) -> tuple[SoftwareState, ...]:
    """One state per software of the evidence, by software name; products within a state by id.

    ``read`` is ``reading`` of the same fixes, for those who remember its answers: most machines of a fleet share them.
    """
    by_software: dict[str, list[Installed]] = {}
    for product in sorted(evidence.products, key=lambda item: item.product):
        by_software.setdefault(product.software, []).append(product)
    reads = read or partial(reading, fixes=fixes)
    return tuple(
        _state(name, tuple(products), evidence, reads(tuple(products), evidence.level))
        for name, products in sorted(by_software.items())
    )


def whole(evidence: Evidence) -> tuple[SoftwareState, ...]:
    """The states without any reduction: slower to judge, never shared, and the measure of ``project``."""
    names = sorted({product.software for product in evidence.products})
    return tuple(
        SoftwareState(
            software=name,
            products=tuple(sorted((p for p in evidence.products if p.software == name), key=lambda p: p.product)),
            track=evidence.track,
            level=evidence.level,
            installed=evidence.updates.installed,
            pending=evidence.updates.pending,
            complete=evidence.updates.complete,
            history=evidence.updates.history,
            applications=evidence.updates.applications,
            entitlement=evidence.entitlement,
        )
        for name in names
    )


def relevant(updates: Iterable[Update], listed: frozenset[str]) -> frozenset[str]:
    """Those of the listed KBs that can change the verdict on one of the updates, which must read the list."""
    left = set(listed)
    for update in updates:
        if not left:
            break
        left.discard(update.kb)
        listing = _listing(update.proof)
        if listing is not None:
            # Only what is in both: taking away a set of hundreds from one of dozens would look at all the hundreds.
            left -= left & listing.children
            left -= left & listing.covered_by
    return listed - left


def reading(products: Products, level: Level | None, fixes: Fixes) -> Reading:
    """What judging these products of one software reads when the machine is at this level."""
    updates = [
        (update, product)
        for product in products
        if product.product in fixes
        for update in fixes[product.product].updates
    ]
    if level is not None and not any(_reads_level(update.proof) for update, _ in updates):
        level = None
    needing = tuple(update for update, product in updates if _reads_list(update.proof, level, product))
    return Reading(
        level=level,
        updates=needing,
        absence_counts=any(_reads_absence(update.proof) for update in needing),
        entitlement_counts=any(p.product in fixes and fixes[p.product].free_until for p in products),
    )


def _state(software: str, products: Products, evidence: Evidence, read: Reading) -> SoftwareState:
    kbs = relevant(read.updates, evidence.updates.installed | evidence.updates.pending)
    return SoftwareState(
        software=software,
        products=products,
        track=evidence.track,
        level=read.level,
        installed=evidence.updates.installed & kbs,
        pending=evidence.updates.pending & kbs,
        complete=evidence.updates.complete and read.absence_counts,
        history=evidence.updates.history and read.absence_counts,
        applications=evidence.updates.applications and read.absence_counts,
        entitlement=evidence.entitlement if read.entitlement_counts else Entitlement.ENTITLED,
    )


def _listing(proof: Proof) -> ByList | None:
    """How the list proves it, where other KBs than its own do."""
    match proof:
        case ByList():
            return proof
        case ByVersion(listing=listing):
            return listing
        case _:
            return None


def _reads_level(proof: Proof) -> bool:
    listing = _listing(proof)
    return listing is None or listing.reached is not None


def _reads_list(proof: Proof, level: Level | None, product: Installed) -> bool:
    """Whether what the list names can matter: neither the build nor the version alone decides."""
    if isinstance(proof, ByVersion):
        if product.version >= proof.build or (product.version and proof.whole and not product.floor):
            return False
        return _reads_list(proof.listing, level, product)
    if isinstance(proof, ByBuild):
        if level is None or level.basis is Basis.FLOOR:
            return proof.above is not None and (level is None or level.build < proof.build)
        return level.build < proof.build
    return level is None or not _is_decided(proof, level)


def _reads_absence(proof: Proof) -> bool:
    """Whether it can matter what the list does not name, and so how complete it is."""
    match proof:
        case ByBuild():
            return False
        case ByMark(listed=listed):
            return listed
        case ByList() | ByVersion():
            return True


def _is_decided(proof: ByMark | ByList, level: Level) -> bool:
    """Whether the build alone proves the update."""
    if proof.reached is not None and level.build >= proof.reached:
        return True
    return isinstance(proof, ByMark) and proof.equal and level.build == proof.build
