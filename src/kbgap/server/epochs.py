"""Know under which epoch a tenant's counts are published, without asking the database on every request.

An epoch that was read less than a second ago is used as it is. One that is older is read again while the request goes
on with it, and one older than a second and a half is waited for. So every process answers with what was written within
two seconds (ARCHITECTURE 3), and at once with what it wrote itself (``forget``).
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

FRESH_FOR = 1.0  # seconds
GOOD_FOR = 1.5
_MOST_TENANTS = 10_000

Epoch = tuple[str | None, int]  # the catalogue's revision, and the number


@dataclass(slots=True)
class _Read:
    epoch: Epoch
    read_at: float


class Epochs:
    """The epochs of tenants; used from one thread (the server's event loop)."""

    def __init__(self, read: Callable[[str], Awaitable[Epoch]], clock: Callable[[], float] = time.monotonic) -> None:
        """``read`` asks the database for the epoch of a tenant, given by its GUID."""
        self._read = read
        self._clock = clock
        self._known: OrderedDict[str, _Read] = OrderedDict()
        self._reading: dict[str, asyncio.Task[Epoch]] = {}
        self._moved_at: float | None = None

    @property
    def age(self) -> float | None:
        """Seconds since this process last saw counts published under a new epoch; None before the first time."""
        return None if self._moved_at is None else self._clock() - self._moved_at

    def known(self, tenant: str) -> Epoch | None:
        """The tenant's epoch when it was read less than a second ago; None when it has to be read."""
        known = self._known.get(tenant)
        return known.epoch if known is not None and self._clock() - known.read_at < FRESH_FOR else None

    async def of(self, tenant: str) -> Epoch:
        """The tenant's epoch, at most a second and a half old."""
        known = self._known.get(tenant)
        if known is not None:
            age = self._clock() - known.read_at
            if age < FRESH_FOR:
                return known.epoch
            reading = self._again(tenant)
            if age < GOOD_FOR:
                return known.epoch
        else:
            reading = self._again(tenant)
        return await asyncio.shield(reading)

    def forget(self, tenant: str) -> None:
        """Read anew for the next request: this process has just written."""
        self._known.pop(tenant, None)
        self._reading.pop(tenant, None)  # it may have begun before what was written

    def _again(self, tenant: str) -> "asyncio.Task[Epoch]":
        reading = self._reading.get(tenant)
        if reading is None:
            reading = self._reading[tenant] = asyncio.create_task(self._keep(tenant, self._clock()))
            reading.add_done_callback(lambda task: self._ended(tenant, task))
        return reading

    async def _keep(self, tenant: str, began: float) -> Epoch:
        epoch = await self._read(tenant)
        if self._reading.get(tenant) is asyncio.current_task():
            before = self._known.get(tenant)
            if before is None or before.epoch != epoch:
                self._moved_at = self._clock()
            self._known[tenant] = _Read(epoch, began)
            self._known.move_to_end(tenant)
            if len(self._known) > _MOST_TENANTS:
                self._known.popitem(last=False)
        return epoch

    def _ended(self, tenant: str, task: "asyncio.Task[Epoch]") -> None:
        if self._reading.get(tenant) is task:
            del self._reading[tenant]
        if not task.cancelled():
            task.exception()  # whoever waits for it gets it; without anybody it is asked again at the next request
