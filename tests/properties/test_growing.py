"""Installing never opens anything, and a month of new documents never hides what was missing."""

from dataclasses import replace
from itertools import pairwise

import pytest

from kbgap.catalogue.compile import Compiled
from kbgap.core.assess import assess
from kbgap.core.builds import Build
from kbgap.core.model import Evidence
from kbgap.core.project import project, whole
from kbgap.core.standing import standing
from kbgap.core.verdicts import Doubt, IsMissing, Proven
from tests.fleet import World, evidence_of, machines
from tests.oracle import Machine
from tests.properties.small_world import small_world

MACHINES = 8


def missing(evidence: Evidence, compiled: Compiled) -> dict[tuple[str, str], frozenset[str]]:
    """Software and KB of all that is missing, with the CVEs that are open."""
    return {
        (state.software, finding.kb): frozenset(finding.open_cves)
        for state in project(evidence, compiled.fixes)
        for finding in assess(state, compiled.fixes)
        if isinstance(finding.verdict, IsMissing)
    }


def open_cves(evidence: Evidence, compiled: Compiled) -> set[tuple[str, str]]:
    """Every open CVE, by software."""
    return {(key[0], cve) for key, cves in missing(evidence, compiled).items() for cve in cves}


def later_builds(world: World, machine: Machine) -> list[Build]:
    """The builds of the machine's line that lie above its own."""
    line = world.lines[world.products[machine.windows].line]
    releases = [release.build for release in line.releases if release.build is not None and line.cumulative]
    return [build for build in releases if machine.build is None or build > machine.build]


def known_kbs(compiled: Compiled, machine: Machine) -> list[str]:
    """Every KB that is published for the machine's products."""
    products = [machine.windows, *machine.components]
    return sorted({u.kb for p in products if p in compiled.fixes for u in compiled.fixes[p].updates})


@pytest.mark.parametrize("seed", range(200, 230))
def test_installing_one_more_update_opens_no_cve(seed: int) -> None:
    """An update on the list can only close something: no CVE opens and, on the same track, no KB becomes missing."""
    world = small_world(seed)
    compiled = world.compiled()

    for machine in (simulated.machine for simulated in machines(world, seed, MACHINES)):
        before = evidence_of(machine, compiled)
        for kb in known_kbs(compiled, machine):
            more = replace(machine, installed=machine.installed | {kb}, pending=machine.pending - {kb})
            after = evidence_of(more, compiled)

            assert open_cves(after, compiled) <= open_cves(before, compiled), (kb, machine)
            if after.track is before.track:
                assert missing(after, compiled).keys() <= missing(before, compiled).keys(), (kb, machine)


@pytest.mark.parametrize("seed", range(230, 260))
def test_a_higher_cumulative_build_opens_no_cve(seed: int) -> None:
    """Whoever installs a later cumulative update misses no more than before, whatever the list says."""
    world = small_world(seed)
    compiled = world.compiled()

    for machine in (simulated.machine for simulated in machines(world, seed, MACHINES)):
        if machine.build is None:
            continue
        before = missing(evidence_of(machine, compiled), compiled)
        for build in later_builds(world, machine):
            after = missing(evidence_of(replace(machine, build=build), compiled), compiled)

            assert after.keys() <= before.keys(), (build, machine)
            assert all(after[key] <= before[key] for key in after), (build, machine)


@pytest.mark.parametrize("seed", range(260, 290))
def test_a_new_month_hides_no_open_cve(seed: int) -> None:
    """With more documents an open CVE stays open, unless an update that closes it turns out to be there or in doubt."""
    world = small_world(seed)
    grown = [
        replace(world, documents=world.documents[:month]).compiled() for month in range(1, len(world.documents) + 1)
    ]

    for machine in (simulated.machine for simulated in machines(world, seed, MACHINES)):
        for earlier, later in pairwise(grown):
            was_open = open_cves(evidence_of(machine, earlier), earlier)
            evidence = evidence_of(machine, later)

            hidden = was_open - open_cves(evidence, later) - decided(evidence, later)

            assert hidden <= foreign(earlier, later), machine


def decided(evidence: Evidence, compiled: Compiled) -> set[tuple[str, str]]:
    """The CVEs that some update closes which is there, or may be there, by software."""
    found = set()
    for state in whole(evidence):
        for product in (compiled.fixes[p.product] for p in state.products if p.product in compiled.fixes):
            standings = [standing(update, state) for update in product.updates]
            for closing in product.closings:
                if any(isinstance(standings[index], Proven | Doubt) for index in closing.updates):
                    found |= {(product.software, product.flaws[flaw].cve) for flaw in closing.flaws}
    return found


def foreign(earlier: Compiled, later: Compiled) -> set[tuple[str, str]]:
    """The CVEs whose KB the later documents place on another line, by software."""
    kept = {(fixes.product, update.kb) for fixes in later.fixes.values() for update in fixes.updates}
    return {
        (product.software, product.flaws[flaw].cve)
        for product in earlier.fixes.values()
        for closing in product.closings
        if any((product.product, product.updates[index].kb) not in kept for index in closing.updates)
        for flaw in closing.flaws
    }
