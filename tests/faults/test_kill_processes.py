"""Killing the programs as people run them: a refresh at any moment, and a server that ingests; and two at once."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from random import Random
from threading import Timer
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from kbgap.catalogue.shelf import Shelf
from kbgap.catalogue.turns import Outcome, last_turn
from kbgap.operations.check_database import check
from kbgap.operations.read_missing import missing_for_software
from kbgap.settings import Settings
from kbgap.store.database import Database
from tests.catalogue.cvrf import cvrf_xml, entry_xml, fix_xml
from tests.conftest import ROOT
from tests.faults.ingest import builds

TENANT = Settings().tenant
SEED, MACHINES, KILLS, BATCH = 5, 400, 3, 20
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Start:
    """Start kbgap on a data folder and the database; the caller waits for it."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("KBGAP_")}
    known["KBGAP_DATABASE_URL"] = database.url.render_as_string(hide_password=False)

    def call(*words: str | Path) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "kbgap.cli.main", *map(str, words), "--data-dir", str(tmp_path / "data")]
        return subprocess.Popen(command, cwd=ROOT, env=known, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    return call


@pytest.fixture
def feed(start: Start, tmp_path: Path) -> Path:
    """A folder of documents that was loaded, with machines that were judged by it, and one document that was not."""
    folder = tmp_path / "feed"
    folder.mkdir()
    document(folder, "2020-Mar", "4551762")
    assert finish(start("catalogue", "refresh", "--from", folder)) == (0, "")
    (tmp_path / "reports.ndjson").write_text("\n".join(json.dumps(report(number)) for number in range(MACHINES)))
    assert finish(start("inventory", "import", tmp_path / "reports.ndjson"))[0] == 0
    document(folder, "2020-Apr", "4549951")
    return folder


def document(folder: Path, name: str, kb: str) -> None:
    """A month with one update, and many entries that read and compile for a while."""
    entries = [entry_xml(f"CVE-2019-{number}", fix_xml(kb)) for number in range(10_000, 10_400)]
    (folder / f"{name}.xml").write_text(cvrf_xml(name, *entries))


def report(number: int, ubr: int = 600) -> dict[str, Any]:
    """One machine, like no other."""
    listed = [{"kb": str(4_000_000 + number), "state": "installed"}]
    system = {"name": "Microsoft Windows 10 Pro", "build": f"10.0.18363.{ubr}", "architecture": "x64"}
    machine = {"computerDnsName": f"ws-{number}"}
    return {"schema": "kbgap.report/1", "machine": machine, "os": system, "installedUpdates": listed}


def finish(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """The exit code, and what was said on standard error."""
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def missing(database: Database) -> dict[str, int]:
    """How many machines miss each KB of Windows 10."""
    return {row.id: row.machine_missed_on for row in missing_for_software(database, TENANT, "microsoft-_-windows_10")}


def test_a_refresh_can_be_killed_at_any_moment(start: Start, feed: Path, database: Database, tmp_path: Path) -> None:
    """The catalogue file and the fleet's answers are whole after each kill, and the next refresh goes through."""
    random, shelf = Random(SEED), Shelf(tmp_path / "data" / "catalogue")
    old = missing(database)
    assert old == {"4551762": MACHINES}

    for _ in range(KILLS):
        process = start("catalogue", "refresh", "--from", feed)
        time.sleep(random.uniform(0.3, 1.6))
        process.kill()
        finish(process)

        with shelf.current() as catalogue:
            catalogue.verify()
        assert missing(database) in (old, {**old, "4549951": MACHINES})
        assert check(database) == []

    assert finish(start("catalogue", "refresh", "--from", feed))[0] == 0

    last = last_turn(shelf.folder)
    assert last is not None
    assert last.outcome is Outcome.DONE
    assert missing(database) == {**old, "4549951": MACHINES}
    assert check(database) == []


def test_of_two_refreshes_at_once_one_is_told(start: Start, feed: Path, database: Database) -> None:
    """One goes through, the other ends with one line that says so."""
    ended: list[tuple[int, str]] = []
    for _ in range(10):  # until they meet: a busy machine may start the second when the first has ended
        together = [start("catalogue", "refresh", "--from", feed) for _ in range(2)]
        ended = sorted(finish(process) for process in together)
        if ended[1][0]:
            break

    assert [code for code, _ in ended] == [0, 3]
    assert len(ended[1][1].splitlines()) == 1
    assert "another refresh or import is running (process " in ended[1][1]
    assert missing(database)["4549951"] == MACHINES
    assert check(database) == []


# --- a server -----------------------------------------------------------------------------------------------------


@contextmanager
def serving(start: Start) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The address of a server, and its process, which the caller kills."""
    process = start("serve", "--port", "0")
    assert process.stderr is not None
    address = next(line for line in process.stderr if "answering at" in line).split()[-1]
    try:
        yield address, process
    finally:
        process.kill()
        process.communicate(timeout=30)


def ask(address: str, body: bytes, **headers: str) -> Any:  # noqa: ANN401 - JSON of any shape
    """The JSON of an answer to a POST."""
    request = Request(address, body, headers)  # noqa: S310 - our own server's
    with urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
        return json.load(answer)


def send_until_killed(start: Start, client: dict[str, str], first: int, last: int, seconds: float) -> int:
    """Send batches of reports to a server that is killed after so many seconds; the first that was not acknowledged."""
    form = {
        "grant_type": "client_credentials",
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
        "scope": "https://api.securitycenter.microsoft.com/.default",
    }
    with serving(start) as (address, process):
        token = ask(f"{address}/{TENANT}/oauth2/v2.0/token", urlencode(form).encode())["access_token"]
        timer = Timer(seconds, process.send_signal, [signal.SIGKILL])
        timer.start()
        with contextlib.suppress(OSError, HTTPException):  # the connection is refused, cut, or answers half
            for batch in range(first, last, BATCH):
                body = "\n".join(json.dumps(report(number, ubr=719)) for number in range(batch, batch + BATCH))
                headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
                ask(f"{address}/inventory/reports", body.encode(), **headers)
                first = batch + BATCH
        timer.cancel()
    return first


@pytest.mark.usefixtures("feed")
def test_a_server_that_is_killed_has_kept_what_it_acknowledged(start: Start, database: Database) -> None:
    """At most the batch under way is there beyond that, and the next server takes the rest."""
    created = start("client", "create", "writer", "--role", "Inventory.Write.All", "--format", "json")
    client = json.loads(created.communicate(timeout=60)[0])
    start_of_next, last = 1_000, 1_000 + 200 * BATCH

    for seconds in (0.2, 0.5):
        start_of_next = send_until_killed(start, client, start_of_next, last, seconds)
        patched = {name for name, build in builds(database).items() if build.endswith(".719")}
        kept, under_way = ({f"ws-{number}" for number in range(1_000, start_of_next + more)} for more in (0, BATCH))
        assert patched in (kept, under_way)
        assert check(database) == []

    assert 1_000 < start_of_next < last
