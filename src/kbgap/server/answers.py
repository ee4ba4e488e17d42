"""Write answers: JSON in plain ASCII, with Defender's envelope around rows.

Everything beyond ASCII is escaped, because some clients read answers as ASCII and skip what they cannot read
(DefectDojo's import of saved answers).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.responses import Response

JSON = "application/json; charset=utf-8"
ODATA_JSON = "application/json; odata.metadata=minimal; charset=utf-8"

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_ENCODER = msgspec.json.Encoder()


class Page(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A list as OData writes it, in the order of its members; count and link are there only when they have a value."""

    context: str = msgspec.field(name="@odata.context")
    count: int | None = msgspec.field(name="@odata.count", default=None)
    value: Sequence[Any]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


def as_ascii_json(value: object) -> bytes:
    """The value as JSON in ASCII."""
    encoded = _ENCODER.encode(value)
    if encoded.isascii():
        return encoded
    # Outside of its strings JSON is ASCII, so that whatever is not stands where an escape may stand.
    return _BEYOND_ASCII.sub(_escaped, encoded.decode()).encode("ascii")


def answer_json(value: object, status: int = 200) -> Response:
    """An answer that is no part of the OData API."""
    return Response(as_ascii_json(value), status_code=status, media_type=JSON)


def answer_page(page: Page) -> Response:
    """A list of rows in its envelope."""
    return _odata(page)


def answer_entity(context: str, entity: object) -> Response:
    """One entity: its members beside the context."""
    members: Mapping[str, object] = msgspec.to_builtins(entity, builtin_types=())
    return _odata({"@odata.context": context, **members})


def _odata(members: object) -> Response:
    return Response(as_ascii_json(members), media_type=ODATA_JSON, headers={"OData-Version": "4.0"})


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
