"""A day of one server squeezed into ten minutes: what it holds in memory after each of the day's hours.

Every hour each machine reports, of which some have changed; clients come with new tokens, ask what they ask every hour,
look at machines one by one, and read the whole list of CVEs on machines page by page. Three times a day the catalogue
changes, and every machine is judged anew.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random
from time import monotonic, sleep

import httpx2

from bench.clock import as_installed, kbgap
from bench.crowd import LIVES, QUESTIONS, REPORTS, Done, authorised, get, post, prepare
from bench.database import TENANT, postgresql, sqlite
from bench.figures import Benchmark, Figure
from bench.given import Given, another_revision, size
from bench.machines import SEED
from bench.serving import Server, running, token_of
from kbgap.operations.check_database import check
from kbgap.store.database import open_database

_HOURS = 24
_REFRESHES = {6, 12, 18}
_SHOWN = (1, 6, 12, 18, _HOURS)
_CHANGES = 0.1  # of the batches, each hour
_LOOKED_AT = 300  # machines, each hour
_PAGE = 10_000
_ON_MACHINES = "/api/vulnerabilities/machinesVulnerabilities"
_ONE_MACHINE = "/api/machines/{}/getmissingkbs"


def measure(given: Given) -> Benchmark:
    """The same day on each store."""
    machines, seconds = size("soak_fleet", 5_000), size("soak", 600)
    stores = (("SQLite", sqlite()), ("PostgreSQL", postgresql()))
    figures = [figure for name, opened in stores for figure in _day(given, name, opened, machines, seconds)]
    return Benchmark("soak", f"a day in {seconds:,} s, {machines:,} machines, {given.name}", tuple(figures))


def _day(
    given: Given, name: str, opened: AbstractContextManager[str], machines: int, seconds: float
) -> Iterator[Figure]:
    done, late = Done(), 0
    with tempfile.TemporaryDirectory(prefix="kbgap-bench-") as kept, opened as url:
        folder = Path(kept)
        client, files = prepare(given, folder, url, machines)
        settings = {"KBGAP_DATABASE_URL": url, "KBGAP_ACCESS_LOG": "off"}
        catalogues = _two_catalogues(given, folder)
        serve = kbgap("serve", "--data-dir", kept, "--tenant", TENANT, "--port", "PORT")
        with running(serve, "/healthz", settings) as server:
            memory, began, lives = [server.memory], monotonic(), [0] * (len(files) // LIVES)
            for hour in range(1, _HOURS + 1):
                if hour in _REFRESHES:
                    _refresh(folder, settings, catalogues[hour // 6 % 2])
                _hour(server, client, files, lives, hour, done)
                memory.append(server.memory)
                rest = began + seconds * hour / _HOURS - monotonic()
                late += rest < 0
                sleep(max(0.0, rest))
        with open_database(url) as database:
            wrong = check(database)
    for text in done.failed[:5]:
        print(text)
    yield Figure(f"{name}: reports taken", done.reports, "")
    yield Figure(
        f"{name}: questions answered", sum(len(took) for what, took in done.took.items() if what != REPORTS), ""
    )
    yield Figure(f"{name}: answers that were errors", len(done.failed), "", 0)
    yield Figure(f"{name}: hours that took longer than they should", late, "", 0)
    yield Figure(f"{name}: counts that differ from a recount", len(wrong), "", 0)
    yield Figure(f"{name}: memory of the server at the start", memory[0], "MB")
    for hour in _SHOWN:
        yield Figure(f"{name}: memory after hour {hour}", memory[hour], "MB", 300)


def _two_catalogues(given: Given, folder: Path) -> tuple[Path, Path]:
    """Files of the catalogue, and of the same under another revision."""
    with given.catalogue as catalogue:
        (folder / "other").mkdir()
        with another_revision(catalogue, folder / "other") as other:
            return catalogue.path, other.path


def _refresh(folder: Path, settings: dict[str, str], catalogue: Path) -> None:
    command = kbgap("catalogue", "import", str(catalogue), "--data-dir", str(folder), "--tenant", TENANT)
    subprocess.run(command, env=as_installed() | settings, check=True, stdout=subprocess.DEVNULL)


def _hour(server: Server, client: tuple[str, str], files: list[Path], lives: list[int], hour: int, done: Done) -> None:
    """What happens in an hour; ``lives`` says how the machines of each batch are."""
    random = Random(SEED + hour)
    headers = authorised(token_of(server.url, *client))
    with httpx2.Client(base_url=server.url, headers=headers, timeout=120) as session:
        for number in range(len(lives)):
            if random.random() < _CHANGES:
                lives[number] = (lives[number] + 1) % LIVES
            post(session, files[LIVES * number + lives[number]].read_bytes(), done)
        for question in QUESTIONS:
            get(session, question, done)
        rows = (get(session, "/api/machines?$select=id", done) or {"value": []})["value"]
        for row in random.sample(rows, min(_LOOKED_AT, len(rows))):
            get(session, _ONE_MACHINE.format(row["id"]), done, _ONE_MACHINE)
        link = f"{_ON_MACHINES}?$top={_PAGE}"
        for _ in range(10):
            answer = get(session, link, done, _ON_MACHINES) or {}
            link = answer.get("@odata.nextLink", "")
            if not link:
                break
