"""A token of npm oidc-provider opens the API with its role, and with nothing else wrong."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.builders import TENANT
from tests.conformance.front import Runner
from tests.conformance.tools import folder
from tests.server.conftest import Clock, Server, running

AUDIENCE = "https://kbgap.example.org"
SECRET = "a secret of the test"


@dataclass(frozen=True)
class Provider:
    """A running provider, by its issuer's name."""

    issuer: str

    def token(self, application: str = "reader", resource: str = AUDIENCE) -> str:
        """A token for an application, asked for as RFC 6749 says."""
        fields = {"grant_type": "client_credentials", "resource": resource}
        answer = httpx2.post(f"{self.issuer}/token", data=fields, auth=(application, SECRET)).raise_for_status()
        return str(answer.json()["access_token"])


@contextmanager
def provider(runner: Runner, work: Path) -> Iterator[Provider]:
    """A provider on a free port, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    asked = json.dumps({"issuer": f"http://127.0.0.1:{port}", "port": port})
    command = [*runner.command(Path(__file__).parent / "clients" / "oidc_provider.mjs"), asked]
    with (work / f"provider-{port}.log").open("w") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder()
        )
        with process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, Path(log.name).read_text("utf-8")
            yield Provider(json.loads(line)["issuer"])
            assert process.stdin is not None
            process.stdin.close()
            process.terminate()


@pytest.fixture(scope="module")
def providers(oidc_node: Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Provider, Provider]]:
    """The provider that the server knows, and another."""
    work = tmp_path_factory.mktemp("providers")
    with provider(oidc_node, work) as known, provider(oidc_node, work) as unknown:
        yield known, unknown


@pytest.fixture(scope="module")
def trusting(providers: tuple[Provider, Provider], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that knows one provider, with the clock of this machine, by which the provider's tokens expire."""
    work = Path(tmp_path_factory.mktemp("trusting"))
    issuers = work / "issuers.toml"
    issuers.write_text(
        f'[[issuer]]\nissuer = "{providers[0].issuer}"\naudience = ["{AUDIENCE}", "{AUDIENCE}/short"]\n'
        f'tenant = "{TENANT}"\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.setenv("no_proxy", "127.0.0.1")
        with running(f"sqlite:///{work / 'kbgap.sqlite'}", issuers=issuers) as server:
            _follow(server.clock)
            yield server


def _follow(clock: Clock) -> None:
    """Set a server's clock to this machine's."""
    clock.move(seconds=time.time() - clock().timestamp())


def asked(server: Server, token: str) -> tuple[int, str]:
    """Status and message of a read."""
    _follow(server.clock)
    answer = server.http.get("/api/Software", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json().get("error", {}).get("message", "")


def test_its_token_opens_the_api_with_the_role(providers: tuple[Provider, Provider], trusting: Server) -> None:
    """Found by discovery, verified by its published key."""
    assert asked(trusting, providers[0].token()) == (200, "")


@pytest.mark.parametrize("application", ["other", "nobody"])
def test_without_the_role_it_is_forbidden(
    providers: tuple[Provider, Provider], trusting: Server, application: str
) -> None:
    """A good token that may do something else, or nothing: 403 that names the role."""
    status, message = asked(trusting, providers[0].token(application))

    assert status == 403
    assert "API required roles: Software.Read.All" in message


def test_for_another_audience_it_is_refused(providers: tuple[Provider, Provider], trusting: Server) -> None:
    """It was issued for something else."""
    assert asked(trusting, providers[0].token(resource="https://other.example.org")) == (
        401,
        "The access token is for another audience; ask the token endpoint for a new one",
    )


def test_of_another_issuer_it_is_refused(providers: tuple[Provider, Provider], trusting: Server) -> None:
    """The same software, the same claims, another name and key."""
    status, message = asked(trusting, providers[1].token())

    assert status == 401
    assert "unknown key" in message


def test_when_its_time_is_over_it_is_refused(providers: tuple[Provider, Provider], trusting: Server) -> None:
    """A second after it was good."""
    token = providers[0].token(resource=f"{AUDIENCE}/short")
    before = asked(trusting, token)
    time.sleep(2)
    after = asked(trusting, token)

    assert before[0] in {200, 401}  # a slow machine may take the second
    assert after == (401, "The access token has expired; ask the token endpoint for a new one")
