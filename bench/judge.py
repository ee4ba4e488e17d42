"""How long judging one software state takes, over the states of a seeded fleet of every Windows."""

from collections.abc import Sequence
from functools import partial

from bench.clock import median, micros, percentile
from bench.figures import Benchmark, Figure
from bench.given import Given, size
from bench.machines import reports
from kbgap.catalogue.file import CatalogueFile
from kbgap.core.assess import assess
from kbgap.core.model import SoftwareState
from kbgap.core.project import project
from kbgap.inventory.normalise import Normalised, normalise


def measure(given: Given) -> Benchmark:
    """Judge every distinct state of the fleet with everything that it needs already read."""
    catalogue = given.catalogue
    machines = size("judge", 4_000)
    states = distinct_states(catalogue, machines)
    times = {state: micros(partial(_assess, state, catalogue)) for state in states}
    groups = {
        "all states": list(states),
        "Windows 10 and later itself": [s for s in states if _is_windows(s, catalogue) and s.level is not None],
        "Windows before 10 itself": [s for s in states if _is_windows(s, catalogue) and s.level is None],
        "components": [s for s in states if not _is_windows(s, catalogue)],
    }
    figures: list[Figure] = []
    for name, group in groups.items():
        took = [times[state] for state in group]
        target = 300 if name == "all states" else None
        figures += [
            Figure(f"{name} ({len(group):,}): median", median(took), "µs", target),
            Figure(f"{name}: 90 % within", percentile(took, 90), "µs"),
            Figure(f"{name}: worst", max(took), "µs"),
        ]
    return Benchmark("judge", f"states of {machines:,} machines of every Windows, {given.name}", tuple(figures))


def distinct_states(catalogue: CatalogueFile, machines: int) -> Sequence[SoftwareState]:
    """Every state of so many seeded machines, once."""
    found: dict[SoftwareState, None] = {}
    for report in reports(catalogue, machines):
        normalised = normalise(report, catalogue.index, catalogue.lines)
        assert isinstance(normalised, Normalised), report.os.name
        evidence = normalised.evidence
        found.update(dict.fromkeys(project(evidence, catalogue.fixes_of(p.product for p in evidence.products))))
    return tuple(found)


def _assess(state: SoftwareState, catalogue: CatalogueFile) -> None:
    """As the server does it: only what is stored, which is what is missing or unknown."""
    assess(state, catalogue.fixes_of(product.product for product in state.products), closed=False)


def _is_windows(state: SoftwareState, catalogue: CatalogueFile) -> bool:
    products = [catalogue.index.by_id(item.product) for item in state.products]
    return any(product is not None and product.platform == product.id for product in products)
