"""Run one program from a small process, and write what it took: ``python watched.py FILE-DESCRIPTOR COMMAND ...``.

The kernel takes the memory of whoever starts a program for that program's own peak, so a benchmark that has a whole
catalogue in memory must not start it itself.
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

_GLANCE = 0.02  # seconds between two looks at the memory


def main(command: list[str], report_to: int) -> int:
    """Run the program; its exit code is ours, and ``report_to`` gets seconds and megabytes."""
    started = time.perf_counter()
    process = subprocess.Popen(command)
    watch = _Watch(process.pid)
    watch.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = code = os.waitstatus_to_exitcode(status)
    watch.stop()
    # The kernel's figure is that of the largest single process and misses nothing; the sum is what we saw in time.
    took = {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": max(usage.ru_maxrss / 1024, watch.peak),
    }
    os.write(report_to, json.dumps(took).encode())
    return code


class _Watch(threading.Thread):
    """Looks at the memory that a process and its descendants hold together, until told to stop."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._over = threading.Event()
        self.peak = 0.0

    def run(self) -> None:
        while not self._over.wait(_GLANCE):
            children = descendants(self._pid)
            if children:
                self.peak = max(self.peak, sum(proportional_mb(pid) for pid in (self._pid, *children)))

    def stop(self) -> None:
        self._over.set()
        self.join()


def descendants(pid: int) -> list[int]:
    """All processes that a process has started, and those that they have started; none when it has ended."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text("ascii").split()]
    except OSError:
        return []
    return [one for child in found for one in (child, *descendants(child))]


def proportional_mb(pid: int) -> float:
    """Megabytes of one process, each page that several share counted in equal parts; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], int(sys.argv[1])))
