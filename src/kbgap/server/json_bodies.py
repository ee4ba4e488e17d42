"""Read small JSON bodies into their types; a member that is missing is named, and so is one that is wrong."""

import re
from typing import TypeVar

import msgspec

from kbgap.server.bodies import read_body
from kbgap.server.errors import BadBody, MissingParameter
from kbgap.server.operation import Call

T = TypeVar("T", bound=msgspec.Struct)

_LARGEST = 64 * 1024
_MISSING = re.compile(r"Object missing required field `(\w+)`")


async def read_json(call: Call, of: type[T]) -> T:
    """The body as a value of this type. Letter case of members counts, as the service has it; others are ignored."""
    body = await read_body(call.request, _LARGEST)
    try:
        return msgspec.json.decode(body, type=of)
    except msgspec.ValidationError as error:
        missing = _MISSING.match(str(error))
        if missing is not None:
            raise MissingParameter(
                f"The member {missing[1]!r} is missing in the body", mend="letter case counts"
            ) from error
        raise BadBody(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadBody("The body is no JSON that can be read", mend="send one JSON object") from error
