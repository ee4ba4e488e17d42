"""What a list of installed updates says of the build and of the track."""

from kbgap.core.levels import derive_level, track_of
from kbgap.core.model import Basis, Level, Release, Track
from tests.core.given import build, line, release

TABLE = line(release("4532693", 657), release("4540673", 719), release("4541335", 752, "preview"))
LEGACY = line(Release(kb="4012216", kind="rollup"), Release(kb="4012213", kind="security-only"), cumulative=False)


def test_a_complete_list_proves_the_highest_build_it_names() -> None:
    """Semantics 3.3b: the machine's UBR is the highest that a listed KB brings."""
    level = derive_level(TABLE, frozenset({"4532693", "4541335", "1234567"}), complete=True)

    assert level == Level(build=build(752), basis=Basis.DERIVED)


def test_a_complete_list_without_cumulative_updates_means_the_first_build() -> None:
    """Semantics 3.3b: a new installation."""
    assert derive_level(TABLE, frozenset(), complete=True) == Level(build=build(418), basis=Basis.DERIVED)


def test_a_cut_list_is_only_a_floor() -> None:
    """Semantics 3.3b: what is above it is not known."""
    assert derive_level(TABLE, frozenset({"4532693"}), complete=False) == Level(build=build(657), basis=Basis.FLOOR)


def test_rollup_lines_have_no_level() -> None:
    """Before Windows 10 the build does not decide (semantics 3.3e)."""
    assert derive_level(LEGACY, frozenset({"4012216"}), complete=True) is None


def test_the_security_only_track_needs_evidence() -> None:
    """Semantics 3.5: security-only only where that track is used."""
    assert track_of(LEGACY, frozenset(), hotpatch=False) is Track.ROLLUP
    assert track_of(LEGACY, frozenset({"4012213"}), hotpatch=False) is Track.SECURITY_ONLY
    assert track_of(LEGACY, frozenset({"4012213", "4012216"}), hotpatch=False) is Track.ROLLUP


def test_hotpatch_needs_enrolment_and_a_cumulative_line() -> None:
    """Semantics 3.5: hotpatch only for enrolled machines."""
    assert track_of(TABLE, frozenset(), hotpatch=True) is Track.HOTPATCH
    assert track_of(TABLE, frozenset(), hotpatch=False) is Track.ROLLUP
    assert track_of(LEGACY, frozenset(), hotpatch=True) is Track.ROLLUP
    assert track_of(None, frozenset(), hotpatch=True) is Track.ROLLUP
