"""The install set: the newest security release of each chain in which a machine misses something (semantics 3.6)."""

from collections.abc import Iterable, Iterator, Mapping

from kbgap.core.assess import assess
from kbgap.core.builds import Build
from kbgap.core.entitlement import needs_esu
from kbgap.core.model import (
    ByBuild,
    ByList,
    ByMark,
    ByVersion,
    Entitlement,
    Fixes,
    Kind,
    ProductFixes,
    SoftwareState,
    Update,
)
from kbgap.core.verdicts import IsMissing
from kbgap.core.versions import Version


def install_set(states: Iterable[SoftwareState], fixes: Fixes) -> tuple[str, ...]:
    """The smallest set of KBs that closes all that is open on one machine, by KB number.

    It is what Windows Update would offer, so it closes advisories too, and never holds a preview nor an update that
    another one of the set contains: for cumulative updates the newest of the line, for a program whose version decides
    the newest of its branch, else every update that no other missing one supersedes.
    """
    missing: set[str] = set()
    surpassed: set[str] = set()
    offered: dict[str, Update] = {}
    cumulative: dict[str, Build] = {}
    for state in states:
        found = assess(state, fixes, advisories=True, closed=False)
        mine = {finding.kb for finding in found if isinstance(finding.verdict, IsMissing)}
        missing |= mine
        surpassed |= _surpassed(state, fixes, mine)
        for published in (fixes[product.product] for product in state.products if product.product in fixes):
            cumulative.update(_security_releases(published, state.entitlement))
            for update in published.updates:
                if update.kb in missing:
                    offered[update.kb] = _stronger(offered.get(update.kb), update)
    newest = _newest_cumulative(offered, cumulative)
    reached = cumulative[newest] if newest else None
    rest = [
        update
        for update in offered.values()
        if update.kb not in surpassed and not _is_contained(update, reached, missing)
    ]
    chosen = {update.kb for update in rest} | ({newest} if newest else set())
    return tuple(sorted(_without_older_hotpatches(chosen, offered), key=int))


def _security_releases(published: ProductFixes, entitlement: Entitlement) -> Iterator[tuple[str, Build]]:
    """What Windows Update would offer as the line's newest: a cumulative update that closes a CVE, not a preview.

    Nor one that needs extended security updates, unless it is certain that the machine gets them.
    """
    closing = {index for closing in published.closings if not closing.advisory for index in closing.updates}
    for index, update in enumerate(published.updates):
        if entitlement is not Entitlement.ENTITLED and needs_esu(published, update):
            continue
        match update.proof:
            case ByBuild(build=build, source=source) if index in closing and not source.startswith("first later"):
                if update.kind is not Kind.PREVIEW_ROLLUP:
                    yield update.kb, build
            case _:
                pass


def _stronger(known: Update | None, update: Update) -> Update:
    """The same KB may be proved by the build for Windows and by the list for a component: the build says more."""
    return known if known is not None and isinstance(known.proof, ByBuild) else update


def _surpassed(state: SoftwareState, fixes: Fixes, missing: set[str]) -> set[str]:
    """The missing updates of programs that a newer missing one contains; each instance has a version of its own."""
    builds: dict[Version, dict[str, Version]] = {}
    for product in state.products:
        published = fixes.get(product.product)
        for update in published.updates if published is not None else ():
            if update.kb in missing and isinstance(update.proof, ByVersion) and update.proof.whole:
                builds.setdefault(product.version, {})[update.kb] = update.proof.build
    needed = {max(found, key=lambda kb: (found[kb], int(kb))) for found in builds.values()}
    return {kb for found in builds.values() for kb in found} - needed


def _newest_cumulative(offered: Mapping[str, Update], cumulative: Mapping[str, Build]) -> str:
    """The newest cumulative security release, once it contains something missing; empty when it does not.

    What only a preview closes has to wait for the next security release.
    """
    newest = max(cumulative, key=lambda kb: (cumulative[kb], int(kb)), default="")
    needed = [update.proof.build for update in offered.values() if isinstance(update.proof, ByBuild)]
    return newest if any(build <= cumulative[newest] for build in needed) else ""


def _is_contained(update: Update, reached: Build | None, missing: set[str]) -> bool:
    """Whether the newest cumulative update, or another missing update, makes this one needless."""
    match update.proof:
        case ByBuild():
            return True
        case ByMark(reached=needed):
            return reached is not None and needed is not None and reached >= needed
        case ByVersion(listing=listing):
            return not listing.covered_by.isdisjoint(missing)
        case ByList(covered_by=covered_by, reached=needed):
            by_build = reached is not None and needed is not None and reached >= needed
            return by_build or not covered_by.isdisjoint(missing)


def _without_older_hotpatches(chosen: set[str], offered: Mapping[str, Update]) -> set[str]:
    """Hotpatches since one baseline contain each other: only the newest is needed."""
    hotpatches = {kb for kb in chosen if kb in offered and offered[kb].kind is Kind.HOTPATCH}
    if len(hotpatches) < 2:
        return chosen
    newest = max(hotpatches, key=lambda kb: (_mark_of(offered[kb]), int(kb)))
    return chosen - hotpatches | {newest}


def _mark_of(update: Update) -> Build:
    return update.proof.build if isinstance(update.proof, ByMark) else Build(0, 0, 0, 0)
