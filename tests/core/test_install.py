"""The install set is the newest security release of each chain (semantics 3.6)."""

from collections.abc import Sequence

import msgspec

from kbgap.core.assess import assess
from kbgap.core.install import install_set
from kbgap.core.model import Fixes, Kind, SoftwareState, Track
from tests.core.given import cumulative, fixes, listed, marked, reported, state


def chosen(machine: SoftwareState, published: Fixes) -> Sequence[str]:
    """The install set of a machine with one state."""
    return install_set([machine], published)


def test_the_newest_cumulative_update_is_enough() -> None:
    """It contains all earlier ones."""
    published = fixes([cumulative("4532693", 657), cumulative("4540673", 719), cumulative("4551762", 720)])

    assert chosen(state(reported(600)), published) == ("4551762",)
    assert chosen(state(reported(720)), published) == ()


def test_a_superseded_update_is_left_out() -> None:
    """Flash of February 2019 replaces Flash of October 2018."""
    published = fixes([listed("4462930", covered_by=frozenset({"4487038"})), listed("4487038")])

    assert chosen(state(), published) == ("4487038",)


def test_unrelated_updates_are_all_needed() -> None:
    """Each chain has its own newest update."""
    published = fixes([cumulative("4487017", 590), listed("4487038")])

    assert chosen(state(reported(1)), published) == ("4487017", "4487038")


def test_a_servicing_stack_that_a_chosen_cumulative_update_contains_is_left_out() -> None:
    """5043124 is part of later cumulative updates."""
    published = fixes([cumulative("4540673", 719), marked("5043124", 700, 719, kind=Kind.SERVICING_STACK)])

    assert chosen(state(reported(600)), published) == ("4540673",)


def test_an_enrolled_machine_on_its_baseline_takes_the_newest_hotpatch() -> None:
    """Hotpatches since one baseline contain each other."""
    first, second = marked("5064010", 730, None), marked("5065474", 740, None)

    assert chosen(state(reported(719), track=Track.HOTPATCH), fixes([first, second])) == ("5065474",)


def test_what_closes_an_advisory_is_offered_though_it_counts_no_cve() -> None:
    """4487038 (Flash, February 2019) has only ADV190003, and Windows Update offered it."""
    published = fixes([listed("4487038")])["11713"]
    advisory = tuple(msgspec.structs.replace(closing, advisory=True) for closing in published.closings)
    flash = {"11713": msgspec.structs.replace(published, closings=advisory)}

    assert assess(state(), flash) == ()
    assert chosen(state(), flash) == ("4487038",)


def test_a_preview_is_never_offered() -> None:
    """4487029 (17134.619) is a preview; 4487017 is the security release before it."""
    security, preview = cumulative("4487017", 590), cumulative("4487029", 619)
    published = fixes([security, msgspec.structs.replace(preview, kind=Kind.PREVIEW_ROLLUP)])

    assert chosen(state(reported(1)), published) == ("4487017",)
    assert chosen(state(reported(590)), published) == ()
