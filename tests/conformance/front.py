"""A server that speaks TLS with a certificate of a private authority, and the clients that are told to trust it."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kbgap.operations.clients import ALL_ROLES, create_client
from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.report_inventory import report_inventory
from kbgap.server.app import create_app
from kbgap.server.run import address_of_socket, in_background, listen
from kbgap.server.tls import Certificate
from kbgap.settings import Settings
from kbgap.store import tenants
from kbgap.store.database import open_database
from kbgap.store.migrate import migrate
from tests.builders import TENANT, a_catalogue, a_report
from tests.certificates import Authority
from tests.conformance.cloud import CLOUD, Proxy, cloud
from tests.conformance.tools import folder, node_with, python_with

HERE = Path(__file__).parent
_TIMEOUT = 90  # seconds for one client


@dataclass(frozen=True)
class Front:
    """The server as a client sees it: where it is, whom to trust, and how to sign in."""

    url: str
    authority: Path
    tenant: str
    client_id: str
    client_secret: str
    folder: Path

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])


@pytest.fixture(scope="session")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A server with one machine, under its own name and those of the cloud."""
    its_folder = Path(tmp_path_factory.mktemp("conformance"))
    authority = Authority(its_folder)
    files = authority.certificate("front", "localhost", "127.0.0.1", *CLOUD)
    url = f"sqlite:///{its_folder / 'kbgap.sqlite'}"
    migrate(url)
    now = datetime.now(UTC)
    with open_database(url) as database, a_catalogue(its_folder / "catalogue") as catalogue:
        with database.transaction() as tx:
            tenants.create(tx, TENANT, "contoso", now)
        load_catalogue(database, catalogue, now)
        report_inventory(database, catalogue, TENANT, [a_report("ws-1")], now)
        client_id, secret = create_client(database, TENANT, "reader", ALL_ROLES, now)
        listening = listen("127.0.0.1", 0)
        address = address_of_socket(listening, "https").replace("127.0.0.1", "localhost")
        app = create_app(Settings(), database, lambda: catalogue, lambda: datetime.now(UTC), address=address)
        with in_background(app, listening, Certificate(files.chain, files.key)):
            yield Front(address, authority.files.chain, TENANT, client_id, secret, its_folder)


@pytest.fixture
def proxy(front: Front) -> Iterator[Proxy]:
    """A forward proxy that leads the cloud's hosts to the server."""
    with cloud(front.port) as started:
        yield started


@dataclass(frozen=True)
class Runner:
    """Runs client scripts: each takes one JSON object as its argument, and prints one.

    ``command`` begins it, given the script's path; ``trusts`` are the variables that name the authority to trust.
    """

    command: Callable[[Path], Sequence[str]]
    suffix: str
    trusts: tuple[str, ...]

    def __call__(self, script: str, front: Front, proxy: Proxy | None = None, **options: object) -> dict[str, Any]:
        """What the script printed; a script that fails shows what it said."""
        asked = {
            "url": front.url,
            "tenant": front.tenant,
            "client_id": front.client_id,
            "client_secret": front.client_secret,
            **options,
        }
        done = subprocess.run(
            [*self.command(HERE / "clients" / f"{script}{self.suffix}"), json.dumps(asked)],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            env=self.environment(front, proxy),
            cwd=folder(),
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def environment(self, front: Front, proxy: Proxy | None) -> dict[str, str]:
        """Nothing of whoever runs the tests but the path, so that only what we say is trusted and asked."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(front.folder)}
        environment |= dict.fromkeys(self.trusts, str(front.authority))
        if proxy is not None:
            environment |= {"HTTPS_PROXY": proxy.url, "https_proxy": proxy.url, "NO_PROXY": "localhost"}
        return environment


@pytest.fixture(scope="session")
def python_client() -> Runner:
    """Scripts in Python, with the libraries of their own environment."""
    python = str(python_with("msal"))
    return Runner(lambda script: (python, "-I", str(script)), ".py", ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"))


@pytest.fixture(scope="session")
def node_client() -> Runner:
    """Scripts in JavaScript that sign in with Microsoft's libraries."""
    return _in_node("@azure/msal-node")


@pytest.fixture(scope="session")
def oidc_node() -> Runner:
    """The script in JavaScript that is an OpenID Connect provider."""
    return _in_node("oidc-provider")


def _in_node(package: str) -> Runner:
    """Runs scripts whose imports are looked for in the folder of the clients."""
    node = str(node_with(package))

    def command(script: Path) -> Sequence[str]:
        return (node, "--input-type=module", "--eval", script.read_text("utf-8"), "--")

    return Runner(command, ".mjs", ("NODE_EXTRA_CA_CERTS",))
