"""What bench's writers and readers send to a server, and the fleet and the client that they need for it."""

import gzip
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx2
import msgspec

from bench.database import TENANT, with_tenant
from bench.given import Given
from bench.machines import SEED
from kbgap.catalogue.file import CatalogueFile
from kbgap.catalogue.shelf import Shelf
from kbgap.inventory.report import encode_report
from kbgap.operations.clients import ALL_ROLES, create_client
from kbgap.operations.demo_fleet import demo_fleet
from kbgap.store.packing import in_pieces

BATCH = 500
LIVES = 3  # ways in which each machine may be
REPORTS = "/inventory/reports"
QUESTIONS = (
    "/api/Software/microsoft-_-windows_11/getmissingkbs",
    "/api/Software/microsoft-_-windows_10/getmissingkbs",
    "/api/Software",
    "/api/machines?$top=1000",
    "/api/Software/microsoft-_-windows_11/machineReferences?$top=1000",
    "/api/vulnerabilities/machinesVulnerabilities?$top=1000",
    "/api/Vulnerabilities?$top=1000",
)


class Done(msgspec.Struct):
    """What one writer or reader has done: seconds of each answer by what was asked, reports taken, and what failed."""

    took: dict[str, list[float]] = msgspec.field(default_factory=lambda: defaultdict(list))
    reports: int = 0
    failed: list[str] = msgspec.field(default_factory=list)


def prepare(given: Given, folder: Path, url: str, machines: int) -> tuple[tuple[str, str], list[Path]]:
    """The database without machines, a client, and packed batches: each in several lives, one after the other."""
    now = datetime.now(UTC)  # the server's own clock
    shelf = Shelf(folder / "catalogue")
    with given.catalogue as catalogue:
        shelf.make_current(shelf.take_in(catalogue))
        with with_tenant(url, catalogue) as database:
            client = create_client(database, TENANT, "bench", ALL_ROLES, now)
        batches = packed_batches(catalogue, machines, now)
    files = []
    for number, batch in enumerate(batches):
        files.append(folder / f"{number // LIVES:04}-{number % LIVES}.ndjson.gz")
        files[-1].write_bytes(batch)
    return client, files


def packed_batches(catalogue: CatalogueFile, machines: int, now: datetime) -> list[bytes]:
    """A fleet's reports in batches, packed with gzip: the first machines in each of their lives, then the next ones."""
    lives = [list(in_pieces(_lines(catalogue, machines, SEED + life, now), BATCH)) for life in range(LIVES)]
    return [gzip.compress(b"\n".join(batch), 1) for batches in zip(*lives, strict=True) for batch in batches]


def _lines(catalogue: CatalogueFile, machines: int, seed: int, now: datetime) -> Iterator[bytes]:
    """Reports without a moment: what comes last counts."""
    for number, report in enumerate(demo_fleet(seed, machines, catalogue.lines, now)):
        assert report.machine is not None
        machine = msgspec.structs.replace(report.machine, computer_dns_name=f"m{number}.example.org")
        yield encode_report(msgspec.structs.replace(report, machine=machine, reported_at=None))


def authorised(token: str) -> dict[str, str]:
    """The headers of a request with this token."""
    return {"Authorization": f"Bearer {token}"}


def post(session: httpx2.Client, body: bytes, done: Done) -> None:
    """Send a packed batch of reports."""
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    started = perf_counter()
    answer = session.post(REPORTS, content=body, headers=headers)
    done.took[REPORTS].append(perf_counter() - started)
    if answer.status_code != httpx2.codes.OK or answer.json()["rejected"]:
        done.failed.append(f"{answer.status_code} {answer.text[:200]}")
    else:
        done.reports += len(answer.json()["value"])


def get(session: httpx2.Client, path: str, done: Done, name: str = "") -> Any:  # noqa: ANN401 - whatever is answered
    """Ask a question, noted under a name of its own when many paths ask the same; the JSON of the answer."""
    started = perf_counter()
    answer = session.get(path)
    done.took[name or path].append(perf_counter() - started)
    if answer.status_code != httpx2.codes.OK:
        done.failed.append(f"{answer.status_code} {path} {answer.text[:200]}")
        return None
    return answer.json()
