"""Give the browser the one style sheet of the pages."""

from functools import cache
from importlib.resources import files

from starlette.responses import Response

from kbgap.server.operation import Call

_KEPT = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}


async def answer_style(call: Call) -> Response:  # noqa: ARG001 - it is the same for everybody
    """``/pages.css``."""
    return Response(_style(), media_type="text/css; charset=utf-8", headers=_KEPT)


@cache
def _style() -> bytes:
    return files("kbgap.server.pages").joinpath("pages.css").read_bytes()
