"""Have the keys of external issuers at hand, without one slow issuer keeping requests waiting."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from anyio import CapacityLimiter, to_thread

from kbgap.auth.issuers import Issuer
from kbgap.auth.jwks import PublishedKeys
from kbgap.auth.signatures import PublicKey


class IssuerKeys:
    """The keys of all external issuers; used from one thread (the server's event loop)."""

    def __init__(self, issuers: tuple[Issuer, ...], proxies: dict[str, str] | None = None) -> None:
        """Fetching has threads of its own, one for each issuer, so that it takes none from the database."""
        self.issuers = issuers
        self._published: Mapping[str, PublishedKeys] = {
            issuer.issuer: PublishedKeys(issuer, proxies=proxies) for issuer in issuers
        }
        self._locks = {issuer.issuer: asyncio.Lock() for issuer in issuers}
        self._threads = CapacityLimiter(max(1, len(issuers)))
        self._refreshing: set[asyncio.Task[None]] = set()

    @property
    def withdrawals(self) -> int:
        """A number that rises when an issuer has withdrawn a key."""
        return sum([published.withdrawals for published in self._published.values()]) if self._published else 0

    async def find(self, issuer: Issuer, kid: str, now: datetime) -> PublicKey | None:
        """An issuer's key by its id; Unavailable when the issuer's keys cannot be had at all."""
        published, lock = self._published[issuer.issuer], self._locks[issuer.issuer]
        if published.must_fetch(kid, now):
            async with lock:  # whoever waited finds what the first one fetched
                if published.must_fetch(kid, now):
                    await self._fetch(published, now)
        elif published.is_old(now) and not lock.locked():
            task = asyncio.create_task(self._refresh(published, lock, now))
            self._refreshing.add(task)
            task.add_done_callback(self._refreshing.discard)
        return published.get(kid, now)

    async def _refresh(self, published: PublishedKeys, lock: asyncio.Lock, now: datetime) -> None:
        async with lock:
            if published.is_old(now):
                await self._fetch(published, now)

    async def _fetch(self, published: PublishedKeys, now: datetime) -> None:
        await to_thread.run_sync(lambda: published.fetch(now), limiter=self._threads, abandon_on_cancel=True)
