"""Four writers and four readers of one server on PostgreSQL, all at once: errors, wrong counts, latency, memory.

Every writer sends reports of any machine of the fleet, so they stand in each other's way as much as can be; machines
change, change back, and repeat themselves. Afterwards every stored count is compared with a recount.
"""

import multiprocessing
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from time import monotonic, perf_counter, sleep
from typing import Any

import httpx2
import msgspec

from bench.clock import kbgap, median, percentile
from bench.crowd import BATCH, LIVES, QUESTIONS, REPORTS, Done, authorised, get, post, prepare
from bench.database import TENANT, postgresql
from bench.figures import Benchmark, Figure
from bench.given import Given, size
from bench.serving import Server, running, token_of
from kbgap.operations.check_database import check
from kbgap.store.database import open_database

_WRITERS = _READERS = 4
_QUARTERS = 4


def measure(given: Given) -> Benchmark:
    """Fill the database with the fleet, then let everybody loose for so many seconds (ten minutes)."""
    machines, seconds = size("concurrent_fleet", 5_000), size("concurrent", 600)
    with tempfile.TemporaryDirectory(prefix="kbgap-bench-") as folder, postgresql() as url:
        client, files = prepare(given, Path(folder), url, machines)
        serve = kbgap("serve", "--data-dir", folder, "--tenant", TENANT, "--port", "PORT")
        with running(serve, "/healthz", {"KBGAP_DATABASE_URL": url, "KBGAP_ACCESS_LOG": "off"}) as server:
            token = token_of(server.url, *client)
            first = Done()
            with httpx2.Client(base_url=server.url, headers=authorised(token), timeout=120) as session:
                for file in files[::LIVES]:
                    post(session, file.read_bytes(), first)
                for path in QUESTIONS:
                    get(session, path, first)
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


# --- who writes and who reads ----------------------------------------------------------------------------------------


def _all_at_once(server: Server, token: str, files: list[Path], seconds: float, memory: list[float]) -> list[Done]:
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
    done = [msgspec.json.decode(end.recv_bytes(), type=Done) for end in ends]
    for process in processes:
        process.join()
    return done


def _work(url: str, token: str, files: list[Path], seconds: float, number: int, answer: "Connection[Any, Any]") -> None:
    """Write any of the batches, or without them ask any question, until the time is over."""
    random, done, until = Random(number), Done(), monotonic() + seconds
    with httpx2.Client(base_url=url, headers=authorised(token), timeout=120) as session:
        while monotonic() < until:
            if files:
                post(session, random.choice(files).read_bytes(), done)
            else:
                get(session, random.choice(QUESTIONS), done)
    answer.send_bytes(msgspec.json.encode(done))


def _memory(looks: list[float]) -> Iterator[Figure]:
    yield Figure("memory of the server at the start", looks[0], "MB")
    for quarter, look in enumerate(looks[1:-1], start=1):
        yield Figure(f"memory of the server after {100 * quarter // _QUARTERS} % of the time", look, "MB")
    yield Figure("memory of the server at the end", looks[-1], "MB", 300)


def _figures(done: list[Done], wall: float) -> Iterator[Figure]:
    failed = [text for one in done for text in one.failed]
    for text in failed[:5]:
        print(text)
    yield Figure("answers that were errors", len(failed), "", 0)
    yield Figure("reports taken", sum(one.reports for one in done[1:]) / wall, "/s")
    yield Figure("questions answered", sum(len(took) for one in done[1:] for took in one.took.values()) / wall, "/s")
    for path in (REPORTS, *QUESTIONS):
        took = [1_000 * seconds for one in done[1:] for seconds in one.took.get(path, ())]
        name = f"{BATCH} reports" if path == REPORTS else path.removeprefix("/api/")
        if took:
            yield Figure(f"{name}: median of {len(took):,}", median(took), "ms")
            yield Figure(f"{name}: 99 % within", percentile(took, 99), "ms")
            yield Figure(f"{name}: slowest", max(took), "ms")
