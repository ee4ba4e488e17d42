"""How long compiling the catalogue takes, from Microsoft's files to the file that is current, and how much memory."""

import tempfile
from pathlib import Path

from bench.clock import kbgap, median, run
from bench.figures import Benchmark, Figure
from bench.given import Given, size
from kbgap.catalogue.shelf import Shelf


def measure(given: Given) -> Benchmark:
    """Refresh into an empty folder: read every document, correct, compile, write."""
    if given.documents is None:
        return Benchmark("compile", f"nothing to measure on {given.name}", ())
    rounds = size("compiles", 1)
    runs, bytes_written = [], 0
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="kbgap-bench-") as folder:
            runs.append(run(kbgap("catalogue", "refresh", "--from", given.documents, "--data-dir", folder)))
            with Shelf(Path(folder) / "catalogue").current() as catalogue:
                bytes_written = catalogue.path.stat().st_size
    figures = (
        Figure("whole refresh from files: median", median([one.wall for one in runs]), "s", 25),
        Figure("processor time of all its processes", median([one.cpu for one in runs]), "s"),
        Figure("peak memory of all its processes", max(one.peak for one in runs), "MB", 500),
        Figure("catalogue file", bytes_written / 1e6, "MB"),
    )
    documents = sum(1 for _ in given.documents.glob("*.xml*"))
    return Benchmark("compile", f"{documents} documents into an empty folder, {rounds} times", figures)
