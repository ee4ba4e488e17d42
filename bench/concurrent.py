"""Four writers and four readers of one server on PostgreSQL, all at once: errors, wrong counts, latency, memory.

Every writer sends reports of any machine of the fleet, so they stand in each other's way as much as can be; machines
change, change back, and repeat themselves. Afterwards every stored count is compared with a recount.
"""

import gzip
import multiprocessing
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from time import monotonic, perf_counter, sleep
from typing import Any

import httpx2
import msgspec

from bench.clock import kbgap, median, percentile
from bench.database import TENANT, postgresql, with_tenant
from bench.figures import Benchmark, Figure
from bench.given import Given, size
from bench.machines import SEED
from bench.serving import Server, running, token_of
from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.shelf import Shelf
from kbgap.inventory.report import encode_report
from kbgap.operations.check_database import check
from kbgap.operations.clients import ALL_ROLES, create_client
from kbgap.operations.demo_fleet import demo_fleet
from kbgap.store.database import open_database
from kbgap.store.packing import in_pieces

_WRITERS = _READERS = 4
_BATCH = 500
_QUARTERS = 4
_LIVES = 3  # ways in which each machine may be
_REPORTS = "/inventory/reports"
_QUESTIONS = (
    "/api/Software/microsoft-_-windows_11/getmissingkbs",
    "/api/Software/microsoft-_-windows_10/getmissingkbs",
    "/api/Software",
    "/api/machines?$top=1000",
    "/api/Software/microsoft-_-windows_11/machineReferences?$top=1000",
    "/api/vulnerabilities/machinesVulnerabilities?$top=1000",
    "/api/Vulnerabilities?$top=1000",
)


class _Done(msgspec.Struct):
    """What one writer or reader has done: seconds of each answer by what was asked, reports taken, and what failed."""

    took: dict[str, list[float]] = msgspec.field(default_factory=lambda: defaultdict(list))
    reports: int = 0
    failed: list[str] = msgspec.field(default_factory=list)


def measure(given: Given) -> Benchmark:
    """Fill the database with the fleet, then let everybody loose for so many seconds (ten minutes)."""
    machines, seconds = size("concurrent_fleet", 5_000), size("concurrent", 600)
    with tempfile.TemporaryDirectory(prefix="kbgap-bench-") as folder, postgresql() as url:
        client, files = _prepare(given, Path(folder), url, machines)
        serve = kbgap("serve", "--data-dir", folder, "--tenant", TENANT, "--port", "PORT")
        with running(serve, "/healthz", {"KBGAP_DATABASE_URL": url, "KBGAP_ACCESS_LOG": "off"}) as server:
            token = token_of(server.url, *client)
            first = _Done()
            with httpx2.Client(base_url=server.url, headers=_authorised(token), timeout=120) as session:
                for file in files[::_LIVES]:
                    _post(session, file.read_bytes(), first)
                for path in _QUESTIONS:
                    _get(session, path, first)
            memory = [server.memory]
            began = perf_counter()
            done = _all_at_once(server, token, files, seconds, memory)
            wall = perf_counter() - began
            memory.append(server.memory)
        with open_database(url) as database:
            wrong = check(database)
    figures = (
        *_figures([first, *done], wall),
        Figure("counts that differ from a recount", len(wrong), "", 0),
        *_memory(memory),
    )
    what = f"{_WRITERS} writers and {_READERS} readers for {seconds:,} s, {machines:,} machines in PostgreSQL"
    return Benchmark("concurrent", f"{what}, {given.name}", figures)


def _prepare(given: Given, folder: Path, url: str, machines: int) -> tuple[tuple[str, str], list[Path]]:
    """The database without machines, a client, and packed batches: each in several lives, one after the other."""
    now = datetime.now(UTC)  # the server's own clock
    shelf = Shelf(folder / "catalogue")
    with given.catalogue as catalogue:
        shelf.make_current(shelf.take_in(catalogue))
        with with_tenant(url, catalogue) as database:
            client = create_client(database, TENANT, "bench", ALL_ROLES, now)
        lives = [list(in_pieces(_lines(catalogue, machines, SEED + life, now), _BATCH)) for life in range(_LIVES)]
    files = []
    for number, batches in enumerate(zip(*lives, strict=True)):
        for life, batch in enumerate(batches):
            files.append(folder / f"{number:04}-{life}.ndjson.gz")
            files[-1].write_bytes(gzip.compress(b"\n".join(batch), 1))
    return client, files


def _lines(catalogue: CatalogueFile, machines: int, seed: int, now: datetime) -> Iterator[bytes]:
    """Reports without a moment: what comes last counts."""
    for number, report in enumerate(demo_fleet(seed, machines, catalogue.lines, now)):
        assert report.machine is not None
        machine = msgspec.structs.replace(report.machine, computer_dns_name=f"m{number}.example.org")
        yield encode_report(msgspec.structs.replace(report, machine=machine, reported_at=None))


def _authorised(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# --- who writes and who reads ----------------------------------------------------------------------------------------


def _all_at_once(server: Server, token: str, files: list[Path], seconds: float, memory: list[float]) -> list[_Done]:
    """Everybody's work; the server's memory is looked at after each quarter of the time but the last."""
    context = multiprocessing.get_context("spawn")
    ends, processes = [], []
    for number in range(_WRITERS + _READERS):
        ours, theirs = context.Pipe()
        given = (server.url, token, files if number < _WRITERS else [], seconds, number, theirs)
        processes.append(context.Process(target=_work, args=given))
        processes[-1].start()
        theirs.close()
        ends.append(ours)
    for _ in range(_QUARTERS - 1):
        sleep(seconds / _QUARTERS)
        memory.append(server.memory)
    done = [msgspec.json.decode(end.recv_bytes(), type=_Done) for end in ends]
    for process in processes:
        process.join()
    return done


def _work(url: str, token: str, files: list[Path], seconds: float, number: int, answer: "Connection[Any, Any]") -> None:
    """Write any of the batches, or without them ask any question, until the time is over."""
    random, done, until = Random(number), _Done(), monotonic() + seconds
    with httpx2.Client(base_url=url, headers=_authorised(token), timeout=120) as session:
        while monotonic() < until:
            if files:
                _post(session, random.choice(files).read_bytes(), done)
            else:
                _get(session, random.choice(_QUESTIONS), done)
    answer.send_bytes(msgspec.json.encode(done))


def _post(session: httpx2.Client, body: bytes, done: _Done) -> None:
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    started = perf_counter()
    answer = session.post(_REPORTS, content=body, headers=headers)
    done.took[_REPORTS].append(perf_counter() - started)
    if answer.status_code != httpx2.codes.OK or answer.json()["rejected"]:
        done.failed.append(f"{answer.status_code} {answer.text[:200]}")
    else:
        done.reports += len(answer.json()["value"])


def _get(session: httpx2.Client, path: str, done: _Done) -> None:
    started = perf_counter()
    answer = session.get(path)
    done.took[path].append(perf_counter() - started)
    if answer.status_code != httpx2.codes.OK:
        done.failed.append(f"{answer.status_code} {path} {answer.text[:200]}")


def _memory(looks: list[float]) -> Iterator[Figure]:
    yield Figure("memory of the server at the start", looks[0], "MB")
    for quarter, look in enumerate(looks[1:-1], start=1):
        yield Figure(f"memory of the server after {100 * quarter // _QUARTERS} % of the time", look, "MB")
    yield Figure("memory of the server at the end", looks[-1], "MB", 300)


def _figures(done: list[_Done], wall: float) -> Iterator[Figure]:
    failed = [text for one in done for text in one.failed]
    for text in failed[:5]:
        print(text)
    yield Figure("answers that were errors", len(failed), "", 0)
    yield Figure("reports taken", sum(one.reports for one in done[1:]) / wall, "/s")
    yield Figure("questions answered", sum(len(took) for one in done[1:] for took in one.took.values()) / wall, "/s")
    for path in (_REPORTS, *_QUESTIONS):
        took = [1_000 * seconds for one in done[1:] for seconds in one.took.get(path, ())]
        name = f"{_BATCH} reports" if path == _REPORTS else path.removeprefix("/api/")
        if took:
            yield Figure(f"{name}: median of {len(took):,}", median(took), "ms")
            yield Figure(f"{name}: 99 % within", percentile(took, 99), "ms")
            yield Figure(f"{name}: slowest", max(took), "ms")
