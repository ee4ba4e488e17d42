"""Time calls and programs, and watch the memory of a program and of all that it starts."""

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_GLANCE = 0.02  # seconds between two looks at the memory


@dataclass(frozen=True, slots=True)
class Run:
    """One program, from its start to its end: wall and processor seconds, peak memory in MB of it and its children."""

    wall: float
    cpu: float
    peak: float
    output: bytes


@dataclass(slots=True)
class Timed:
    """Seconds that a block took, once it is over."""

    wall: float = 0.0
    cpu: float = field(default=0.0)


@contextmanager
def timed() -> Iterator[Timed]:
    """Time a block by the wall and by this process's processor time, which other programs disturb less."""
    result = Timed()
    wall, cpu = time.perf_counter(), time.process_time()
    yield result
    result.wall, result.cpu = time.perf_counter() - wall, time.process_time() - cpu


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


def run(command: Sequence[str], *, codes: Sequence[int] = (0,)) -> Run:
    """Run a program to its end; it must exit with one of ``codes``.

    The peak is the most that the program and all its descendants held at once, each page of memory that several of
    them share counted in equal parts (PSS), by looks at ``/proc`` every 20 ms; of a program without children the
    kernel's own figure, which misses nothing.
    """
    started, before = time.perf_counter(), os.times()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        watch = _Watch(process.pid)
        watch.start()
        output = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall, after = time.perf_counter() - started, os.times()
    watch.stop()
    assert process.returncode in codes, f"{command} exited with {process.returncode}"
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    alone = usage.ru_maxrss / 1024
    return Run(wall=wall, cpu=cpu, peak=max(alone, watch.peak) if watch.saw_children else alone, output=output)


class _Watch(threading.Thread):
    """Looks at the memory of a process and of its descendants until told to stop."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._over = threading.Event()
        self.peak = 0.0
        self.saw_children = False

    def run(self) -> None:
        while not self._over.wait(_GLANCE):
            pids = [self._pid, *_descendants(self._pid)]
            self.saw_children = self.saw_children or len(pids) > 1
            if len(pids) > 1:
                self.peak = max(self.peak, sum(_pss(pid) for pid in pids))

    def stop(self) -> None:
        self._over.set()
        self.join()


def _descendants(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []  # it has ended
    return [found for child in children for found in (child, *_descendants(child))]


def _pss(pid: int) -> float:
    """Megabytes of memory of one process, shared pages in equal parts; 0 when it has ended."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return 0.0
    line = next((line for line in rollup.splitlines() if line.startswith("Pss:")), "Pss: 0 kB")
    return int(line.split()[1]) / 1024
