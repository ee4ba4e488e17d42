"""What one state's evidence says of one update (semantics 3.3)."""

from kbgap.core.model import Basis, ByBuild, Kind, Level, SoftwareState, Update
from kbgap.core.standing import Standing, standing
from kbgap.core.verdicts import (
    BuildBelow,
    BuildReached,
    BuildUnknown,
    Listed,
    ListedBelow,
    ListedSuperseding,
    ListIncomplete,
    NeedsHistory,
    NotListed,
    PendingRestart,
    SupersededByBuild,
)
from tests.core.given import build, cumulative, listed, marked, reported, state

MARCH = cumulative("4540673", 719)
FLOOR = Level(build=build(657), basis=Basis.FLOOR)


def kind_of(update: Update, machine: SoftwareState) -> type[Standing]:
    """Only the kind of evidence."""
    return type(standing(update, machine))


def test_a_preview_newer_than_the_update_proves_it() -> None:
    """4541335 at 18363.752 is in no document, yet its build settles 4540673 (semantics 4)."""
    assert kind_of(MARCH, state(reported(752), complete=False)) is BuildReached


def test_a_preview_older_than_the_update_does_not() -> None:
    """4535996 at 18363.693 must still miss 4540673."""
    assert kind_of(MARCH, state(reported(693), complete=False)) is BuildBelow


def test_a_reported_build_decides_against_the_list() -> None:
    """A listed KB above the build waits for a restart or was rolled back (semantics 3.3a)."""
    assert kind_of(MARCH, state(reported(657), installed=["4540673"])) is ListedBelow
    assert kind_of(MARCH, state(reported(657), pending=["4540673"])) is ListedBelow


def test_a_list_is_believed_about_an_update_whose_build_nobody_tells() -> None:
    """Its own build lies between that of the release before it and the first later one, which contains it."""
    bounded = ByBuild(build=build(719), source="first later cumulative update", above=build(657))
    update = Update(kb="4530000", kind=Kind.SECURITY, proof=bounded, published="2020-02-20")

    assert kind_of(update, state(reported(693), installed=["4530000"])) is Listed
    assert kind_of(update, state(FLOOR, installed=["4530000"], complete=False)) is Listed
    assert kind_of(update, state(reported(657), installed=["4530000"])) is ListedBelow
    assert kind_of(update, state(reported(693))) is BuildBelow
    assert kind_of(update, state(reported(693), pending=["4530000"])) is ListedBelow
    assert kind_of(update, state(reported(719), installed=["4530000"])) is BuildReached


def test_above_a_floor_nothing_is_known() -> None:
    """A cut list proves what it holds, not what it lacks (semantics 3.3b)."""
    assert kind_of(MARCH, state(FLOOR, complete=False)) is BuildUnknown
    assert kind_of(cumulative("4532693", 657), state(FLOOR, complete=False)) is BuildReached
    assert kind_of(MARCH, state(None)) is BuildUnknown


def test_a_hotpatch_is_there_on_its_very_build() -> None:
    """Semantics 3.3c: u = h, or the next cumulative update is reached."""
    hotpatch = marked("5064010", 730, 752)

    assert kind_of(hotpatch, state(reported(730))) is BuildReached
    assert kind_of(hotpatch, state(reported(752))) is SupersededByBuild
    assert kind_of(hotpatch, state(reported(719))) is BuildBelow
    assert kind_of(hotpatch, state(reported(740))) is BuildBelow


def test_a_listed_hotpatch_below_its_build_is_not_there() -> None:
    """A known build decides."""
    assert kind_of(marked("5064010", 730, 752), state(reported(719), installed=["5064010"])) is BuildBelow
    assert kind_of(marked("5064010", 730, 752), state(FLOOR, installed=["5064010"])) is Listed


def test_a_standalone_update_is_not_there_because_its_hotpatch_is() -> None:
    """5074204 is only proved by the list or by a later cumulative update."""
    standalone = marked("5074204", 730, 752, kind=Kind.STANDALONE)

    assert kind_of(standalone, state(reported(730))) is BuildBelow
    assert kind_of(standalone, state(reported(730), installed=["5074204"])) is Listed
    assert kind_of(standalone, state(reported(730), complete=False)) is ListIncomplete
    assert kind_of(standalone, state(reported(719), complete=False)) is BuildBelow
    assert kind_of(standalone, state(reported(730), pending=["5074204"])) is PendingRestart
    assert kind_of(standalone, state(reported(752))) is SupersededByBuild


def test_the_list_proves_the_kb_its_child_and_what_supersedes_it() -> None:
    """Semantics 3.3e; 5066741 is listed as 5066140."""
    update = listed("5066741", children=frozenset({"5066140"}), covered_by=frozenset({"5067039"}))

    assert standing(update, state(installed=["5066741"])) == Listed(by="5066741")
    assert standing(update, state(installed=["5066140"])) == Listed(by="5066140")
    assert standing(update, state(installed=["5067039"])) == ListedSuperseding(by="5067039")
    assert standing(update, state(installed=["5066145"])) == NotListed()


def test_an_incomplete_list_proves_no_absence() -> None:
    """Semantics 3.3e: not satisfied means unknown."""
    assert kind_of(listed("5066741"), state(complete=False)) is ListIncomplete


def test_a_pending_update_is_not_there() -> None:
    """Pending counts as not installed, also where the list may be cut."""
    assert kind_of(listed("5066741"), state(pending=["5066741"], complete=False)) is PendingRestart


def test_what_leaves_no_trace_is_only_judged_by_a_complete_history() -> None:
    """Semantics 3.8."""
    update = listed("5012170", history_only=True)

    assert kind_of(update, state(complete=True)) is NeedsHistory
    assert kind_of(update, state(complete=False, history=True)) is NeedsHistory
    assert kind_of(update, state(complete=True, history=True)) is NotListed


def test_a_superseding_cumulative_update_that_the_build_reaches_is_as_good_as_listed() -> None:
    """Reaching its build means that it is installed."""
    update = listed("4465659", reached=build(719))

    assert kind_of(update, state(reported(719), complete=False)) is SupersededByBuild
    assert kind_of(update, state(reported(718), complete=True)) is NotListed
