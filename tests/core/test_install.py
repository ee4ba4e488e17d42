"""The install set is the newest security release of each chain (semantics 3.6)."""

from collections.abc import Sequence

from kbgap.core.assess import assess
from kbgap.core.install import install_set
from kbgap.core.model import Fixes, Kind, SoftwareState, Track
from tests.core.given import cumulative, fixes, listed, marked, reported, state


def chosen(machine: SoftwareState, published: Fixes) -> Sequence[str]:
    """The install set of a machine with one state."""
    return install_set({machine.software: assess(machine, published)}, [machine], published)


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
