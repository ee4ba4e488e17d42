"""Write and read ``$skiptoken``: where a walk over pages stands, as opaque text.

Inside is the base64 of a small JSON object with the sort values of the last row that was answered. A token is a place
in an order and nothing else: whose rows are read comes from the caller's access token every time, so a token that
somebody wrote himself reads no more than one that we wrote. What it holds is checked all the same, before any use.
"""

import base64
import binascii
from collections.abc import Sequence

import msgspec

from kbgap.odata.errors import ODataError, fault

Place = tuple[str | int | None, ...]

LONGEST = 4_000  # characters
_OPTION = "$skiptoken"
_INT64 = 2**63


class _Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    after: Place


def write_token(place: Place) -> str:
    """The token of a place; letters, digits, ``-`` and ``_`` only."""
    return base64.urlsafe_b64encode(msgspec.json.encode(_Token(after=place))).rstrip(b"=").decode("ascii")


def read_token(text: str, kinds: Sequence[type]) -> Place:
    """The place of a token, whose values must be of these kinds (str or int, or None instead); else ODataError."""
    if len(text) > LONGEST:
        raise _refusal()
    try:
        padded = text + "=" * (-len(text) % 4)
        token = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=_Token)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _refusal() from error
    if len(token.after) != len(kinds) or not all(map(_is_of, token.after, kinds)):
        raise _refusal()
    return token.after


def _is_of(value: str | int | None, kind: type) -> bool:
    if value is None:
        return True
    is_storable = "\x00" not in value if isinstance(value, str) else -_INT64 <= value < _INT64
    return isinstance(value, kind) and is_storable


def _refusal() -> ODataError:
    return fault(_OPTION, "this is no token of a page of this list", mend="begin again without it")
