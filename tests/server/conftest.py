"""A real server on loopback over a real database, with a clock that tests move."""

import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import httpx2
import pytest

from kbgap.catalogue.file import CatalogueFile, write_catalogue
from kbgap.core.errors import Unavailable
from kbgap.operations.clients import ALL_ROLES, create_client
from kbgap.operations.demo_facts import demo_documents
from kbgap.operations.demo_fleet import demo_fleet
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.refresh_catalogue import compile_documents
from kbgap.operations.report_inventory import report_inventory
from kbgap.server.app import create_app
from kbgap.server.run import address_of_socket, in_background, listen
from kbgap.server.service import CatalogueProvider
from kbgap.settings import Settings
from kbgap.store import tenants
from kbgap.store.database import Database, open_database
from kbgap.store.migrate import migrate
from tests.builders import OTHER_TENANT, TENANT, a_catalogue

RESOURCE = "https://api.securitycenter.microsoft.com"


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime(2026, 7, 14, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def move(self, **how_far: float) -> None:
        """Let time pass, or go back."""
        self.now += timedelta(**how_far)


@dataclass(eq=False)
class Server:
    """A running server with its database, a client of every role, and its own HTTP client."""

    url: str
    database: Database
    clock: Clock
    http: httpx2.Client
    client_id: str
    client_secret: str

    def ask_token(self, tenant: str = TENANT, **form: str | None) -> httpx2.Response:
        """Ask for a version 2 token; a field of None is left out."""
        fields = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "scope": f"{RESOURCE}/.default",
            **form,
        }
        return self.http.post(f"/{tenant}/oauth2/v2.0/token", data={k: v for k, v in fields.items() if v is not None})

    def token(self, *roles: str) -> str:
        """A token, of every role or of a new client's roles."""
        if not roles:
            return str(self.ask_token().json()["access_token"])
        client_id, secret = create_client(self.database, TENANT, "narrow", roles, self.clock())
        return str(self.ask_token(client_id=client_id, client_secret=secret).json()["access_token"])

    def other_token(self) -> str:
        """A token of every role in another tenant."""
        client_id, secret = create_client(self.database, OTHER_TENANT, "other", ALL_ROLES, self.clock())
        return str(self.ask_token(OTHER_TENANT, client_id=client_id, client_secret=secret).json()["access_token"])

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """GET with a good token."""
        return self.http.get(path, headers={"Authorization": f"Bearer {self.token()}", **headers})

    def post(self, path: str, content: bytes, **headers: str) -> httpx2.Response:
        """POST with a good token."""
        return self.http.post(path, content=content, headers={"Authorization": f"Bearer {self.token()}", **headers})


def raw_get(server: Server, target: str, **headers: str) -> tuple[int, bytes]:
    """GET with exactly this target, which most HTTP clients would tidy up."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    connection.putrequest("GET", target, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def an_address(template: str) -> str:
    """A path that the template of an operation stands for."""
    called = re.sub(r"\(\w+,\w+\)", "(ip='192.0.2.7',timestamp=2026-07-14T12:00:00Z)", template)
    return re.sub(r"\{\w+\}", "microsoft-_-edge", called)


def no_catalogue() -> CatalogueFile:
    """What a server sees before the first refresh."""
    raise Unavailable("there is no catalogue yet", where="a secret folder", mend="run: kbgap catalogue refresh")


@contextmanager
def running(
    database_url: str,
    catalogue: CatalogueProvider = no_catalogue,
    *,
    access_log: BinaryIO | None = None,
    **settings: Any,  # noqa: ANN401 - whatever Settings has
) -> Iterator[Server]:
    """A server over a new database with two tenants and one client of every role."""
    migrate(database_url)
    database, clock = open_database(database_url), Clock()
    with database.transaction() as tx:
        tenants.create(tx, TENANT, "contoso", clock())
        tenants.create(tx, OTHER_TENANT, "fabrikam", clock())
    client_id, secret = create_client(database, TENANT, "test", ALL_ROLES, clock())
    listening = listen("127.0.0.1", 0)
    url = address_of_socket(listening)
    app = create_app(replace(Settings(), **settings), database, catalogue, clock, address=url, access_log=access_log)
    with listening, in_background(app, listening), httpx2.Client(base_url=url, timeout=30) as http:
        yield Server(url, database, clock, http, client_id, secret)
    database.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for a module's tests, without a catalogue."""
    with running(f"sqlite:///{Path(tmp_path_factory.mktemp('server')) / 'kbgap.sqlite'}") as started:
        yield started


@pytest.fixture(scope="module")
def fleet_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for a module's tests, with the catalogue of February and March 2020 and no machines."""
    folder = tmp_path_factory.mktemp("fleet-server")
    with (
        a_catalogue(folder / "catalogue") as catalogue,
        running(f"sqlite:///{folder / 'kbgap.sqlite'}", lambda: catalogue) as started,
    ):
        load_catalogue(started.database, catalogue, started.clock())
        yield started


@contextmanager
def running_demo(folder: Path, machines: int = 30, **settings: Any) -> Iterator[Server]:  # noqa: ANN401 - whatever Settings has
    """A server with the catalogue of the demo and a small fleet like its own."""
    path = write_catalogue(compile_documents(demo_documents()), folder)
    with (
        CatalogueFile(path) as catalogue,
        running(f"sqlite:///{folder / 'kbgap.sqlite'}", lambda: catalogue, **settings) as started,
    ):
        now = started.clock()
        load_catalogue(started.database, catalogue, now)
        report_inventory(started.database, catalogue, TENANT, list(demo_fleet(7, machines, catalogue.lines, now)), now)
        yield started


@pytest.fixture(scope="module")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for a module's tests, with the catalogue and the fleet of the demo."""
    with running_demo(tmp_path_factory.mktemp("demo-server")) as started:
        yield started
