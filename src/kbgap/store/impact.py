"""Tell by how much the exposure score of a fleet would fall if one software were brought up to date everywhere."""

from collections import Counter
from collections.abc import Mapping

from kbgap.core.exposure import exposure_score
from kbgap.store.effect import Effect
from kbgap.store.exposed import Exposed


def impact_by_software(
    exposed: Exposed, effects: Mapping[bytes, Effect], weights: Mapping[bytes, float]
) -> Mapping[str, float]:
    """Points of the fleet's exposure score by software; ``weights`` are the points of each gap."""
    machines = exposed.machines
    falls: Counter[str] = Counter()
    for key, number in exposed.exposures.items():
        gaps = exposed.gaps[key]
        points = sum(weights[gap] for gap in gaps)
        score = exposure_score(points)
        for gap in gaps:
            falls[effects[gap].software] += number * (score - exposure_score(points - weights[gap]))  # type: ignore[assignment] # a Counter counts fractions as well
    return {software: fall / machines for software, fall in falls.items()}
