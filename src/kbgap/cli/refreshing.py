"""Refresh the catalogue once a day while a server runs: in a process of its own, which takes no time from answers."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import assert_never

from kbgap.catalogue.turns import Outcome, Turn, last_turn
from kbgap.cli import context
from kbgap.settings import Settings

_DAY, _AGAIN = timedelta(days=1), timedelta(hours=1)
_LOOK = 600.0  # seconds; servers that share the folder see each other's refresh within this time
_TO_END = 10.0  # seconds that a refresh gets to end when the server does
_log = logging.getLogger(__name__)


@contextmanager
def refreshing(settings: Settings, config: Path | None) -> Iterator[None]:
    """Refresh whenever a day has passed since the last time, until the block ends; nothing when the setting is off.

    ``config``: the file of settings that the server was started with.
    """
    if settings.refresh == "off":
        yield
        return
    ended = threading.Event()

    def keep_refreshing() -> None:
        pause = 0.0
        while not ended.wait(pause):
            wait = until_due(last_turn(context.shelf_of(settings).folder), context.now())
            if wait:
                pause = min(wait.total_seconds(), _LOOK)
            else:
                pause = 1.0 if refresh(settings, config, ended) else _AGAIN.total_seconds()

    thread = threading.Thread(target=keep_refreshing, name="refresh", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def until_due(last: Turn | None, now: datetime) -> timedelta:
    """How long to wait: a day after a refresh that was done, an hour after one that failed, not after a broken one.

    Never longer than a day, so that a clock that was set back does not end the refreshes.
    """
    if last is None:
        return timedelta(0)
    match last.outcome:
        case Outcome.DONE:
            due = last.started_at + _DAY
        case Outcome.FAILED | Outcome.RUNNING:
            due = (last.ended_at or now) + _AGAIN
        case Outcome.BROKEN_OFF:
            due = now
        case _:
            assert_never(last.outcome)
    return min(max(due - now, timedelta(0)), _DAY)


def refresh(settings: Settings, config: Path | None, ended: threading.Event) -> bool:
    """Run one refresh, log what it says, and tell whether it went well; when the server ends meanwhile, so does it."""
    words = [sys.executable, "-m", "kbgap.cli.main", "catalogue", "refresh", "--data-dir", str(settings.data_dir)]
    process = subprocess.Popen(  # noqa: S603 - this very program
        [*words, *(["--config", str(config)] if config else [])],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = _what_it_says(process, ended)
    if ended.is_set() and process.returncode:
        _log.info("the refresh of the catalogue is broken off, and goes on when a server starts again")
        return False
    for line in said.splitlines():
        _log.log(logging.WARNING if process.returncode else logging.INFO, "refresh: %s", line)
    return process.returncode == 0


def _what_it_says(process: "subprocess.Popen[str]", ended: threading.Event) -> str:
    """Everything that a process has to say until it ends; it is told to end when the server is."""
    while True:
        try:
            return process.communicate(timeout=0.2)[0]
        except subprocess.TimeoutExpired:
            if ended.is_set():
                break
    process.terminate()
    try:
        return process.communicate(timeout=_TO_END)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0]
