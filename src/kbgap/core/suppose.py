"""Suppose that some updates were installed: the state that a machine would be in."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from kbgap.core.builds import Build
from kbgap.core.model import (
    Basis,
    ByBuild,
    ByMark,
    ByVersion,
    Fixes,
    Installed,
    Level,
    Line,
    ProductFixes,
    SoftwareState,
)


def with_updates(state: SoftwareState, kbs: Collection[str], fixes: Fixes, lines: Mapping[str, Line]) -> SoftwareState:
    """The state after the installation of those KBs that are for its products, restart included.

    A cumulative update raises the build to its own, an update of a program the version on its branch, and every update
    is in the list. A build that is not known stays so, but is reached at least.
    """
    published = [fixes[product.product] for product in state.products if product.product in fixes]
    wanted = frozenset(kbs)
    fitting = frozenset(update.kb for one in published for update in one.updates) & wanted
    builds = list(_builds(published, wanted, lines))
    if not fitting and not builds:
        return state
    return msgspec.structs.replace(
        state,
        products=tuple(_raised(product, fixes.get(product.product), wanted) for product in state.products),
        level=_level(state.level, builds),
        installed=state.installed | fitting,
        pending=state.pending - fitting,
    )


def _builds(published: Iterable[ProductFixes], kbs: Collection[str], lines: Mapping[str, Line]) -> Iterable[Build]:
    """The builds that the updates bring on the lines of these products."""
    for one in published:
        for update in one.updates:
            match update.proof:
                case ByBuild(build=build) if update.kb in kbs:
                    yield build
                case ByMark(build=build, equal=True, listed=False) if update.kb in kbs:
                    yield build
                case _:
                    pass
        line = lines.get(one.line)
        if line is not None and line.cumulative:
            yield from (release.build for release in line.releases if release.kb in kbs and release.build is not None)


def _level(level: Level | None, builds: Collection[Build]) -> Level | None:
    """Never lower than it was."""
    if not builds:
        return level
    if level is None:
        return Level(build=max(builds), basis=Basis.FLOOR)
    return msgspec.structs.replace(level, build=max(level.build, *builds))


def _raised(product: Installed, published: ProductFixes | None, kbs: Collection[str]) -> Installed:
    """The program at the version that the newest of these updates brings."""
    versions = [
        update.proof.build
        for update in (published.updates if published is not None else ())
        if update.kb in kbs and isinstance(update.proof, ByVersion)
    ]
    newest = max(versions, default=())
    return msgspec.structs.replace(product, version=newest, floor=False) if newest > product.version else product
