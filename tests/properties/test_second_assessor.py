"""Two assessors that share no rule code give the same verdicts, on fleets over worlds as dirty as Microsoft's."""

from collections.abc import Callable

import pytest

from kbgap.catalogue.compile import Compiled
from kbgap.catalogue.records import Remedy
from kbgap.core.assess import assess
from kbgap.core.model import Evidence, Kind, SoftwareState, UpdateList
from kbgap.core.project import project, whole
from kbgap.core.verdicts import Finding, IsMissing, IsNotEntitled, IsUnknown
from tests.fleet import World, evidence_of, machines
from tests.oracle import Answer, Machine
from tests.properties.compared import differences, spoken
from tests.properties.small_world import NET_48, WINDOWS, small_world

MACHINES = 12


@pytest.mark.parametrize("seed", range(60))
def test_both_assessors_agree_on_every_verdict(seed: int) -> None:
    """What compiling, projecting and judging make of the rows is what the definition of missing says of them."""
    world = small_world(seed)
    compiled, oracle = world.compiled(), world.oracle()

    found = [
        difference
        for simulated in machines(world, seed, MACHINES, esu=True)
        for difference in differences(simulated.machine, compiled, oracle)
    ]

    assert found == []


@pytest.mark.parametrize("seed", range(60, 100))
def test_projecting_changes_no_verdict(seed: int) -> None:
    """A software state holds all that judging reads: machines that share one have the same gap."""
    world = small_world(seed)
    compiled = world.compiled()

    for simulated in machines(world, seed, MACHINES, esu=True):
        evidence = evidence_of(simulated.machine, compiled)

        assert _gap(evidence, compiled, projected=True) == _gap(evidence, compiled, projected=False)


@pytest.mark.parametrize("seed", range(100, 120))
def test_machines_of_one_state_share_one_value(seed: int) -> None:
    """Projecting what is projected already changes nothing, so the store can key on it."""
    world = small_world(seed)
    compiled = world.compiled()

    for simulated in machines(world, seed, MACHINES, esu=True):
        once = project(evidence_of(simulated.machine, compiled), compiled.fixes)
        again = [state for one in once for state in project(_as_evidence(one), compiled.fixes)]

        assert again == list(once)


def _gap(evidence: Evidence, compiled: Compiled, *, projected: bool) -> list[tuple[str, list[Finding]]]:
    """The findings that count. An update that is there may be so for another reason once the list is reduced."""
    states = project(evidence, compiled.fixes) if projected else whole(evidence)
    return [
        (
            s.software,
            [f for f in assess(s, compiled.fixes) if isinstance(f.verdict, IsMissing | IsNotEntitled | IsUnknown)],
        )
        for s in states
    ]


def _as_evidence(state: SoftwareState) -> Evidence:
    updates = UpdateList(
        installed=state.installed, pending=state.pending, complete=state.complete, history=state.history
    )
    return Evidence(
        products=state.products,
        updates=updates,
        track=state.track,
        level=state.level,
        entitlement=state.entitlement,
    )


def _first_world(wanted: Callable[[Remedy], bool]) -> tuple[World, Remedy]:
    """The first small world with such a row, and the row."""
    return next(
        (world, remedy)
        for world in map(small_world, range(1_000))
        for document in world.documents
        for entry in document.entries
        for remedy in entry.remedies
        if wanted(remedy)
    )


def test_a_listed_hotpatch_brings_its_build() -> None:
    """Without a UBR, a complete list that shows a hotpatch proves the hotpatch's build (semantics 3.3b)."""
    world, hotpatch = _first_world(lambda r: r.kind is Kind.HOTPATCH and WINDOWS.id in r.products)
    compiled = world.compiled()
    machine = Machine(windows=WINDOWS.id, installed=frozenset({hotpatch.kb}), complete=True, hotpatch=True)

    verdicts = spoken(evidence_of(machine, compiled), compiled)

    assert verdicts["windows_10", hotpatch.kb] is Answer.INSTALLED


def test_the_child_of_a_newer_parent_covers_the_older_parent() -> None:
    """.NET parents supersede each other by their own numbers, and update lists show only the children (3.3e)."""
    world, newer = _first_world(lambda r: r.supersedes == ("5030000",) and bool(r.url) and NET_48.id in r.products)
    compiled = world.compiled()
    child = str(int(newer.kb) + 1)
    machine = Machine(windows=WINDOWS.id, components={NET_48.id: ""}, installed=frozenset({child}), complete=True)

    verdicts = spoken(evidence_of(machine, compiled), compiled)

    assert verdicts["net", newer.kb] is Answer.INSTALLED
    assert verdicts["net", "5030000"] is Answer.COVERED
