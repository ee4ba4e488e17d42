"""How long judging one software state takes, over the states of a seeded fleet of every Windows and of programs."""

from collections.abc import Iterator, Sequence
from functools import partial

from bench.clock import median, micros, percentile
from bench.figures import Benchmark, Figure
from bench.given import Given, size
from bench.machines import programs, reports
from kbgap.catalogue.file import CatalogueFile
from kbgap.core.assess import assess
from kbgap.core.model import Evidence, SoftwareState
from kbgap.core.project import project
from kbgap.inventory.normalise import Normalised, normalise


def measure(given: Given) -> Benchmark:
    """Judge every distinct state of the fleet with everything that it needs already read."""
    catalogue = given.catalogue
    machines = size("judge", 4_000)
    states = distinct_states(catalogue, machines)
    times = {state: micros(partial(_assess, state, catalogue)) for state in states}
    groups: dict[str, list[SoftwareState]] = {"all states": list(states)}
    for state in states:
        groups.setdefault(_group(state, catalogue), []).append(state)
    figures: list[Figure] = []
    for name, group in groups.items():
        took = [times[state] for state in group]
        target = 300 if name == "all states" else None
        figures += [
            Figure(f"{name} ({len(group):,}): median", median(took), "µs", target),
            Figure(f"{name}: 90 % within", percentile(took, 90), "µs"),
            Figure(f"{name}: worst", max(took), "µs"),
        ]
    return Benchmark(
        "judge", f"states of {machines:,} machines of every Windows and of programs, {given.name}", tuple(figures)
    )


def distinct_states(catalogue: CatalogueFile, machines: int) -> Sequence[SoftwareState]:
    """Every state of so many seeded machines, and of a quarter as many programs, once."""
    found: dict[SoftwareState, None] = {}
    for evidence in (*_evidence(catalogue, machines), *programs(catalogue, machines // 4)):
        found.update(dict.fromkeys(project(evidence, catalogue.fixes_of(p.product for p in evidence.products))))
    return tuple(found)


def _evidence(catalogue: CatalogueFile, machines: int) -> Iterator[Evidence]:
    for report in reports(catalogue, machines):
        normalised = normalise(report, catalogue.index, catalogue.lines)
        assert isinstance(normalised, Normalised), report.os.name
        yield normalised.evidence


def _assess(state: SoftwareState, catalogue: CatalogueFile) -> None:
    """As the server does it: only what is stored, which is what is missing or unknown."""
    assess(state, catalogue.fixes_of(product.product for product in state.products), closed=False)


def _group(state: SoftwareState, catalogue: CatalogueFile) -> str:
    products = [product for item in state.products if (product := catalogue.index.by_id(item.product))]
    if any(product.platform == product.id for product in products):
        return "Windows 10 and later itself" if state.level else "Windows before 10 itself"
    return "components of Windows" if any(product.platform for product in products) else "programs"
