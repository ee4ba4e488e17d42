"""Write sign-ins into the audit log, without making anybody wait for the database's writer.

Entries are gathered for a second and written together. A killed process loses that second; one that is told to stop
writes it. What is refused again and again, by the same client for the same reason, gets one entry a minute that tells
how often: nobody without a secret can fill the log.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from kbgap.core.errors import KbgapError
from kbgap.operations.sign_in import Attempt, SignInFault
from kbgap.store.audit import Entry

_GATHERED_FOR = 1.0  # seconds
_MOST_GATHERED = 10_000  # entries; more come only while the database is away
_TOGETHER_FOR = timedelta(minutes=1)
_MOST_REFUSED = 10_000  # clients whose refusals are counted at once

_log = logging.getLogger("kbgap.server")

_Who = tuple[str, str, SignInFault]


class SignInTrail:
    """The sign-ins that are still to be written; used from one thread (the server's event loop)."""

    def __init__(self, write: Callable[[list[Entry]], Awaitable[None]]) -> None:
        """``write`` writes entries to the audit log."""
        self._write = write
        self._gathered: list[Entry] = []
        self._refused: OrderedDict[_Who, tuple[datetime, int]] = OrderedDict()
        self._writing: asyncio.Task[None] | None = None

    def note(self, attempt: Attempt, now: datetime) -> None:
        """Keep a sign-in, or a refused one, for the log."""
        details: dict[str, str | int | None] = {"version": attempt.version, "audience": attempt.audience}
        if attempt.fault is not None:
            times = self._times(attempt.tenant, attempt.client_id, attempt.fault, now)
            if times is None:
                return
            details = {"reason": attempt.fault.value, "times": times}
        if len(self._gathered) >= _MOST_GATHERED:
            return
        action = "sign_in" if attempt.fault is None else "sign_in.refused"
        self._gathered.append(
            Entry(
                tenant=attempt.tenant,
                happened_at=now,
                actor=attempt.client_id,
                action=action,
                subject=attempt.client_id,
                details=details,
            )
        )
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_soon())

    async def flush(self) -> None:
        """Write what is gathered; what cannot be written is said in the server's log."""
        if not self._gathered:
            return
        entries, self._gathered = self._gathered, []
        try:
            await self._write(entries)
        except KbgapError as error:
            _log.error("%d sign-ins could not be written into the audit log: %s", len(entries), error)

    async def _write_soon(self) -> None:
        await asyncio.sleep(_GATHERED_FOR)
        self._writing = None
        await self.flush()

    def _times(self, tenant: str, client_id: str, fault: SignInFault, now: datetime) -> int | None:
        """How often it was refused since the last entry; None when that was less than a minute ago."""
        who = (tenant, client_id, fault)
        noted_at, times = self._refused.get(who, (None, 0))
        if noted_at is not None and now - noted_at < _TOGETHER_FOR:
            self._refused[who] = (noted_at, times + 1)
            return None
        self._refused[who] = (now, 0)
        self._refused.move_to_end(who)
        if len(self._refused) > _MOST_REFUSED:
            self._refused.popitem(last=False)
        return times + 1
