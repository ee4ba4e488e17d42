"""Drive a real headless Chromium over a pipe, as a person would: open, type, press, look."""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Its own sandbox does not start for root, as whom tests run in containers; it sees nothing but our own pages.
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-pipe",
)
_KEYS = {"Tab": ("\t", 9), "Enter": ("\r", 13)}


class Browser:
    """One tab. It asks over a pipe and waits for each answer; what the page writes to its console is kept."""

    def __init__(self, to: BinaryIO, answers: BinaryIO) -> None:
        """Open the tab."""
        self._to, self._answers = to, answers
        self._asked = 0
        self._session: str | None = None
        self._happened: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Go to an address, and wait until all of it is there."""
        self._happened.clear()
        self._ask("Page.navigate", url=url)
        self.wait_for_page()

    def wait_for_page(self) -> None:
        """Wait until the page that is being loaded is there."""
        while not any(event["method"] == "Page.loadEventFired" for event in self._happened):
            self._read()
        self._happened.clear()

    def look(self, expression: str) -> Any:  # noqa: ANN401 - whatever the page holds
        """The value of an expression in the page: the tests' own eyes, no script of the page."""
        found = self._ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait_until(self, claim: str) -> None:
        """Wait until an expression in the page is true: what is drawn comes a moment after what is loaded."""
        for _ in range(100):
            if self.look(claim) is True:
                return
            time.sleep(0.05)
        raise AssertionError(claim)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self._ask("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press a key of the keyboard."""
        text, code = _KEYS[key]
        shared = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self._ask("Input.dispatchKeyEvent", type="keyDown", text=text, **shared)
        self._ask("Input.dispatchKeyEvent", type="keyUp", **shared)

    def without_scripts(self) -> None:
        """Run none of the page's scripts from now on."""
        self._ask("Emulation.setScriptExecutionDisabled", value=True)

    def resize(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """A window of this size, on a system that is light or dark."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path: Path) -> None:
        """Keep what can be seen as a PNG file."""
        shot = self._ask("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        self._asked += 1
        message: dict[str, Any] = {"id": self._asked, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        while True:
            answer = self._read()
            if answer.get("id") == self._asked:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _read(self) -> dict[str, Any]:
        read = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            assert byte, "the browser has ended"
            read += byte
        message: dict[str, Any] = json.loads(read)
        if "id" not in message:
            self._happened.append(message)
            if message["method"] == "Log.entryAdded":
                self.complaints.append(message["params"]["entry"]["text"])
        return message


@contextmanager
def browsing(profile: Path) -> Iterator[Browser]:
    """A browser with a new profile, which ends with the block."""
    assert CHROMIUM is not None
    theirs, to = os.pipe()
    answers, theirs_too = os.pipe()
    # Chromium wants its pipe as the descriptors 3 and 4.
    command = f'exec "$@" 3<&{theirs} 4>&{theirs_too}'
    arguments = ["bash", "-c", command, "bash", CHROMIUM, *_FLAGS, f"--user-data-dir={profile}"]
    process = subprocess.Popen(
        arguments,
        pass_fds=(theirs, theirs_too),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    os.close(theirs_too)
    try:
        with os.fdopen(to, "wb") as sending, os.fdopen(answers, "rb") as receiving:
            yield Browser(sending, receiving)
    finally:
        process.terminate()
        process.wait(timeout=30)
