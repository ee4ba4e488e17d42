"""Write one line of JSON for each request: who, what, how it went, how long it took; never a query, a header or a body.

Some clients put their secret into the query of an ordinary request. The path is written as it came, percent-encoded, so
that nobody can forge a line.
"""

import logging
from datetime import datetime

import msgspec

from kbgap.auth.permissions import Principal

access_log = logging.getLogger("kbgap.access")
_LONGEST_PATH = 2_048


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


def log_access(
    now: datetime,
    asked: tuple[str, bytes],
    answered: tuple[int, int, float],
    correlation_id: str,
    principal: Principal | None,
) -> None:
    """Log a request: method and raw path; status, bytes of the body and seconds; the id that its errors carry."""
    method, path = asked
    status, length, seconds = answered
    line = _Line(
        time=now,
        method=method,
        path=path[:_LONGEST_PATH].decode("ascii", "backslashreplace"),
        status=status,
        ms=round(seconds * 1000, 2),
        bytes=length,
        id=correlation_id,
        tenant=principal.tenant_guid if principal else "",
        client=principal.client_id if principal else "",
    )
    access_log.info("%s", _ENCODER.encode(line).decode())
