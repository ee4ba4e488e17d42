"""The formula of exposure: from nothing open, which is 0, towards 100, and never backwards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.core.exposure import HALF, ExposureLevel, exposure_level, exposure_score, points_of


def test_nothing_open_is_no_exposure() -> None:
    """The word and the number agree."""
    assert exposure_score(0) == 0
    assert exposure_level(0) is ExposureLevel.NONE


def test_worse_cves_weigh_more() -> None:
    """Severity orders them, and one that is used weighs more than any that is not."""
    by_severity = [points_of(word, exploited=False) for word in ("Low", "Medium", "High", "Critical")]

    assert by_severity == sorted(by_severity)
    assert points_of("Low", exploited=True) > by_severity[-1]


def test_a_cve_without_a_known_severity_still_weighs() -> None:
    """What is open is never nothing."""
    assert points_of("", exploited=False) > 0


@pytest.mark.parametrize(("points", "score"), [(HALF, 50), (2 * HALF, 75), (3 * HALF, 87.5)])
def test_each_step_halves_the_distance(points: float, score: float) -> None:
    """As the documentation of the formula says."""
    assert exposure_score(points) == pytest.approx(score)


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_more_open_is_never_less_exposed(one: float, more: float) -> None:
    """The score stays between 0 and 100, and the words follow it."""
    low, high = exposure_score(one), exposure_score(one + more)
    words = list(ExposureLevel)

    assert 0 <= low <= high <= 100
    assert words.index(exposure_level(low)) <= words.index(exposure_level(high))
