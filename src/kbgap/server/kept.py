"""Keep a value that takes time to work out, so that however often it is asked for, little time goes into it."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_KEPT_FOR = 30.0  # seconds
_SHARE = 20.0  # and for so many times as long as it took: a twentieth of one thread's time at most


class Kept(Generic[T]):
    """What ``work`` gives, worked out anew when it is old; safe to call from several threads."""

    def __init__(self, work: Callable[[], T], clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is worked out before it is asked for."""
        self._work = work
        self._clock = clock
        self._lock = threading.Lock()
        self._value: T | None = None
        self._good_until = float("-inf")

    def __call__(self) -> T:
        """The value; an error is not kept."""
        with self._lock:
            began = self._clock()
            if self._value is None or began >= self._good_until:
                self._value = None
                self._value = self._work()
                ended = self._clock()
                self._good_until = ended + max(_KEPT_FOR, _SHARE * (ended - began))
            return self._value
