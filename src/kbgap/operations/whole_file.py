"""Make a file in a folder beside its place, and give it its name when it is whole: nobody ever sees a part of it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from kbgap.core.errors import Invalid, Unavailable

_LOCK = ".lock"


@contextmanager
def whole_file(target: Path, *, replace: bool) -> Iterator[Path]:
    """A place to write the file to, in a folder of its own, which is gone when the block ends, however it ends.

    What a process that was killed left there is taken away by the next one that writes the same file.

    Raises:
        Invalid: the file is there already, and ``replace`` does not allow that, or it is a folder.
        Unavailable: the folder cannot be written.
    """
    if target.is_dir() or (target.exists() and not replace):
        raise Invalid("the file is there already", where=str(target), mend="give another name, or --replace")
    folder = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        folder.mkdir(mode=0o700)
        with (folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield folder / target.name
                _settle(folder / target.name, target)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise Unavailable(f"the file cannot be written ({error.strerror})", where=str(target)) from error


def _settle(partial: Path, target: Path) -> None:
    """On the disk before it has its name."""
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.replace(target)


def _sweep(target: Path) -> None:
    """Take away what processes that are no more have left: nobody holds their locks."""
    for folder in target.parent.glob(f".{escape(target.name)}.*.partial"):
        try:
            with (folder / _LOCK).open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # it is in use
