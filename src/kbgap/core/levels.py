"""How far a machine is patched when it does not say its build, and which track it follows."""

from kbgap.core.model import Basis, Level, Line, Release, Track

CUMULATIVE_KINDS = frozenset({"security", "preview", "out-of-band", "cumulative"})
ROLLUP_KINDS = frozenset({"rollup", "preview-rollup"})
SECURITY_ONLY = "security-only"


def cumulative_releases(line: Line) -> list[Release]:
    """The releases of a line that contain all earlier ones, those with a build only."""
    return [release for release in line.releases if release.kind in CUMULATIVE_KINDS and release.build is not None]


def derive_level(line: Line, installed: frozenset[str], *, complete: bool) -> Level | None:
    """The build that a list of installed updates proves, when the machine does not report its UBR (semantics 3.3b).

    With a complete list it is the highest build on the line that a listed KB brings, the line's first build if none
    does. With a cut or partial list the same value is only a floor. None where builds do not decide, or nothing is
    known.
    """
    if not line.cumulative:
        return None
    brought = [release.build for release in line.releases if release.build is not None and release.kb in installed]
    build = max(brought, default=line.first)
    if build is None:
        return None
    return Level(build=build, basis=Basis.DERIVED if complete else Basis.FLOOR)


def track_of(line: Line | None, installed: frozenset[str], *, hotpatch: bool) -> Track:
    """Which of the parallel ways to the same fixes a machine follows (semantics 3.5).

    Hotpatch only where the machine says that it is enrolled; security-only only where its list shows security-only
    updates of its line and no rollup; the rollup track, which cumulative lines have alone, otherwise.
    """
    if line is None:
        return Track.ROLLUP
    if line.cumulative:
        return Track.HOTPATCH if hotpatch else Track.ROLLUP
    kinds = {release.kind for release in line.releases if release.kb in installed}
    if SECURITY_ONLY in kinds and not kinds & ROLLUP_KINDS:
        return Track.SECURITY_ONLY
    return Track.ROLLUP
