"""The bare server that answers are compared with: an ASGI application that says hello, run as kbgap runs its own."""

import sys

from starlette.types import Receive, Scope, Send

from kbgap.server.run import listen, serve

_HELLO = b"hello"
_HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"5")]


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer everything alike."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _HELLO})


if __name__ == "__main__":
    serve(hello, listen("127.0.0.1", int(sys.argv[1])))
