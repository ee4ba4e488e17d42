"""A state holds all that judging reads, and nothing else."""

from kbgap.core.assess import assess
from kbgap.core.model import Evidence, Installed, Track, UpdateList
from kbgap.core.project import project, whole
from tests.core.given import WINDOWS, build, cumulative, fixes, listed, reported


def evidence(ubr: int, *installed: str, complete: bool = True) -> Evidence:
    """A Windows 10 machine."""
    return Evidence(
        products=(Installed(product=WINDOWS, software="windows_10"),),
        updates=UpdateList(installed=frozenset(installed), complete=complete),
        track=Track.ROLLUP,
        level=reported(ubr),
    )


WINDOWS_10 = fixes([cumulative("4532693", 657), cumulative("4540673", 719), listed("4465659", reached=build(719))])


def test_what_the_build_decides_is_projected_away() -> None:
    """Machines alike in what matters share one state, whatever else they list."""
    one = project(evidence(719, "4532693", "4540673", "9999999"), WINDOWS_10)
    other = project(evidence(719, "4465659", complete=False), WINDOWS_10)

    assert one == other


def test_what_can_still_change_a_verdict_stays() -> None:
    """A listed KB above the build is evidence of a pending restart."""
    (state,) = project(evidence(657, "4532693", "4540673"), WINDOWS_10)

    assert state.installed == {"4540673"}


def test_judging_the_projection_gives_what_judging_everything_gives() -> None:
    """The law of software states (ARCHITECTURE 3)."""
    for ubr in (600, 657, 700, 719, 752):
        machine = evidence(ubr, "4540673", "4465659", "1")

        projected = [assess(state, WINDOWS_10) for state in project(machine, WINDOWS_10)]

        assert projected == [assess(state, WINDOWS_10) for state in whole(machine)]


def test_a_product_without_fixes_still_has_a_state() -> None:
    """The machine has the software, though nothing fixes it yet."""
    (state,) = project(evidence(719), {})

    assert state.products == (Installed(product=WINDOWS, software="windows_10"),)
    assert state.level is None
