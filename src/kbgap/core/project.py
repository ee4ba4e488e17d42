"""Reduce a machine's evidence to one state per software: all that judging it reads, and nothing else.

The law, tested by property: judging the projected state gives what judging the whole evidence gives.
"""

from collections.abc import Iterable

from kbgap.core.model import (
    Basis,
    ByBuild,
    ByList,
    ByMark,
    Evidence,
    Fixes,
    Installed,
    Level,
    Proof,
    SoftwareState,
    Update,
)


def project(evidence: Evidence, fixes: Fixes) -> tuple[SoftwareState, ...]:
    """One state per software of the evidence, by software name; products within a state by id."""
    by_software: dict[str, list[Installed]] = {}
    for product in sorted(evidence.products, key=lambda item: item.product):
        by_software.setdefault(product.software, []).append(product)
    return tuple(_state(name, tuple(products), evidence, fixes) for name, products in sorted(by_software.items()))


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
        )
        for name in names
    )


def relevant(updates: Iterable[Update], level: Level | None) -> frozenset[str]:
    """The KBs whose presence in the list can still change a verdict at this level."""
    kbs: set[str] = set()
    for update in updates:
        match update.proof:
            case ByBuild(build=build):
                if level is not None and level.basis is not Basis.FLOOR and level.build < build:
                    kbs.add(update.kb)
            case ByMark() if not _is_decided(update.proof, level):
                kbs.add(update.kb)
            case ByList(children=children, covered_by=covered_by) if not _is_decided(update.proof, level):
                kbs.add(update.kb)
                kbs |= children
                kbs |= covered_by
            case _:
                pass
    return frozenset(kbs)


def _state(software: str, products: tuple[Installed, ...], evidence: Evidence, fixes: Fixes) -> SoftwareState:
    updates = [update for product in products if product.product in fixes for update in fixes[product.product].updates]
    level = evidence.level if any(_reads_level(update.proof) for update in updates) else None
    kbs = relevant(updates, level)
    reads_list = any(_reads_list(update.proof, level) for update in updates)
    return SoftwareState(
        software=software,
        products=products,
        track=evidence.track,
        level=level,
        installed=evidence.updates.installed & kbs,
        pending=evidence.updates.pending & kbs,
        complete=evidence.updates.complete and reads_list,
        history=evidence.updates.history and reads_list,
    )


def _reads_level(proof: Proof) -> bool:
    return not isinstance(proof, ByList) or proof.reached is not None


def _reads_list(proof: Proof, level: Level | None) -> bool:
    """Whether the completeness of the list can matter: the list still decides, not the build."""
    match proof:
        case ByBuild():
            return False
        case ByMark():
            return proof.listed and not _is_decided(proof, level)
        case ByList():
            return not _is_decided(proof, level)


def _is_decided(proof: ByMark | ByList, level: Level | None) -> bool:
    """Whether the build alone proves the update."""
    if level is None:
        return False
    if proof.reached is not None and level.build >= proof.reached:
        return True
    return isinstance(proof, ByMark) and proof.equal and level.build == proof.build
