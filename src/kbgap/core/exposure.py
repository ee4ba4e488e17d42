"""How exposed a machine is: a formula of ours, since Defender's is not public (docs/explanation/scores.md).

Each open CVE of each software has points. They are added up, and the sum is bent into 0 to 100, so that the first open
CVEs weigh more than the thousandth: every ``HALF`` points halve the distance to 100.
"""

import math
from enum import StrEnum

HALF = 300.0

_POINTS = {"Critical": 10.0, "High": 6.0, "Medium": 3.0, "Low": 1.0}
_EXPLOITED = 30.0  # whatever its severity: somebody uses it
_UNKNOWN = 1.0


class ExposureLevel(StrEnum):
    """The API's words, from nothing open to much."""

    NONE = "None"
    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"


def points_of(severity: str, *, exploited: bool) -> float:
    """What one open CVE weighs."""
    return _EXPLOITED if exploited else _POINTS.get(severity, _UNKNOWN)


def exposure_score(points: float) -> float:
    """From 0 (nothing open) up to 100, which is never reached."""
    return 100.0 * (1.0 - math.exp2(-points / HALF))


def exposure_level(score: float) -> ExposureLevel:
    """The word for a machine's score."""
    if score <= 0:
        return ExposureLevel.NONE
    if score < 40:
        return ExposureLevel.LOW
    return ExposureLevel.MEDIUM if score < 75 else ExposureLevel.HIGH
