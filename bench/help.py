"""How long ``kbgap --help`` takes, beside Python itself."""

import sys

from bench.clock import kbgap, median, run_in_turn
from bench.figures import Benchmark, Figure
from bench.given import Given, size


def measure(_given: Given) -> Benchmark:
    """Start the programs over and over, in turn."""
    rounds = size("starts", 15)
    took = run_in_turn(
        {
            "kbgap --help": kbgap("--help"),
            "kbgap audit --help": kbgap("audit", "--help"),
            "Python that does nothing": [sys.executable, "-c", "pass"],
        },
        rounds,
    )
    figures: list[Figure] = []
    for name, runs in took.items():
        target = 0.2 if name.startswith("kbgap") else None
        figures += [
            Figure(f"{name}: median", median([run.wall for run in runs]), "s", target),
            Figure(f"{name}: fastest", min(run.wall for run in runs), "s"),
            Figure(f"{name}: processor time", median([run.cpu for run in runs]), "s"),
        ]
    return Benchmark("help", f"{rounds} starts of each, in turn", tuple(figures))
