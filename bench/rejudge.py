"""How long a fleet takes to be judged anew when the catalogue changes, and to be judged from nothing."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.clock import timed
from bench.database import TENANT, sqlite, with_tenant
from bench.figures import Benchmark, Figure
from bench.given import Given, another_revision, size
from bench.machines import NOW, reports
from kbgap.catalogue.file import CatalogueFile
from kbgap.core.assess import assess
from kbgap.core.model import SoftwareState
from kbgap.core.project import project
from kbgap.inventory.normalise import Normalised, normalise
from kbgap.inventory.report import Report
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.packing import in_pieces


def measure(given: Given) -> Benchmark:
    """Three ways: states alone, machines alone, and both with the database."""
    catalogue = given.catalogue
    machines, states = size("machines", 10_000), size("states", 30_000)
    fleet = list(reports(catalogue, machines))
    figures = (
        *_states(catalogue, states),
        *_machines(catalogue, fleet),
        *_stored(catalogue, fleet),
    )
    return Benchmark("rejudge", f"machines of every Windows, {given.name}", figures)


def _states(catalogue: CatalogueFile, wanted: int) -> tuple[Figure, ...]:
    """Distinct states of as many machines as it takes."""
    found: dict[SoftwareState, None] = {}
    for report in reports(catalogue, 10 * wanted):
        found.update(dict.fromkeys(_lead(catalogue, report)))
        if len(found) >= wanted:
            break
    states = list(found)[:wanted]
    with timed() as took:
        for state in states:
            _assess(catalogue, state)
    return (
        Figure(f"{len(states):,} states, judged", took.wall, "s", 10),
        Figure(f"{len(states):,} states: processor time", took.cpu, "s"),
    )


def _machines(catalogue: CatalogueFile, fleet: Sequence[Report]) -> tuple[Figure, ...]:
    """From report to verdicts in memory: every machine led to its states, each distinct state judged once."""
    with timed() as took:
        states = {state for report in fleet for state in _lead(catalogue, report)}
        for state in states:
            _assess(catalogue, state)
    return (
        Figure(f"{len(fleet):,} machines ({len(states):,} states) from nothing, in memory", took.wall, "s", 10),
        Figure(f"{len(fleet):,} machines: processor time", took.cpu, "s"),
    )


def _stored(catalogue: CatalogueFile, fleet: Sequence[Report]) -> tuple[Figure, ...]:
    """Into an empty database, and over to another revision: all that a refresh does after compiling."""
    with tempfile.TemporaryDirectory(prefix="kbgap-bench-") as folder, sqlite() as url:
        next_one = another_revision(catalogue, Path(folder))
        with with_tenant(url, catalogue) as database, next_one:
            with timed() as taken_in:
                for batch in in_pieces(fleet, 1_000):
                    report_inventory(database, catalogue, TENANT, batch, NOW)
            with timed() as refreshed:
                load_catalogue(database, next_one, NOW)
    return (
        Figure(f"{len(fleet):,} machines from nothing, into SQLite", taken_in.wall, "s", 10),
        Figure("the same: processor time", taken_in.cpu, "s"),
        Figure("the same machines over to a new revision, in SQLite", refreshed.wall, "s", 10),
        Figure("the same: processor time", refreshed.cpu, "s"),
    )


def _lead(catalogue: CatalogueFile, report: Report) -> tuple[SoftwareState, ...]:
    normalised = normalise(report, catalogue.index, catalogue.lines)
    assert isinstance(normalised, Normalised), report.os.name
    evidence = normalised.evidence
    return project(evidence, catalogue.fixes_of(product.product for product in evidence.products))


def _assess(catalogue: CatalogueFile, state: SoftwareState) -> None:
    assess(state, catalogue.fixes_of(product.product for product in state.products), closed=False)
