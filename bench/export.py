"""Whole exports to a file: rows a second and peak memory, of a fleet and of one that is ten times as large."""

import multiprocessing
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection as Transaction
from sqlalchemy import Table, func, insert, literal, select

from bench.clock import timed
from bench.database import TENANT, postgresql, sqlite, with_tenant
from bench.figures import Benchmark, Figure
from bench.given import Given, size
from bench.images import PROGRAMS, bodies
from bench.machines import NOW, SEED
from kbgap.catalogue.file import CatalogueFile
from kbgap.inventory.decode import decode_reports
from kbgap.operations.export_to_file import Assessment, Form, Wanted, export_to_file
from kbgap.operations.report_inventory import report_inventory
from kbgap.store import schema
from kbgap.store.database import Database, open_database
from kbgap.store.schema_answers import machine_change

_BATCH = 1_000
_LATER = NOW + timedelta(days=30)
_TIMES = 10
_ROWS_A_SECOND = 1_000_000


def measure(given: Given) -> Benchmark:
    """Fill a database on each store, and export all of it, each time in a process that knows nothing yet."""
    machines = size("export", 5_000)
    figures: list[Figure] = []
    for name, opened in (("SQLite", sqlite()), ("PostgreSQL", postgresql())):
        figures += _exports(given, name, opened, machines)
    told = f"{PROGRAMS} programs on each machine, each of which has changed once, {given.name}"
    return Benchmark("export", told, tuple(figures))


def _exports(given: Given, name: str, opened: AbstractContextManager[str], machines: int) -> Iterator[Figure]:
    with opened as url, given.catalogue as catalogue, with_tenant(url, catalogue) as database:
        _take_in(database, catalogue, machines)
        fleet = f"{name}, {machines:,} machines"
        for assessment in (Assessment.VULNERABILITIES, Assessment.PLAIN_INVENTORY):
            for form in (Form.PARQUET, Form.PACKED_LINES):
                yield from _figures(fleet, url, Wanted(assessment, form))
        with database.transaction() as tx:
            for table in (schema.machine, schema.machine_seen, machine_change):
                _copy_machines(tx, table)
        fleet = f"{name}, {machines * _TIMES:,} machines"
        yield from _figures(fleet, url, Wanted(Assessment.VULNERABILITIES), _ROWS_A_SECOND)
        yield from _figures(fleet, url, Wanted(Assessment.PLAIN_INVENTORY))


def _take_in(database: Database, catalogue: CatalogueFile, machines: int) -> None:
    """Machines report, and a month later each is as another one was."""
    for seed, now in ((SEED, NOW), (SEED + 1, _LATER)):
        for body in bodies(catalogue, 0, machines, _BATCH, seed):
            report_inventory(database, catalogue, TENANT, decode_reports(body), now)


def _copy_machines(tx: Transaction, table: Table) -> None:
    """Beside each machine nine that are like it, as in a fleet of many machines and few images."""
    whole = select(*table.c).where(func.substr(table.c.machine_id, 1, 1) != "x")
    for number in range(1, _TIMES):
        named = {"machine_id": literal(f"x{number}").concat(func.substr(table.c.machine_id, 3))}
        columns = [named.get(column.name, column) for column in table.c]
        tx.execute(insert(table).from_select(table.c.keys(), whole.with_only_columns(*columns)))


def _figures(fleet: str, url: str, wanted: Wanted, target: float | None = None) -> Iterator[Figure]:
    rows, wall, cpu, memory, taken = _export_by_another(url, wanted)
    what = f"{fleet}: {wanted.assessment} to {wanted.form}"
    yield Figure(f"{what}, {rows:,.0f} rows", rows / wall, "/s", target, is_least=True)
    yield Figure(f"{what}: processor time for a million of them", 1e6 * cpu / rows, "s")
    yield Figure(f"{what}: peak memory", memory, "MB")
    yield Figure(f"{what}: size of the file", taken, "MB")


def _export_by_another(url: str, wanted: Wanted) -> tuple[float, float, float, float, float]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with TemporaryDirectory(prefix="kbgap-bench-") as folder:
        process = context.Process(target=_export, args=(url, wanted, Path(folder) / "out", theirs))
        process.start()
        theirs.close()
        answer: tuple[float, float, float, float, float] = ours.recv()
        process.join()
    return answer


def _export(url: str, wanted: Wanted, file: Path, answer: "Connection[Any, Any]") -> None:
    """As the command line does it."""
    with open_database(url) as database, timed() as took:
        rows = export_to_file(database, TENANT, _LATER, wanted, file)
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    peak = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
    answer.send((rows, took.wall, took.cpu, peak, file.stat().st_size / 1e6))
