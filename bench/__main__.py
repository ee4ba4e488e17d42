"""Run benchmarks by name, all of them without one, and print each one's table as soon as it is done."""

import sys
from importlib import import_module

from bench.clock import watching_others
from bench.figures import Benchmark, print_table
from bench.given import given

NAMES = ("help", "audit", "compile", "judge", "rejudge", "ingest", "answers", "growth", "concurrent", "export", "soak")


def main(names: list[str]) -> int:
    """The exit code tells whether they ran, never whether they were fast: that is for people to judge."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    catalogue = given()
    for name in names or NAMES:
        with watching_others() as others:
            benchmark: Benchmark = import_module(f"bench.{name}").measure(catalogue)
        print_table(benchmark, others())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
