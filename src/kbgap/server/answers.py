"""Write answers: JSON in plain ASCII, with Defender's envelope around rows.

Everything beyond ASCII is escaped, because some clients read answers as ASCII and skip what they cannot read
(DefectDojo's import of saved answers).
"""

import re

import msgspec
from starlette.responses import Response

JSON = "application/json; charset=utf-8"
ODATA_JSON = "application/json; odata.metadata=minimal; charset=utf-8"

_VERSION = {"OData-Version": "4.0"}
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_ENCODER = msgspec.json.Encoder()


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


def odata_answer(body: bytes) -> Response:
    """An answer of the OData API, whose body is JSON already."""
    return Response(body, media_type=ODATA_JSON, headers=_VERSION)


def text_answer(text: str) -> Response:
    """A bare value, as ``/$count`` gives it."""
    return Response(text, media_type="text/plain; charset=utf-8", headers=_VERSION)


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
