"""Whether an update needs extended security updates (ESU), and whether a machine gets them (semantics 3.11)."""

from kbgap.core.levels import CUMULATIVE_KINDS, ROLLUP_KINDS, SECURITY_ONLY
from kbgap.core.model import Entitlement, Level, Line, ProductFixes, Release, Update


def needs_esu(published: ProductFixes, update: Update) -> bool:
    """Whether an update of a product came after the last day on which everybody got its updates."""
    return bool(published.free_until) and update.published > published.free_until


def entitlement_of(
    declared: bool | None,  # noqa: FBT001 - what a report says, or not
    free_until: str,
    line: Line,
    level: Level | None,
    installed: frozenset[str],
    untold: Entitlement,
) -> Entitlement:
    """Whether a machine gets extended security updates.

    1. Where updates are free, every machine gets them.
    2. What the report says counts.
    3. A machine that has an update which needs them has them: it reached its build, or lists it.
    4. Else ``untold``, which is what the settings say of machines that do not tell.
    """
    if not free_until:
        return Entitlement.ENTITLED
    if declared is not None:
        return Entitlement.ENTITLED if declared else Entitlement.NOT_ENTITLED
    paid = (release for release in line.releases if release.date > free_until)
    return Entitlement.ENTITLED if any(_is_there(r, line, level, installed) for r in paid) else untold


def _is_there(release: Release, line: Line, level: Level | None, installed: frozenset[str]) -> bool:
    if not line.cumulative:
        return release.kind in ROLLUP_KINDS | {SECURITY_ONLY} and release.kb in installed
    is_reached = level is not None and release.build is not None and level.build >= release.build
    return is_reached and release.kind in CUMULATIVE_KINDS
