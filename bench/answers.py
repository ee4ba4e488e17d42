"""How many ``getmissingkbs`` a second one core answers over HTTP, a token on every request, beside a bare server.

Server and client each have a core of their own where there are two. Since a client in Python may be slower than the
server, the figures that count are answers per second of the server's processor time: what one core can give.
"""

import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import httpx2

from bench.asking import Answers, ask
from bench.clock import kbgap, percentile
from bench.crowd import BATCH, Done, authorised, packed_batches, post
from bench.database import TENANT, with_tenant
from bench.figures import Benchmark, Figure
from bench.given import Given, size
from bench.machines import SEED
from bench.serving import Server, running, token_of
from kbgap.catalogue.shelf import Shelf
from kbgap.operations.clients import ALL_ROLES, create_client
from kbgap.operations.demo_fleet import demo_fleet
from kbgap.operations.report_inventory import report_inventory
from kbgap.settings import Settings
from kbgap.store.packing import in_pieces


def measure(given: Given) -> Benchmark:
    """The software with most missing KBs, the one in the middle, and the bare server, in turn."""
    machines, seconds = size("fleet", 20_000), float(size("seconds", 4))
    with tempfile.TemporaryDirectory(prefix="kbgap-bench-") as folder:
        client = _fill(given, Path(folder), machines)
        bare_command = [sys.executable, "-m", "bench.hello", "PORT"]
        serve = kbgap("serve", "--data-dir", folder, "--tenant", TENANT, "--port", "PORT")
        with running(bare_command, "/") as bare, running(serve, "/healthz") as server:
            token = token_of(server.url, *client)
            paths = _paths(server.url, token)
            figures = [*_figures("bare hello", bare, bare.url + "/", seconds, token)]
            hello = figures[0].value
            for what, path in paths:
                figures += _figures(what, server, server.url + path, seconds, token, hello)
            what, path = paths[0]
            figures += _made_anew(what, server, server.url + path, seconds, token)
            figures += _while_writing(what, given, server, path, seconds, token)
            figures.append(Figure("memory of the server", server.memory, "MB", 300))
    return Benchmark("answers", f"{machines:,} machines in SQLite, one server process, {given.name}", tuple(figures))


def _fill(given: Given, folder: Path, machines: int) -> tuple[str, str]:
    """A data folder as a server has it, and the id and secret of a client."""
    shelf = Shelf(folder / "catalogue")
    settings = Settings(data_dir=folder)
    now = datetime.now(UTC)  # the server's own clock: machines that are silent for long do not count
    with given.catalogue as catalogue:
        shelf.make_current(shelf.take_in(catalogue))
        with with_tenant(settings.database, catalogue) as database:
            for batch in in_pieces(demo_fleet(SEED, machines, catalogue.lines, now), 1_000):
                report_inventory(database, catalogue, TENANT, batch, now)
            return create_client(database, TENANT, "bench", ALL_ROLES, now)


def _figures(
    what: str, server: Server, url: str, seconds: float, token: str, hello: float | None = None
) -> Iterator[Figure]:
    """Answers per second of processor time first; the first second only warms up."""
    ask(url, 1.0, token)
    before = server.cpu
    answers = ask(url, seconds, token)
    capacity = len(answers.latencies) / (server.cpu - before)
    yield Figure(f"{what}: answers per second of one core ({answers.body_bytes:,} bytes)", capacity, "/s")
    if hello is not None:
        yield Figure(f"{what}: share of the bare server's", 100 * capacity / hello, "%", 50, is_least=True)
    yield Figure(f"{what}: answers a second as seen by the client", answers.per_second, "/s")
    yield Figure(f"{what}: 99 % within", _milliseconds(answers, 99), "ms", None if hello is None else 20)


def _made_anew(what: str, server: Server, url: str, seconds: float, token: str) -> Iterator[Figure]:
    """Every answer from the database, because no two questions are alike."""
    ask(url, 1.0, token, is_distinct=True)
    before = server.cpu
    answers = ask(url, seconds, token, is_distinct=True)
    capacity = len(answers.latencies) / (server.cpu - before)
    yield Figure(f"{what}, each made anew: answers per second of one core", capacity, "/s", 8_000, is_least=True)
    yield Figure(f"{what}, each made anew: 99 % within", _milliseconds(answers, 99), "ms", 20)


def _while_writing(what: str, given: Given, server: Server, path: str, seconds: float, token: str) -> Iterator[Figure]:
    """While one batch of changed machines after the other is sent to the same server."""
    over, taken = threading.Event(), Done()
    with given.catalogue as catalogue:
        bodies = packed_batches(catalogue, BATCH * 2, datetime.now(UTC))

    def write() -> None:
        with httpx2.Client(base_url=server.url, headers=authorised(token), timeout=60) as session:
            for body in cycle(bodies):
                if over.is_set():
                    return
                post(session, body, taken)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        ask(server.url + path, 1.0, token)
        answers = ask(server.url + path, seconds, token)
    finally:
        over.set()
        writer.join()
    assert not taken.failed, taken.failed[0]
    yield Figure(f"{what}, while batches commit: answers a second", answers.per_second, "/s", 5_000, is_least=True)
    yield Figure(f"{what}, while batches commit: 99 % within", _milliseconds(answers, 99), "ms")
    yield Figure("reports taken meanwhile", taken.reports / (seconds + 1), "/s")


def _milliseconds(answers: Answers, percent: int) -> float:
    return percentile(answers.latencies, percent) * 1000


def _paths(url: str, token: str) -> list[tuple[str, str]]:
    """The software with most missing KBs, and the one in the middle of those that miss any."""
    paths = {f"/api/Software/{item['id']}/getmissingkbs": 0 for item in _values(f"{url}/api/Software", token)}
    counted = {path: len(_values(url + path, token)) for path in paths}
    missing = sorted((path for path, rows in counted.items() if rows), key=lambda path: counted[path])
    assert missing, "nothing is missing anywhere"
    middle, most = missing[len(missing) // 2], missing[-1]
    return [(f"{counted[middle]} missing KBs", middle), (f"{counted[most]} missing KBs", most)]


def _values(url: str, token: str) -> list[dict[str, object]]:
    answer = httpx2.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30).raise_for_status()
    values: list[dict[str, object]] = answer.json()["value"]
    return values
