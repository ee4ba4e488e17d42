"""Bound how often a client, and a tenant, may ask: each process counts for itself.

A limit of 100/1m lets 100 requests through at once, and then one for each 0.6 seconds that pass (the generic cell rate
algorithm: one number for each client and limit, however many requests it sends).
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from datetime import datetime

from kbgap.auth.permissions import Principal
from kbgap.server.errors import TooManyRequests
from kbgap.settings import Rate

_MOST_KEPT = 50_000  # clients and tenants whose requests are counted at once


class _Limit:
    """One rate for many askers: the moment at which each would have used up none of it."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._seconds = rate.period.total_seconds()
        self._each = self._seconds / rate.requests
        self._free_at: OrderedDict[Hashable, float] = OrderedDict()

    def waits(self, asker: Hashable, now: float) -> float:
        """Seconds until the asker may ask; 0 or less when it may now."""
        free_at = max(self._free_at.get(asker, now), now)
        return free_at + self._each - self._seconds - now

    def take(self, asker: Hashable, now: float) -> None:
        """Count one request."""
        self._free_at[asker] = max(self._free_at.get(asker, now), now) + self._each
        self._free_at.move_to_end(asker)
        if len(self._free_at) > _MOST_KEPT:
            self._free_at.popitem(last=False)


class Rates:
    """The limits of clients and of tenants; used from one thread (the server's event loop)."""

    def __init__(self, client: Sequence[Rate], tenant: Sequence[Rate]) -> None:
        """Without any rate nothing is limited."""
        self._client = [_Limit(rate) for rate in client]
        self._tenant = [_Limit(rate) for rate in tenant]

    def admit(self, principal: Principal, now: datetime) -> None:
        """Count a request, or raise TooManyRequests, which says when to ask again; what is refused does not count."""
        if not (self._client or self._tenant):
            return
        seconds = now.timestamp()
        client = (principal.tenant_guid, principal.client_id)
        asked: list[tuple[_Limit, Hashable, str]] = [(limit, client, "this application") for limit in self._client]
        asked += [(limit, principal.tenant_guid, "this tenant") for limit in self._tenant]
        for limit, asker, who in asked:
            wait = limit.waits(asker, seconds)
            if wait > 1e-6:  # what is left of adding up tenths
                raise TooManyRequests(f"The quota of {who} is reached: {limit.rate} requests", wait)
        for limit, asker, _ in asked:
            limit.take(asker, seconds)
