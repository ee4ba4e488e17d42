"""A benchmark's figure says whether it meets its target, whichever way round the target is."""

import pytest

from bench.figures import Figure, in_words


@pytest.mark.parametrize(
    ("value", "target", "is_least", "judgement"),
    [
        (0.2, 0.3, False, "met"),
        (0.6, 0.3, False, "missed, 2 times"),
        (2_000, 1_000, True, "met"),
        (500, 1_000, True, "missed, 2 times"),
        (3, 0, False, "missed"),
        (500, None, True, ""),
    ],
)
def test_a_figure_is_judged_by_its_target(value: float, target: float | None, is_least: bool, judgement: str) -> None:
    """Seconds are to be few, requests a second many."""
    assert Figure("it", value, "s", target, is_least=is_least).judgement == judgement


def test_numbers_have_three_digits() -> None:
    """More would pretend that the next run gives the same."""
    assert [in_words(value) for value in (0.12345, 12.345, 12345.6)] == ["0.123", "12.3", "12,346"]
