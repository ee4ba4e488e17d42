"""Write what belongs together in one go: uvicorn writes the head and the body of an answer one after the other.

Each write of a small answer costs as much as all the rest of it, and wakes the client up for half an answer.
"""

import asyncio
from typing import Any

_LARGE = 64 * 1024  # bytes; putting more than that together costs more than another write


class GatheringTransport(asyncio.Transport):
    """A transport that passes on together what is written to it before the event loop goes on.

    It has what uvicorn uses of a transport; the loop speaks to the real one.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        """Nothing is waiting."""
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it for a moment; what is large goes out at once, behind what was kept."""
        if len(data) >= _LARGE:
            self._flush()
            self._transport.write(data)
            return
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(bytes(data))

    def close(self) -> None:
        """Close it once everything is written."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close it without what is still to be written."""
        self._waiting.clear()
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it is closed, or about to be."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as in asyncio
        """What the real one knows of its socket."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Read nothing for a while."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._transport.resume_reading()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting and not self._transport.is_closing():
            self._transport.write(b"".join(waiting))
