"""Links to files: who gets one, how long it opens, and that nobody can make or change one."""

import gzip
import json
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from threading import Event

import pytest

from kbgap.operations.manage_tenants import delete_tenant
from kbgap.server import app
from kbgap.server.entity_routes import SOFTWARE
from kbgap.server.export_files import LINK, Export, download, files
from kbgap.server.routes import OPERATIONS
from kbgap.store.database import Database
from tests.builders import TENANT
from tests.server.conftest import Server, running

ROWS = 50_000
PATH = "/api/machines/TestExport"


class Numbers:
    """An export that tells who asked for how many numbers, and notices when nobody reads on."""

    def __init__(self) -> None:
        self.ended = Event()

    def __call__(
        self, database: Database, tenant: str, now: datetime, scopes: Collection[int], *, camel: bool
    ) -> Iterator[bytes]:
        """Lines of JSON."""
        try:
            for number in range(ROWS):
                yield json.dumps({"tenant": tenant, "scopes": list(scopes), "number": number}).encode() + b"\n"
        finally:
            self.ended.set()


@pytest.fixture
def numbers() -> Numbers:
    """What makes the lines."""
    return Numbers()


@pytest.fixture
def server(tmp_path: Path, numbers: Numbers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server with one more export."""
    export = Export("Test", numbers)
    others = tuple(operation for operation in OPERATIONS if operation.path != LINK)
    monkeypatch.setattr(app, "OPERATIONS", (*others, files(PATH, SOFTWARE, export, "A test."), download((export,))))
    with running(f"sqlite:///{tmp_path / 'kbgap.sqlite'}") as started:
        yield started


def link_of(server: Server, query: str = "") -> str:
    """The only link of an answer."""
    (link,) = server.get(PATH + query).json()["exportFiles"]
    return str(link)


def test_a_link_gives_the_lines_without_a_token(server: Server) -> None:
    """gzip, one JSON object a line, from an address on the host that the client used."""
    body = server.get(PATH, Host="api.security.microsoft.com").json()
    answer = server.http.get(link_of(server))

    lines = gzip.decompress(answer.content).splitlines()
    assert answer.headers["content-type"] == "application/gzip"
    assert "content-encoding" not in answer.headers
    assert len(lines) == ROWS
    assert json.loads(lines[-1]) == {"tenant": TENANT, "scopes": [0], "number": ROWS - 1}
    assert body["exportFiles"][0].startswith("http://api.security.microsoft.com/tvm-export/2026-07-14/1200/Test/json/")
    assert body["generatedTime"] == "2026-07-14T12:00:00Z"


def test_an_asker_for_the_head_gets_no_body(server: Server, numbers: Numbers) -> None:
    """Nothing is made for it."""
    answer = server.http.head(link_of(server))

    assert (answer.status_code, answer.content, numbers.ended.is_set()) == (200, b"", False)


@pytest.mark.parametrize(("query", "hours"), [("", 1), ("?sasValidHours=6", 6), ("?SASVALIDHOURS=2", 2)])
def test_a_link_opens_for_so_many_hours(server: Server, query: str, hours: int) -> None:
    """Not a moment longer; the refusal has the words by which clients know that they need a new link."""
    link = link_of(server, query)

    server.clock.move(hours=hours, seconds=-1)
    in_time = server.http.get(link)
    server.clock.move(seconds=1)
    late = server.http.get(link)

    assert in_time.status_code == 200
    assert (late.status_code, late.headers["content-type"]) == (403, "application/xml")
    assert "<Code>AuthenticationFailed</Code>" in late.text
    assert "Signature not valid in the specified time frame: Start [Tue, 14 Jul 2026 12:00:00 GMT]" in late.text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("OrgId=1", "OrgId=2"),
        ("sg=0", "sg=1"),
        ("se=2026-07-14T13", "se=2027-07-14T13"),
        ("st=2026-07-14T12", "st=2026-07-14T11"),
        ("/Test/", "/SoftwareInventory/"),
        ("sig=", "sig=A"),
        ("kid=", "kid=A"),
        ("OrgId=", "Org="),
        ("?", "?x=1#"),
    ],
)
def test_a_link_that_was_changed_opens_nothing(server: Server, old: str, new: str) -> None:
    """Neither another tenant's rows, nor more of one's own, nor for longer."""
    answer = server.http.get(link_of(server).replace(old, new, 1))

    assert answer.status_code == 403
    assert "Signature did not match." in answer.text


def test_a_link_outlives_the_key_that_signed_it_by_as_long_as_tokens_do(server: Server) -> None:
    """A new key signs from now on; links of the old one open until they expire."""
    server.token()  # makes the first key
    server.clock.move(days=89, hours=23)
    link = link_of(server, "?sasValidHours=6")

    server.clock.move(hours=2)

    assert "kid=" in link_of(server)
    assert link.partition("kid=")[2][:20] != link_of(server).partition("kid=")[2][:20]
    assert server.http.get(link).status_code == 200


def test_a_link_of_a_deleted_tenant_opens_nothing(server: Server) -> None:
    """Whatever its signature says."""
    link = link_of(server)

    delete_tenant(server.database, TENANT, server.clock())

    assert server.http.get(link).status_code == 403


def test_nothing_is_made_for_a_client_that_has_left(server: Server, numbers: Numbers) -> None:
    """A download that is given up sets its thread and its snapshot of the database free."""
    with server.http.stream("GET", link_of(server)) as answer:
        next(answer.iter_raw())

    assert numbers.ended.wait(timeout=10)


@pytest.mark.parametrize("hours", ["0", "7", "x", "1.5", "-1", "٣", "99999999999"])
def test_hours_that_are_none_are_refused(server: Server, hours: str) -> None:
    """Named, with what may be given."""
    error = server.get(f"{PATH}?sasValidHours={hours}").json()["error"]

    assert (error["code"], "from 1 to 6" in error["message"]) == ("InvalidInput", True)
