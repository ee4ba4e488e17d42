"""How the presence of an update on a product can be proved, or why its rows are not valid there.

The order of the questions is the rule (semantics 3.2, 3.3 and 3.8); the steps are numbered in ``prove_by``.
"""

from collections.abc import Sequence

import msgspec

from kbgap.core.builds import Build
from kbgap.core.levels import CUMULATIVE_KINDS, cumulative_releases
from kbgap.core.model import ByBuild, ByList, ByMark, Kind, Line, Proof, Release, Value


class Published(Value, frozen=True):
    """What Microsoft publishes of one KB on one line, gathered over all its rows there.

    ``builds`` are the operating-system builds of its FixedBuild values, commonest first; ``here`` is the release
    table's row on this line, and ``elsewhere`` says that it has the KB on other lines only; ``own`` that the component
    is serviced apart from Windows (Flash, .NET); ``standalone`` and ``traceless`` that an override says so.
    """

    kb: str
    kinds: frozenset[Kind]
    builds: tuple[Build, ...]
    published: str
    here: Release | None = None
    elsewhere: bool = False
    own: bool = False
    standalone: bool = False
    traceless: bool = False


class NotValid(Value, frozen=True):
    """Why the rows of a KB do not hold for a product."""

    reason: str


def prove_by(update: Published, line: Line, listing: ByList) -> Proof | NotValid:
    """Choose the proof of one KB for the products of one line; ``listing`` is its proof by the update list.

    1. A KB without trace, and a setup update, only by a complete history.
    2. A hotpatch, servicing stack or standalone update by its build, where it has one.
    3. A KB that the release table has on this line by its build there.
    4. A KB that the release table has on other lines only, or whose builds are another line's: not valid.
    5. On a cumulative line, by the commonest FixedBuild; without one, by the first later cumulative update.
    6. Otherwise by the list.
    """
    if update.traceless or Kind.SETUP in update.kinds:
        return msgspec.structs.replace(listing, history_only=True)
    if (mark := _mark(update, line)) is not None:
        return mark
    if Kind.SERVICING_STACK in update.kinds:
        return msgspec.structs.replace(listing, history_only=True)
    if update.here is not None:
        if line.cumulative and update.here.build is not None:
            return ByBuild(build=update.here.build, source=update.here.source)
        return listing
    if (reason := _foreign(update, line)) is not None:
        return NotValid(reason=reason)
    return _unlisted(update, line, listing)


def first_reaching(line: Line, build: Build) -> Build | None:
    """The lowest build of a cumulative update of the line that is at or above ``build``."""
    return min((r.build for r in cumulative_releases(line) if r.build is not None and r.build >= build), default=None)


def lowest_covering(line: Line, kbs: frozenset[str]) -> Build | None:
    """The lowest build that a cumulative update among ``kbs`` brings on the line."""
    return min((r.build for r in cumulative_releases(line) if r.build is not None and r.kb in kbs), default=None)


def _mark(update: Published, line: Line) -> ByMark | None:
    """Step 2. A security-only update on a cumulative line is a standalone one: that track does not exist there."""
    if not line.cumulative or (update.here is not None and update.here.kind in CUMULATIVE_KINDS):
        return None
    hotpatch = Kind.HOTPATCH in update.kinds
    exempt = hotpatch or update.standalone or bool(update.kinds & {Kind.STANDALONE, Kind.SERVICING_STACK})
    if not exempt and Kind.SECURITY_ONLY not in update.kinds:
        return None
    build = on_line(update.builds, line, exempt=exempt)
    if build is None:
        return None
    standalone = not hotpatch and Kind.SERVICING_STACK not in update.kinds
    return ByMark(build=build, reached=first_reaching(line, build), equal=not standalone, listed=not hotpatch)


def on_line(builds: Sequence[Build], line: Line, *, exempt: bool) -> Build | None:
    """The commonest build with the line's prefix; else, where step 4 does not apply, the commonest one moved to it."""
    for build in builds:
        if build.prefix == line.prefix:
            return build
    if not builds or not exempt:
        return None
    major, minor, number = (int(part) for part in line.prefix.split("."))
    return Build(major, minor, number, builds[0].ubr)


def _foreign(update: Published, line: Line) -> str | None:
    """Step 4."""
    if update.elsewhere:
        return f"the release table has KB{update.kb} on other lines only"
    if update.builds and all(build.prefix != line.prefix for build in update.builds):
        return f"its build {update.builds[0]} is not one of {line.prefix}"
    return None


def _unlisted(update: Published, line: Line, listing: ByList) -> Proof:
    """Steps 5 and 6."""
    if not line.cumulative:
        return listing
    for build in update.builds:
        if build.prefix == line.prefix:
            return ByBuild(build=build, source="FixedBuild")
    if update.own:
        return listing
    later = [r.build for r in cumulative_releases(line) if r.build is not None and r.date > update.published]
    if not later:
        return listing
    return ByBuild(build=min(later), source="first later cumulative update")
