"""How cost grows with the fleet: the same things measured at 1,000 machines, at ten times as many, and so on."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import text

from bench.clock import median, timed
from bench.database import TENANT, postgresql, sqlite, with_tenant
from bench.figures import Benchmark, Figure
from bench.given import Given, size
from bench.images import PROGRAMS, bodies
from bench.machines import NOW
from kbgap.catalogue.file import CatalogueFile
from kbgap.inventory.decode import decode_reports
from kbgap.odata.options import Query
from kbgap.operations.check_database import check
from kbgap.operations.read_missing import missing_for_software
from kbgap.operations.read_software import software_machines
from kbgap.operations.read_vulnerabilities import machines_vulnerabilities
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import Database, open_database

_BATCH = 1_000
_SMALLEST = 1_000
_ASKED = "microsoft-_-windows_11"
_MIDDLE = ("8" * 40, "")  # machine ids are evenly spread
_PAGE = 10_000
_HEARTBEATS = 5  # batches that are sent again


@dataclass(slots=True)
class _Taken:
    """What taking reports has cost since it was last looked at."""

    reports: int = 0
    wall: float = 0.0
    cpu: float = 0.0


def measure(given: Given) -> Benchmark:
    """Grow one database on each store until it has so many machines, or the time is over."""
    seconds = 60.0 * size("minutes", 12)
    figures: list[Figure] = []
    stores = (("SQLite", "growth", 100_000, sqlite()), ("PostgreSQL", "growth_postgresql", 10_000, postgresql()))
    for name, setting, usual, opened in stores:
        if largest := size(setting, usual):
            figures += _grow(given, name, opened, largest, seconds)
    return Benchmark("growth", f"one writer, {PROGRAMS} programs on each machine, {given.name}", tuple(figures))


def _grow(
    given: Given, name: str, opened: AbstractContextManager[str], largest: int, seconds: float
) -> Iterator[Figure]:
    until = perf_counter() + seconds
    with opened as url, given.catalogue as catalogue, with_tenant(url, catalogue) as database:
        machines, next_size = 0, min(_SMALLEST, largest)
        while machines < next_size:
            reached, taken, again = _take_in(database, catalogue, machines, next_size, until)
            is_over = reached < next_size
            machines, next_size = reached, min(reached * 10, largest)
            yield from _figures(f"{name}, {machines:,} machines", database, url, taken, again)
            if is_over:
                return
        wrong = check(database)
        assert not wrong, wrong[0]


def _take_in(
    database: Database, catalogue: CatalogueFile, first: int, last: int, until: float
) -> tuple[int, _Taken, _Taken]:
    """Up to machine ``last``, or as far as the time allows; the reports themselves are made outside of the figures."""
    taken, again, kept = _Taken(), _Taken(), list[bytes]()
    for body in bodies(catalogue, first, last, _BATCH):
        _send(database, catalogue, body, taken)
        kept = [*kept, body][-_HEARTBEATS:]
        if perf_counter() > until:
            break
    for body in kept:
        _send(database, catalogue, body, again, days=1)
    return first + taken.reports, taken, again


def _send(database: Database, catalogue: CatalogueFile, body: bytes, taken: _Taken, days: int = 0) -> None:
    with timed() as took:
        answers = report_inventory(database, catalogue, TENANT, decode_reports(body), NOW + timedelta(days=days))
    taken.reports += len(answers)
    taken.wall += took.wall
    taken.cpu += took.cpu


def _figures(what: str, database: Database, url: str, taken: _Taken, again: _Taken) -> Iterator[Figure]:
    new, known = (2_000, 5_000) if url.startswith("sqlite") else (None, None)
    yield Figure(f"{what}: new reports", taken.reports / taken.wall, "/s", new, is_least=True)
    yield Figure(f"{what}: processor time for 1,000 new ones", 1_000 * taken.cpu / taken.reports, "s")
    yield Figure(f"{what}: reports that change nothing", again.reports / again.wall, "/s", known, is_least=True)
    yield Figure(f"{what}: processor time for 1,000 unchanged ones", 1_000 * again.cpu / again.reports, "s")
    asked = _asked_by_another(url)
    yield Figure(f"{what}: getmissingkbs, first answer of a process", asked["cold"], "ms")
    yield Figure(f"{what}: getmissingkbs, again", asked["again"], "ms", 20)
    yield Figure(f"{what}: {_PAGE:,} machineReferences, from the middle", asked["references"], "ms", 60)
    yield Figure(f"{what}: {_PAGE:,} rows of machinesVulnerabilities, from the middle", asked["page"], "ms")
    yield Figure(f"{what}: memory of a process that answered these", asked["memory"], "MB", 300)
    yield Figure(f"{what}: database", _megabytes(database, url), "MB")


def _megabytes(database: Database, url: str) -> float:
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*")) / 1e6
    with database.reading() as connection:
        return float(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0) / 1e6


# --- questions, asked by a process that knows nothing yet ------------------------------------------------------------


def _asked_by_another(url: str) -> dict[str, float]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_ask, args=(url, theirs))
    process.start()
    theirs.close()
    answer: dict[str, float] = ours.recv()
    process.join()
    return answer


def _ask(url: str, answer: "Connection[Any, Any]") -> None:
    from_middle = Query(limit=_PAGE, after=_MIDDLE)
    references = Query(limit=_PAGE, after=_MIDDLE[:1])
    with open_database(url) as database:

        def missing() -> object:
            return missing_for_software(database, TENANT, _ASKED)

        cold = _milliseconds(missing)
        again = [_milliseconds(missing) for _ in range(20)]
        page = [
            _milliseconds(lambda: machines_vulnerabilities(database, TENANT, NOW, from_middle).rows) for _ in range(5)
        ]
        short = [
            _milliseconds(lambda: software_machines(database, TENANT, _ASKED, NOW, references).rows) for _ in range(5)
        ]
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    memory = next(int(one.split()[1]) / 1024 for one in lines if one.startswith("VmRSS:"))
    answer.send({"cold": cold, "again": median(again), "page": min(page), "references": min(short), "memory": memory})


def _milliseconds(ask: Callable[[], object]) -> float:
    started = perf_counter()
    assert ask(), "nothing was answered"
    return 1_000 * (perf_counter() - started)
