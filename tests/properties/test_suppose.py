"""What a machine would lack after an installation is never more than before, and nothing when all is installed."""

import pytest

from kbgap.core.assess import assess
from kbgap.core.model import SoftwareState
from kbgap.core.project import project
from kbgap.core.suppose import with_updates
from kbgap.core.verdicts import IsMissing
from tests.fleet import evidence_of, machines
from tests.properties.small_world import small_world

MACHINES = 8


@pytest.mark.parametrize("seed", range(300, 320))
def test_supposing_closes_and_never_opens(seed: int) -> None:
    """One missing KB closes its own CVEs; all missing KBs leave nothing missing."""
    world = small_world(seed)
    compiled = world.compiled()

    def lacking(state: SoftwareState) -> dict[str, frozenset[str]]:
        """The missing KBs with their open CVEs."""
        findings = assess(state, compiled.fixes)
        return {f.kb: frozenset(f.open_cves) for f in findings if isinstance(f.verdict, IsMissing)}

    for machine in (simulated.machine for simulated in machines(world, seed, MACHINES)):
        for state in project(evidence_of(machine, compiled), compiled.fixes):
            before = lacking(state)
            whole = lacking(with_updates(state, before.keys(), compiled.fixes, compiled.lines))
            assert whole == {}
            for kb in before:
                after = lacking(with_updates(state, {kb}, compiled.fixes, compiled.lines))
                opened = set().union(*after.values()) - set().union(*before.values())
                assert opened == set()
                assert not before[kb] & set().union(*after.values())


def test_what_is_for_another_product_changes_nothing() -> None:
    """Installing it is not possible there."""
    world = small_world(300)
    compiled = world.compiled()
    machine = next(iter(machines(world, 300, 1))).machine
    for state in project(evidence_of(machine, compiled), compiled.fixes):
        assert with_updates(state, {"9999999"}, compiled.fixes, compiled.lines) is state
