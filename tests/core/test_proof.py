"""How an update is proved follows from what Microsoft publishes of it (semantics 3.2, 3.3, 3.8)."""

import pytest

from kbgap.core.builds import Build
from kbgap.core.model import ByBuild, ByList, ByMark, Kind, Release
from kbgap.core.proof import NotValid, Published, first_reaching, lowest_covering, prove_by
from tests.core.given import build, line, release

TABLE = line(
    release("4532693", 657, date="2020-02-11"),
    release("4540673", 719, date="2020-03-10"),
    release("4541335", 752, "preview", date="2020-03-24"),
)
LEGACY = line(Release(kb="4012216", kind="rollup"), cumulative=False)
LISTING = ByList(covered_by=frozenset({"4549951"}))


def published(kb: str, *kinds: Kind, builds: tuple[Build, ...] = (), **more: object) -> Published:
    """What Microsoft says of a KB on Windows 10 1909."""
    here = next((row for row in TABLE.releases if row.kb == kb), None)
    facts = {"published": "2020-03-10", "here": here, **more}
    return Published(kb=kb, kinds=frozenset(kinds or {Kind.SECURITY}), builds=builds, **facts)  # type: ignore[arg-type] # each test names members of their type


def test_the_release_table_comes_before_fixed_build() -> None:
    """5021255 says 22621.993, true is 963: a patched machine would be reported for ever."""
    proof = prove_by(published("4540673", builds=(build(999),)), TABLE, LISTING)

    assert proof == ByBuild(build=build(719), source="release table")


def test_a_kb_of_other_lines_only_is_not_valid() -> None:
    """5055528 (22621 and 22631) is listed for 24H2 in two CVEs."""
    assert isinstance(prove_by(published("5055528", elsewhere=True), TABLE, LISTING), NotValid)


def test_a_build_of_another_line_is_not_valid() -> None:
    """5022836 (22000) carries 22621.1574."""
    foreign = published("5022836", builds=(build(1574, 22621),))

    assert isinstance(prove_by(foreign, TABLE, LISTING), NotValid)


def test_one_right_build_among_foreign_ones_decides() -> None:
    """The commonest build on the line counts, whatever other rows say."""
    mixed = published("5014701", builds=(build(1, 22000), build(2344)))

    assert prove_by(mixed, TABLE, LISTING) == ByBuild(build=build(2344), source="FixedBuild")


def test_an_old_update_without_build_is_proved_by_the_next_cumulative_one() -> None:
    """Nothing before 2021 has a FixedBuild; any later cumulative update contains it (semantics 3.3a)."""
    old = published("4530000", published="2020-02-20")

    proof = ByBuild(build=build(719), source="first later cumulative update", above=build(657))
    assert prove_by(old, TABLE, LISTING) == proof


def test_a_component_serviced_apart_is_proved_by_the_list() -> None:
    """Flash and .NET updates are not part of the cumulative update."""
    assert prove_by(published("4538674", own=True), TABLE, LISTING) == LISTING


def test_a_component_update_that_is_the_cumulative_one_is_proved_by_the_build() -> None:
    """5066836 is the .NET 4.7.2 fix on Server 2016: the table knows it as the cumulative update."""
    assert prove_by(published("4540673", own=True), TABLE, LISTING) == ByBuild(build=build(719), source="release table")


def test_a_hotpatch_is_proved_by_its_build_or_by_the_next_cumulative_update() -> None:
    """5064010 stands at 26100.4851, 5063878 at 4946 closes the same (semantics 3.3c)."""
    proof = prove_by(published("5064010", Kind.HOTPATCH, builds=(build(700),)), TABLE, LISTING)

    assert proof == ByMark(build=build(700), reached=build(719), equal=True, listed=False)


def test_a_hotpatch_row_of_a_sister_line_is_exempt() -> None:
    """5068966 gives 26100.7092 also for 26200 (semantics 3.2: hotpatch rows are exempt)."""
    proof = prove_by(published("5068966", Kind.HOTPATCH, builds=(build(700, 18362),)), TABLE, LISTING)

    assert proof == ByMark(build=build(700), reached=build(719), equal=True, listed=False)


def test_a_servicing_stack_with_a_build_is_proved_by_later_cumulative_updates() -> None:
    """5043124 and 5047621 are part of later cumulative updates (semantics 4, Servicing stack)."""
    proof = prove_by(published("5043124", Kind.SERVICING_STACK, builds=(build(660),)), TABLE, LISTING)

    assert proof == ByMark(build=build(660), reached=build(719), equal=True, listed=True)


def test_a_servicing_stack_without_a_build_needs_the_history() -> None:
    """4465664 cannot be judged otherwise (semantics 3.8)."""
    proof = prove_by(published("4465664", Kind.SERVICING_STACK), TABLE, LISTING)

    assert proof == ByList(covered_by=LISTING.covered_by, history_only=True)


def test_a_standalone_update_is_not_proved_by_the_build_it_sits_on() -> None:
    """5074204 carries the build of hotpatch 5072014, which leaves CVE-2025-54100 open."""
    rows = published("5074204", Kind.SECURITY, Kind.SECURITY_ONLY, builds=(build(700),))

    assert prove_by(rows, TABLE, LISTING) == ByMark(build=build(700), reached=build(719), equal=False, listed=True)


def test_a_security_only_update_of_another_windows_is_not_valid() -> None:
    """5048676 (6.1.7601) is listed for Windows 11 22H2 ARM64."""
    rows = published("5048676", Kind.SECURITY_ONLY, builds=(Build(6, 1, 7601, 27467),))

    assert isinstance(prove_by(rows, TABLE, LISTING), NotValid)


@pytest.mark.parametrize("facts", [{"traceless": True}, {}])
def test_what_leaves_no_trace_needs_the_history(facts: dict[str, bool]) -> None:
    """5012170 and 5042322 carry operating-system builds that no machine shows; Setup updates carry none."""
    kind = Kind.SECURITY if facts else Kind.SETUP
    rows = published("5042322", kind, builds=(build(700),), **facts)

    assert prove_by(rows, TABLE, LISTING) == ByList(covered_by=LISTING.covered_by, history_only=True)


def test_rollups_before_windows_10_are_proved_by_the_list() -> None:
    """Semantics 3.3e."""
    rows = published("4012216", Kind.ROLLUP, here=LEGACY.releases[0])

    assert prove_by(rows, LEGACY, LISTING) == LISTING


def test_the_first_update_at_or_above_a_build() -> None:
    """A preview counts: it contains everything before it."""
    assert first_reaching(TABLE, build(720)) == build(752)
    assert first_reaching(TABLE, build(753)) is None


def test_the_lowest_build_among_covering_updates() -> None:
    """Any of them is enough."""
    assert lowest_covering(TABLE, frozenset({"4541335", "4540673"})) == build(719)
    assert lowest_covering(TABLE, frozenset({"1"})) is None
