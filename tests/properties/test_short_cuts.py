"""The short cuts of judging lead to where the long way leads, on fleets over worlds as dirty as Microsoft's."""

from typing import get_args

import pytest

from kbgap.core.assess import assess
from kbgap.core.project import project
from kbgap.core.standing import LACKING, PROVEN, is_proven, standing
from kbgap.core.verdicts import IsMissing, IsUnknown, Lacking, Proven
from tests.fleet import evidence_of, machines
from tests.properties.small_world import small_world

MACHINES = 12


@pytest.mark.parametrize("seed", range(200, 220))
@pytest.mark.parametrize("advisories", [False, True])
def test_without_what_is_closed_the_rest_is_the_same(seed: int, advisories: bool) -> None:
    """What is stored is what ``explain`` judges again, without the installed and covered KBs."""
    world = small_world(seed)
    compiled = world.compiled()

    for simulated in machines(world, seed, MACHINES):
        for state in project(evidence_of(simulated.machine, compiled), compiled.fixes):
            whole = assess(state, compiled.fixes, advisories=advisories)
            short = assess(state, compiled.fixes, advisories=advisories, closed=False)

            assert short == tuple(f for f in whole if isinstance(f.verdict, IsMissing | IsUnknown))


@pytest.mark.parametrize("seed", range(220, 240))
def test_whether_an_update_is_proved_is_what_its_standing_says(seed: int) -> None:
    """``is_proven`` only leaves out by what."""
    world = small_world(seed)
    compiled = world.compiled()

    for simulated in machines(world, seed, MACHINES):
        for state in project(evidence_of(simulated.machine, compiled), compiled.fixes):
            for product in state.products:
                published = compiled.fixes.get(product.product)
                for update in published.updates if published else ():
                    assert is_proven(update, state) is isinstance(standing(update, state), PROVEN)


def test_the_kinds_of_standing_are_the_members_of_the_unions() -> None:
    """They are written twice, since ``isinstance`` is slow on a union."""
    assert (get_args(Proven), get_args(Lacking)) == (PROVEN, LACKING)
