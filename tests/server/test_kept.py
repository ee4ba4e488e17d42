"""A value that takes time is worked out rarely, however often it is asked for."""

from collections.abc import Iterator

import pytest

from kbgap.server.kept import Kept


class Work:
    """Takes so many seconds of its own clock, and counts how often it was done."""

    def __init__(self, seconds: float) -> None:
        self.now, self.done, self._seconds = 0.0, 0, seconds

    def __call__(self) -> int:
        """Work."""
        self.done += 1
        self.now += self._seconds
        return self.done


@pytest.mark.parametrize(("seconds", "asked_every", "times"), [(0.1, 15.0, 4), (10.0, 15.0, 1)])
def test_it_is_kept_for_longer_the_longer_it_takes(seconds: float, asked_every: float, times: int) -> None:
    """Half a minute, or twenty times what it took."""
    work = Work(seconds)
    kept = Kept(work, lambda: work.now)

    for _ in range(8):
        kept()
        work.now += asked_every

    assert work.done == times


def test_an_error_is_not_kept() -> None:
    """The next one who asks tries again."""
    outcomes: Iterator[int] = iter([0, 7])
    kept = Kept(lambda: 7 // next(outcomes))

    with pytest.raises(ZeroDivisionError):
        kept()

    assert kept() == 1
