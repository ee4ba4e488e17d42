"""Time calls, blocks and whole programs."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

_BYTECODE = Path(__file__).resolve().parent.parent / "build" / "bench" / "bytecode"
_TICKS = os.sysconf("SC_CLK_TCK")
_WATCHED = Path(__file__).with_name("watched.py")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One program from its start to its end: wall and processor seconds, and peak memory in MB.

    Both count all its descendants too. The memory of several processes is that which they hold together, by looks every
    20 ms, each page that they share in equal parts.
    """

    wall: float
    cpu: float
    peak: float


@dataclass(slots=True)
class Timed:
    """Seconds that something took, by the wall and of the processor, once it is over."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def timed() -> Iterator[Timed]:
    """Time a block by the wall and by this process's processor time, which other programs disturb less."""
    result = Timed()
    wall, cpu = time.perf_counter(), time.process_time()
    yield result
    result.wall, result.cpu = time.perf_counter() - wall, time.process_time() - cpu


@contextmanager
def watching_others() -> Iterator[Callable[[], float]]:
    """Gives the share of the processors (0 to 1) that other programs took in the block, for reading after it.

    Where it is high, wall-clock times say more about the neighbours than about kbgap.
    """
    before = _busy_seconds()
    share = 0.0
    yield lambda: share
    busy, ours, total = (after - begun for after, begun in zip(_busy_seconds(), before, strict=True))
    share = max(0.0, busy - ours) / total


def _busy_seconds() -> tuple[float, float, float]:
    """Processor seconds since the start: of all programs, of this one and its children, and all that there were."""
    fields = [int(field) for field in Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:9]]
    idle = fields[3] + fields[4]
    ours = os.times()
    mine = ours.user + ours.system + ours.children_user + ours.children_system
    return (sum(fields) - idle) / _TICKS, mine, sum(fields) / _TICKS


def micros(call: Callable[[], object], rounds: int = 5) -> float:
    """Microseconds that one call takes: the fastest of several rounds, which is the one disturbed least."""
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - started)
    return best * 1e6


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def kbgap(*arguments: str | Path) -> list[str]:
    """The command line of the installed program, as people run it."""
    return [str(Path(sys.executable).with_name("kbgap")), *(str(argument) for argument in arguments)]


def as_installed() -> dict[str, str]:
    """An environment in which Python finds its modules compiled, as it does where kbgap was installed by pip."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(_BYTECODE)}


def run(command: Sequence[str], *, codes: Sequence[int] = (0,)) -> Run:
    """Run a program to its end; it must exit with one of ``codes``."""
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as report:
        watched = [sys.executable, str(_WATCHED), str(write_end), *command]
        done = subprocess.run(watched, check=False, capture_output=True, env=as_installed(), pass_fds=(write_end,))
        os.close(write_end)
        took = report.read()
    if done.returncode not in codes:
        sys.exit(f"{' '.join(command)} exited with {done.returncode}: {done.stderr.decode()}")
    return msgspec.json.decode(took, type=Run)


def run_in_turn(
    commands: Mapping[str, Sequence[str]], rounds: int, codes: Sequence[int] = (0,)
) -> dict[str, list[Run]]:
    """Run programs so many times, one after another, so that whatever else the machine does meets them alike.

    A first round, which does not count, brings their files into memory.
    """
    for command in commands.values():
        run(command, codes=codes)
    took: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            took[name].append(run(command, codes=codes))
    return took
