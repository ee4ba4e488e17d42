"""Whether one update is proved, lacking or in doubt on one software state (semantics 3.3)."""

from typing import assert_never

from kbgap.core.model import Basis, ByBuild, ByList, ByMark, ByVersion, Installed, Level, SoftwareState, Update
from kbgap.core.verdicts import (
    BuildBelow,
    BuildReached,
    BuildUnknown,
    Doubt,
    Lacking,
    Listed,
    ListedBelow,
    ListedSuperseding,
    ListIncomplete,
    NeedsHistory,
    NotAmongPrograms,
    NotListed,
    PendingRestart,
    Proven,
    SupersededByBuild,
    VersionBelow,
    VersionReached,
)

Standing = Proven | Lacking | Doubt
# The same for isinstance, which takes several times as long for a union (test_standing.py holds them together).
PROVEN = (BuildReached, VersionReached, Listed, ListedSuperseding, SupersededByBuild)
LACKING = (BuildBelow, VersionBelow, ListedBelow, NotListed, PendingRestart)


def standing(update: Update, state: SoftwareState, product: Installed | None = None) -> Standing:
    """What the state's evidence says of one update of one of its products; a program's version is in ``product``."""
    match update.proof:
        case ByBuild():
            return _by_build(update.kb, update.proof, state)
        case ByMark():
            return _by_mark(update.kb, update.proof, state)
        case ByList():
            return _by_list(update.kb, update.proof, state)
        case ByVersion():
            return _by_version(update.kb, update.proof, state, product)
        case _:
            assert_never(update.proof)


def is_proven(update: Update, state: SoftwareState, product: Installed | None = None) -> bool:
    """Whether ``standing`` is Proven, without finding out by what: that takes most of the time of judging."""
    proof, level = update.proof, state.level
    match proof:
        case ByList():
            if proof.reached is not None and level is not None and level.build >= proof.reached:
                return True
            installed = state.installed
            return (
                update.kb in installed
                or not proof.covered_by.isdisjoint(installed)
                or not proof.children.isdisjoint(installed)
            )
        case ByVersion():
            return isinstance(_by_version(update.kb, proof, state, product), PROVEN)
        case ByBuild():
            reached = level is not None and level.build >= proof.build
            return reached or _is_listed_between(update.kb, proof, state)
        case ByMark():
            return isinstance(_by_mark(update.kb, proof, state), PROVEN)


def _by_build(kb: str, proof: ByBuild, state: SoftwareState) -> Standing:
    """3.3a and b: the build decides, and nothing else when it and the update's own are known."""
    level = state.level
    if level is not None and level.build >= proof.build:
        return BuildReached(level=level, build=proof.build, source=proof.source)
    if _is_listed_between(kb, proof, state):
        return Listed(by=kb)
    if level is None:
        return BuildUnknown(floor=None, build=proof.build)
    if level.basis is Basis.FLOOR:
        return BuildUnknown(floor=level, build=proof.build)
    if kb in state.pending or (level.basis is Basis.REPORTED and kb in state.installed):
        return ListedBelow(level=level, build=proof.build, source=proof.source)
    return BuildBelow(level=level, build=proof.build, source=proof.source)


def _is_listed_between(kb: str, proof: ByBuild, state: SoftwareState) -> bool:
    """Whether the list names an update whose own build nobody tells, and no reported build contradicts it."""
    if proof.above is None or kb not in state.installed:
        return False
    level = state.level
    return level is None or level.basis is not Basis.REPORTED or level.build > proof.above


def _by_mark(kb: str, proof: ByMark, state: SoftwareState) -> Standing:
    """3.3c: standing on the very build, or past the first cumulative update at or above it.

    A listed hotpatch proves nothing against a build that is known; a listed servicing stack or standalone update, which
    leave the build alone, does.
    """
    level = state.level
    if level is not None:
        if proof.reached is not None and level.build >= proof.reached:
            return SupersededByBuild(level=level, build=proof.reached)
        if proof.equal and level.build == proof.build:
            return BuildReached(level=level, build=proof.build, source="FixedBuild")
    build_is_known = level is not None and level.basis is not Basis.FLOOR
    if kb in state.installed and (proof.listed or not build_is_known):
        return Listed(by=kb)
    if level is None or not build_is_known:
        return BuildUnknown(floor=level, build=proof.build)
    return _absent(kb, level, proof, state)


def _absent(kb: str, level: Level, proof: ByMark, state: SoftwareState) -> Standing:
    if kb in state.pending:
        return PendingRestart()
    # A servicing stack goes with any build, a standalone update only with its own or a later one.
    if proof.listed and not state.complete and (proof.equal or level.build >= proof.build):
        return ListIncomplete()
    return BuildBelow(level=level, build=proof.build, source="FixedBuild")


def _by_list(kb: str, proof: ByList, state: SoftwareState) -> Standing:
    """3.3e and 3.8: anything that supersedes it reached by the build; the KB, its child or a newer one in the list."""
    if proof.reached is not None and state.level is not None and state.level.build >= proof.reached:
        return SupersededByBuild(level=state.level, build=proof.reached)
    if kb in state.installed:
        return Listed(by=kb)
    if children := proof.children & state.installed:
        return Listed(by=max(children, key=int))
    if newer := proof.covered_by & state.installed:
        return ListedSuperseding(by=max(newer, key=int))
    if kb in state.pending:
        return PendingRestart()
    if proof.history_only and not (state.complete and state.history):
        return NeedsHistory()
    if not state.complete:
        return ListIncomplete()
    return NotListed() if state.applications or not proof.application else NotAmongPrograms()


def _by_version(kb: str, proof: ByVersion, state: SoftwareState, product: Installed | None) -> Standing:
    """3.3d: the version decides on a branch whose updates contain all earlier ones; else it can only prove."""
    version = product.version if product is not None else ()
    if version >= proof.build:
        return VersionReached(version=version, build=proof.build, source=proof.source)
    if not version or not proof.whole or product is None or product.floor:
        return _by_list(kb, proof.listing, state)
    return VersionBelow(version=version, build=proof.build, source=proof.source)
