"""Remember answers for as long as nothing that they tell has changed, within a bound of memory.

The key holds all that an answer depends on: the tenant, the epoch of its counts, the machine groups that the caller may
see, the address that links follow, the path and the query. An answer is good for half a minute at most, because some
depend on the time as well. Answers that tell what no epoch counts, such as when a machine was last seen, are never
remembered: ``Operation.is_remembered`` says which are.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

from kbgap.server.finished import Finished

GOOD_FOR = 30.0  # seconds
_LARGEST_PART = 8  # no answer may take more than this part of the memory


@dataclass(frozen=True, slots=True)
class _Entry:
    finished: Finished
    made_at: float


class Remembered:
    """The answers given last, at most ``bound`` bytes of them; used from one thread (the server's event loop)."""

    def __init__(self, bound: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin empty."""
        self._bound = bound
        self._clock = clock
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._making: dict[Hashable, asyncio.Event] = {}
        self.size = 0
        self.hits = 0
        self.misses = 0

    def get(self, key: Hashable) -> Finished | None:
        """The answer to the same question, when it is still good."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if self._clock() - entry.made_at >= GOOD_FOR:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        self.hits += 1
        return entry.finished

    async def get_or_make(self, key: Hashable, make: Callable[[], Awaitable[Finished]]) -> Finished:
        """The answer; many that ask the same at once wait for the first of them."""
        made = self._making.get(key)
        if made is not None:
            await made.wait()
        found = self.get(key)
        if found is not None:
            return found
        self.misses += 1
        made = self._making[key] = asyncio.Event()
        began = self._clock()
        try:
            finished = await make()
            self._put(key, _Entry(finished, began))
        finally:
            made.set()
            if self._making.get(key) is made:
                del self._making[key]
        return finished

    def _put(self, key: Hashable, entry: _Entry) -> None:
        if entry.finished.size * _LARGEST_PART > self._bound:
            return
        self._drop(key)
        self._entries[key] = entry
        self.size += entry.finished.size
        while self.size > self._bound:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= entry.finished.size
