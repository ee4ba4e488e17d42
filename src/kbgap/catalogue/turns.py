"""Let one process at a time change the catalogue of a data folder, and remember how the last one ended.

The lock belongs to an open file, so it ends with its process, however that ends. What is remembered is written when a
turn begins and when it ends: a turn that has begun, and that nobody holds, was broken off.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from kbgap.core.errors import KbgapError, Unavailable
from kbgap.core.model import Value

_LOCK, _RECORD = ".turn.lock", "last-refresh.json"
_PATIENCE = 0.2  # seconds; whoever only looks holds the lock for much less


class Outcome(StrEnum):
    """What became of a turn."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    BROKEN_OFF = "broken off"


class Turn(Value, frozen=True, rename="camel"):
    """One turn: when it began and ended, in which process, what became of it, and what it said of that at its end."""

    outcome: Outcome
    started_at: datetime
    ended_at: datetime | None
    process: int
    message: str


class Ending:
    """What a turn says of itself when it ends well."""

    def __init__(self) -> None:
        self.message = ""


@contextmanager
def one_turn(folder: Path, clock: Callable[[], datetime]) -> Iterator[Ending]:
    """Hold the turn of a folder while the block runs; what the block raises is remembered, and raised.

    Raises:
        Unavailable: another process has the turn, or the folder cannot be written.
    """
    with _locked(folder):
        began = Turn(outcome=Outcome.RUNNING, started_at=clock(), ended_at=None, process=os.getpid(), message="")
        _remember(folder, began)
        ending = Ending()
        try:
            yield ending
        except KbgapError as error:
            _end(folder, began, Outcome.FAILED, str(error), clock())
            raise
        except Exception as error:
            _end(folder, began, Outcome.FAILED, f"{type(error).__name__}: {error}", clock())
            raise
        _end(folder, began, Outcome.DONE, ending.message, clock())


def last_turn(folder: Path) -> Turn | None:
    """The turn that runs, or the one that ran last; None before the first, or when what was written is damaged."""
    try:
        turn = msgspec.json.decode((folder / _RECORD).read_bytes(), type=Turn)
    except (OSError, msgspec.DecodeError):
        return None
    if turn.outcome is Outcome.RUNNING and not _is_held(folder):
        return msgspec.structs.replace(turn, outcome=Outcome.BROKEN_OFF)
    return turn


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = _open_lock(folder)
    try:
        if not _take(descriptor, fcntl.LOCK_EX, _PATIENCE):
            running = last_turn(folder)
            who = f" (process {running.process}, since {running.started_at:%Y-%m-%d %H:%M:%S} UTC)" if running else ""
            raise Unavailable(
                f"another refresh or import is running{who}", where=str(folder), mend="try again when it has ended"
            )
        yield
    finally:
        os.close(descriptor)


def _open_lock(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise Unavailable(f"the folder cannot be written ({error.strerror})", where=str(folder)) from error


def _take(descriptor: int, kind: int, patience: float) -> bool:
    """Take the lock of an open file, waiting for a moment; False when somebody else keeps it."""
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)
        else:
            return True


def _is_held(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _take(descriptor, fcntl.LOCK_SH, 0.0)
    finally:
        os.close(descriptor)


def _end(folder: Path, began: Turn, outcome: Outcome, message: str, now: datetime) -> None:
    _remember(folder, msgspec.structs.replace(began, outcome=outcome, ended_at=now, message=message))


def _remember(folder: Path, turn: Turn) -> None:
    """Write it whole or not at all."""
    partial = folder / f".{_RECORD}-{os.getpid()}"
    try:
        partial.write_bytes(msgspec.json.encode(turn))
        partial.replace(folder / _RECORD)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise Unavailable(f"the folder cannot be written ({error.strerror})", where=str(folder)) from error
