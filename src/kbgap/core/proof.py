"""How the presence of an update on a product can be proved, or why its rows are not valid there.

The order of the questions is the rule (semantics 3.2, 3.3 and 3.8); the steps are numbered in ``prove_by``.
"""

from collections.abc import Sequence

import msgspec

from kbgap.core.builds import Build
from kbgap.core.levels import CUMULATIVE_KINDS, cumulative_releases
from kbgap.core.model import ByBuild, ByList, ByMark, ByVersion, Kind, Line, Product, Proof, Release, Servicing, Value
from kbgap.core.versions import Branch, Version, parse_fixed_version, version_text


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


class Tabled(Value, frozen=True):
    """A version that the build table gives for a KB: the one that it brings, or a later one that contains it."""

    version: Version
    brings: bool


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


def prove_program(
    kb: str, product: Product, tabled: Sequence[Tabled], fixed_builds: Sequence[str], listing: ByList
) -> Proof | NotValid:
    """Choose the proof of one KB for a program (semantics 3.3d); ``fixed_builds`` are its rows' texts, commonest first.

    1. By the version that the build table gives on the product's branch, else by the commonest FixedBuild on it.
    2. A KB of which the table knows one version, on another branch: not valid.
    3. Otherwise by the list.
    """
    if product.servicing is Servicing.OS or product.branch is None:
        return listing
    whole = product.servicing is Servicing.VERSION
    here = [row for row in tabled if product.branch.holds(row.version)]
    if here:
        row = min(here, key=lambda row: row.version)
        return ByVersion(build=row.version, whole=whole and row.brings, source="build table", listing=listing)
    brought = [row for row in tabled if row.brings]
    if len(brought) == 1 and whole:
        return NotValid(reason=f"KB{kb} brings {version_text(brought[0].version)}, which is on another branch")
    fixed = fixed_version(product.branch, fixed_builds)
    return listing if fixed is None else ByVersion(build=fixed, whole=whole, source="FixedBuild", listing=listing)


def fixed_version(branch: Branch | None, fixed_builds: Sequence[str]) -> Version | None:
    """The first of Microsoft's values that can be a version of the branch."""
    versions = (parse_fixed_version(text, branch) for text in fixed_builds)
    return next((version for version in versions if version is not None), None)


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
    dated = [(r.build, r.date) for r in cumulative_releases(line) if r.build is not None and r.date]
    later = [build for build, day in dated if day > update.published]
    if not later:
        return listing
    earlier = [build for build, day in dated if day < update.published]
    above = max(earlier, default=line.first)
    return ByBuild(build=min(later), source="first later cumulative update", above=above)
