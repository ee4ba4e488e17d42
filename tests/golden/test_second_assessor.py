"""On Microsoft's real documents, the product and the second assessor give the same verdicts on random machines."""

import pytest

from kbgap.catalogue.compile import Compiled
from tests.fleet import World, machines
from tests.oracle import Oracle
from tests.properties.compared import differences

MACHINES = 40
SEEDS = range(3)


@pytest.fixture(scope="session")
def assessors(real_world: World) -> tuple[Compiled, Oracle]:
    """Both, over the real world."""
    return real_world.compiled(), real_world.oracle()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
def test_both_assessors_agree_on_real_documents(
    seed: int, real_world: World, assessors: tuple[Compiled, Oracle]
) -> None:
    """Every verdict on every software of machines of all Windows lines, with every kind of report."""
    compiled, oracle = assessors

    found = [
        difference
        for simulated in machines(real_world, seed, MACHINES, esu=True)
        for difference in differences(simulated.machine, compiled, oracle)
    ]

    assert found == []
