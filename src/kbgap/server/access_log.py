"""Write one line of JSON for each request: who, what, how it went, how long it took; never a query, a header or a body.

Some clients put their secret into the query of an ordinary request. The path is written as it came, percent-encoded, so
that nobody can forge a line. Lines are gathered for a tenth of a second and written together: one by one they would
cost more than answering from memory does.
"""

import asyncio
from datetime import datetime
from typing import BinaryIO

import msgspec

from kbgap.auth.permissions import Principal

_LONGEST_PATH = 2_048
_GATHERED_FOR = 0.1  # seconds
_MOST_GATHERED = 1_000  # lines


class Answered(msgspec.Struct, frozen=True):
    """One request that was answered: its raw path, the bytes of the answer's body, and how long it took in seconds.

    ``correlation_id`` is that of an error, else empty.
    """

    method: str
    path: bytes
    status: int
    length: int
    seconds: float
    correlation_id: str
    principal: Principal | None


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    time: datetime
    method: str
    path: str
    status: int
    ms: float
    bytes: int
    id: str = ""
    tenant: str = ""
    client: str = ""


_ENCODER = msgspec.json.Encoder()


class AccessLog:
    """Writes to a stream from one thread (the server's event loop); without a stream it writes nothing."""

    def __init__(self, stream: BinaryIO | None) -> None:
        """The caller closes the stream, after ``flush``."""
        self._stream = stream
        self._gathered: list[bytes] = []

    @property
    def is_on(self) -> bool:
        """Whether anything is written."""
        return self._stream is not None

    def write(self, now: datetime, answered: Answered) -> None:
        """Write a line, a moment later."""
        principal = answered.principal
        line = _Line(
            time=now,
            method=answered.method,
            path=answered.path[:_LONGEST_PATH].decode("ascii", "backslashreplace"),
            status=answered.status,
            ms=round(answered.seconds * 1000, 2),
            bytes=answered.length,
            id=answered.correlation_id,
            tenant=principal.tenant_guid if principal else "",
            client=principal.client_id if principal else "",
        )
        if not self._gathered:
            asyncio.get_running_loop().call_later(_GATHERED_FOR, self.flush)
        self._gathered.append(_ENCODER.encode(line))
        if len(self._gathered) >= _MOST_GATHERED:
            self.flush()

    def flush(self) -> None:
        """Write what was gathered."""
        if self._stream is not None and self._gathered:
            lines, self._gathered = self._gathered, []
            self._stream.write(b"\n".join(lines) + b"\n")
            self._stream.flush()
