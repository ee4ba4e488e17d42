"""How many reports a second are recorded, durably, in batches: on SQLite with one writer, on PostgreSQL with four."""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier
from time import perf_counter

import msgspec

from bench.clock import Timed
from bench.database import TENANT, postgresql, sqlite, with_tenant
from bench.figures import Benchmark, Figure
from bench.given import Given, size
from bench.machines import NOW, SEED
from kbgap.catalogue.file import CatalogueFile
from kbgap.inventory.decode import decode_reports
from kbgap.inventory.report import Machine, encode_report
from kbgap.operations.arrivals import Status
from kbgap.operations.demo_fleet import demo_fleet
from kbgap.operations.report_inventory import report_inventory
from kbgap.store.database import open_database
from kbgap.store.packing import in_pieces

_BATCH = 1_000
_WRITERS = 4


@dataclass(frozen=True, slots=True)
class Wave:
    """What a fleet sends at one moment, in bodies of lines of JSON, and what should become of each report."""

    what: str
    bodies: tuple[bytes, ...]
    now: datetime
    becomes: Status


def measure(given: Given) -> Benchmark:
    """A fleet reports for the first time, then the same again, then news: each machine is as another one was."""
    machines = size("fleet", 20_000)
    tomorrow = NOW + timedelta(days=1)
    with given.catalogue as catalogue:
        first = _bodies(catalogue, machines, SEED, NOW)
        news = _bodies(catalogue, machines, SEED + 1, tomorrow)
    waves = (
        Wave("first reports", first, NOW, Status.ACCEPTED),
        Wave("reports that change nothing", first, tomorrow, Status.UNCHANGED),
        Wave("reports that change something", news, tomorrow, Status.ACCEPTED),
    )
    targets = {Status.ACCEPTED: (2_000, 1_000), Status.UNCHANGED: (5_000, None)}
    figures: list[Figure] = []
    databases = (("SQLite, 1 writer", sqlite(), 1), (f"PostgreSQL, {_WRITERS} writers", postgresql(), _WRITERS))
    for place, (name, opened, writers) in enumerate(databases):
        for wave, took in _waves(opened, writers, waves, given):
            rate, cpu = machines / took.wall, 1_000 * took.cpu / machines
            target = targets[wave.becomes][place]
            figures.append(Figure(f"{name}: {wave.what}", rate, "/s", target, is_least=True))
            figures.append(Figure(f"{name}: processor time of the writers for 1,000 of them", cpu, "s"))
    return Benchmark("ingest", f"{machines:,} machines in batches of {_BATCH:,}, {given.name}", tuple(figures))


def _bodies(catalogue: CatalogueFile, machines: int, seed: int, now: datetime) -> tuple[bytes, ...]:
    """The demo's fleet; another seed gives the same machines other updates and other software."""
    lines = (
        encode_report(
            msgspec.structs.replace(
                report,
                machine=msgspec.structs.replace(
                    report.machine or Machine(), computer_dns_name=f"m{number}.example.org"
                ),
                reported_at=now,
            )
        )
        for number, report in enumerate(demo_fleet(seed, machines, catalogue.lines, now))
    )
    return tuple(b"\n".join(piece) for piece in in_pieces(lines, _BATCH))


def _waves(
    opened: AbstractContextManager[str], writers: int, waves: tuple[Wave, ...], given: Given
) -> Iterator[tuple[Wave, Timed]]:
    """What all writers together took, wave after wave into one database."""
    with opened as url:
        with given.catalogue as catalogue, with_tenant(url, catalogue):
            pass
        for wave in waves:
            yield wave, _send(url, writers, wave, given)


def _send(url: str, writers: int, wave: Wave, given: Given) -> Timed:
    """From the moment when all writers are ready to the last answer; their start counts as processor time only."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(writers + 1)
    shares = [replace(wave, bodies=wave.bodies[number::writers]) for number in range(writers)]
    processes = [context.Process(target=_write, args=(url, share, given, ready)) for share in shares]
    before = os.times()
    for process in processes:
        process.start()
    ready.wait()
    started = perf_counter()
    for process in processes:
        process.join()
        assert process.exitcode == 0, "a writer failed"
    wall, after = perf_counter() - started, os.times()
    return Timed(wall, after.children_user + after.children_system - before.children_user - before.children_system)


def _write(url: str, wave: Wave, given: Given, ready: Barrier) -> None:
    """One server's part: take bodies, as they come over HTTP, and answer each when it is durable."""
    with given.catalogue as catalogue, open_database(url) as database:
        ready.wait()
        for body in wave.bodies:
            answers = report_inventory(database, catalogue, TENANT, decode_reports(body), wave.now)
            # By chance a machine is now and then as the other one was, to the last detail.
            others = [answer for answer in answers if answer.status is not wave.becomes]
            assert len(others) < len(answers) / 20, f"{wave.what}: {others[0]}"
