"""Stand at the door: find out who sends a request, and let in those who may do what they ask.

A token that was verified before costs one look into a memory; signing keys and tenants are read again every so often,
so that a withdrawn key or a deleted tenant is noticed by every server process within ``KEYS_ARE_FRESH`` and
``TENANTS_ARE_FRESH``.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NewType, TypeVar

from anyio import CapacityLimiter, to_thread

from kbgap.auth.cache import VerifiedTokens
from kbgap.auth.external import verify_external
from kbgap.auth.faults import BadToken, Fault
from kbgap.auth.issuers import find_issuer
from kbgap.auth.keys import KeyRing
from kbgap.auth.permissions import ApplicationPermission, DelegatedPermission, Principal
from kbgap.auth.signatures import Unproved, read_token
from kbgap.auth.tokens import Authority, Verified, verify_token
from kbgap.core.errors import Denied
from kbgap.server.issuer_keys import IssuerKeys

T = TypeVar("T")

KEYS_ARE_FRESH = timedelta(seconds=60)
KEYS_MAY_BE_READ_AGAIN = timedelta(seconds=1)  # for a key that is not known: another process may have made it
REMEMBERED_FOR = timedelta(hours=1)  # then an external issuer's keys are asked for again, however long its tokens live
TENANTS_ARE_FRESH = timedelta(seconds=2)
_MOST_TENANTS = 10_000

Authorization = NewType("Authorization", str)


class Gate:
    """Admits requests; used from one thread (the server's event loop)."""

    def __init__(
        self,
        authority: Authority,
        read_ring: Callable[[datetime], KeyRing],
        has_tenant: Callable[[str], bool],
        threads: CapacityLimiter,
        issuer_keys: IssuerKeys,
    ) -> None:
        """``read_ring`` and ``has_tenant`` read the database, so they are called in a thread."""
        self.authority = authority
        self._read_ring = read_ring
        self._has_tenant = has_tenant
        self._threads = threads
        self._issuer_keys = issuer_keys
        self._withdrawals = 0
        self._verified = VerifiedTokens()
        self._ring: KeyRing | None = None
        self._ring_read_at: datetime | None = None
        self._tenants: dict[str, datetime] = {}

    def known(
        self,
        header: Authorization,
        application: tuple[ApplicationPermission, ...],
        delegated: tuple[DelegatedPermission, ...],
        now: datetime,
    ) -> Principal | None:
        """As ``admit``, for a request that needs nothing to be looked up; None for every other, good or bad."""
        has_keys = self._ring_read_at is not None and now - self._ring_read_at < KEYS_ARE_FRESH
        if not has_keys or self._issuer_keys.withdrawals != self._withdrawals or not header.startswith("Bearer "):
            return None
        principal = self._verified.get(header[7:], now)
        if principal is None or not principal.may(application, delegated):
            return None
        known_at = self._tenants.get(principal.tenant_guid)
        return principal if known_at is not None and now - known_at < TENANTS_ARE_FRESH else None

    async def admit(
        self,
        header: Authorization,
        application: tuple[ApplicationPermission, ...],
        delegated: tuple[DelegatedPermission, ...],
        now: datetime,
    ) -> Principal:
        """Who the request speaks for: BadToken when nobody, Denied when somebody who may not do this."""
        token = _bearer(header)
        await self._forget_withdrawn(now)
        principal = self._verified.get(token, now) or await self._verify(token, now)
        if not await self._is_tenant(principal.tenant_guid, now):
            raise BadToken(Fault.TENANT)
        if not principal.may(application, delegated):
            raise _denied(principal, application, delegated)
        return principal

    async def ring(self, now: datetime, fresh: timedelta = KEYS_ARE_FRESH) -> KeyRing:
        """The signing keys, read not longer ago than ``fresh``."""
        if self._ring is None or self._ring_read_at is None or now - self._ring_read_at >= fresh:
            ring = await self._in_thread(lambda: self._read_ring(now))
            if self._ring is not None and not self._ring.kids <= ring.kids:
                self._verified.clear()  # a key was withdrawn, and with it what it signed
            self._ring, self._ring_read_at = ring, now
        return self._ring

    async def _forget_withdrawn(self, now: datetime) -> None:
        """Have fresh keys, and remember no token that was signed with one that is no longer there."""
        await self.ring(now)
        withdrawals = self._issuer_keys.withdrawals
        if withdrawals != self._withdrawals:
            self._withdrawals = withdrawals
            self._verified.clear()

    async def _verify(self, token: str, now: datetime) -> Principal:
        unproved = read_token(token)
        issuer = find_issuer(self._issuer_keys.issuers, unproved.issuer)
        if issuer is None:
            verified = await self._verify_ours(unproved, now)
        else:
            key = await self._issuer_keys.find(issuer, unproved.kid, now)
            verified = verify_external(unproved, key, issuer, now)
        self._verified.put(token, replace(verified, expires_at=min(verified.expires_at, now + REMEMBERED_FOR)))
        return verified.principal

    async def _verify_ours(self, token: Unproved, now: datetime) -> Verified:
        try:
            return verify_token(token, await self.ring(now), self.authority, now)
        except BadToken as bad:
            if bad.fault is not Fault.KEY:
                raise
        return verify_token(token, await self.ring(now, KEYS_MAY_BE_READ_AGAIN), self.authority, now)

    async def _is_tenant(self, guid: str, now: datetime) -> bool:
        known_at = self._tenants.get(guid)
        if known_at is not None and now - known_at < TENANTS_ARE_FRESH:
            return True
        if not await self._in_thread(lambda: self._has_tenant(guid)):
            return False
        if len(self._tenants) >= _MOST_TENANTS:
            self._tenants.clear()
        self._tenants[guid] = now
        return True

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=self._threads)


def _bearer(header: Authorization) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BadToken(Fault.ABSENT)
    return token.strip()


def _denied(
    principal: Principal, application: tuple[ApplicationPermission, ...], delegated: tuple[DelegatedPermission, ...]
) -> Denied:
    """The service's own words: clients cut the permissions out of them."""
    if principal.scopes and not principal.roles:
        needed, held = ",".join(delegated), ",".join(sorted(principal.scopes))
        return Denied(f"Missing user scopes. API required scopes: {needed}, user scopes: {held}")
    needed, held = ",".join(application), ",".join(sorted(principal.roles))
    return Denied(f"Missing application roles. API required roles: {needed}, application roles: {held}")
