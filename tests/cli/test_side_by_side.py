"""Several ``kbgap serve`` processes over one PostgreSQL, each with its own folder, answer for one fleet."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from kbgap.catalogue.shelf import Shelf
from kbgap.inventory.report import encode_report
from kbgap.operations.check_database import check
from kbgap.operations.demo import Plan, set_up_demo
from kbgap.store.database import open_database
from kbgap.store.migrate import migrate
from tests.builders import a_report
from tests.cli.test_serve import NOW, TENANT, ask, command, environment

_RESOURCE = "https://api.securitycenter.microsoft.com"
_SEEN_WITHIN = 5.0  # seconds: two are promised, and this machine may have other things to do


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def wait_until_ready(address: str) -> None:
    """As a load balancer does."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with urlopen(f"{address}/readyz", timeout=5):  # noqa: S310 - our own server's
                return
        except URLError:
            time.sleep(0.1)
    pytest.fail(f"{address} did not become ready")


@contextmanager
def serving(folder: Path, database_url: str) -> Iterator[str]:
    """The address of a server over this database, with a data folder of its own."""
    settings = {
        "KBGAP_DATABASE_URL": database_url,
        "KBGAP_PUBLIC_URL": "https://kbgap.example.org",
        "KBGAP_ACCESS_LOG": "off",
    }
    port = free_port()
    words = [*command(folder), "--port", str(port)]  # the last one wins
    with subprocess.Popen(words, stderr=subprocess.DEVNULL, env=environment() | settings) as process:
        try:
            wait_until_ready(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)


def send(address: str, token: str, names: range) -> Any:  # noqa: ANN401 - JSON
    """Report machines of these numbers, of two builds that one Windows has."""
    body = b"\n".join(encode_report(a_report(f"new-{number}", ubr=600 + number % 2)) for number in names)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    with urlopen(Request(f"{address}/inventory/reports", body, headers), timeout=60) as answer:  # noqa: S310 - as above
        return json.load(answer)


def test_what_one_process_takes_in_the_other_answers_with(tmp_path: Path, postgres_url: str) -> None:
    """One's tokens open the other, both write at once, and both give the same counts within moments."""
    migrate(postgres_url)
    with open_database(postgres_url) as database:
        plan = Plan(tenant=TENANT, tenant_name="ours", seed=4, machines=30)
        client = set_up_demo(database, Shelf(tmp_path / "set-up"), plan, NOW).may_all
    form = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret}

    with serving(tmp_path / "one", postgres_url) as one, serving(tmp_path / "two", postgres_url) as two:
        token = ask(f"{one}/{TENANT}/oauth2/token", form=form | {"resource": _RESOURCE})["access_token"]
        ask(f"{two}/api/machines", token=token)  # two remembers this answer
        accepted = [
            send(address, token, range(first, first + 50))["accepted"]
            for address, first in ((one, 0), (two, 50), (one, 100))
        ]
        until, counts = time.monotonic() + _SEEN_WITHIN, [0, 1]
        while counts != [180, 180] and time.monotonic() < until:
            counts = [len(ask(f"{address}/api/machines", token=token)["value"]) for address in (one, two)]

    assert accepted == [50, 50, 50]
    assert counts == [180, 180]
    with open_database(postgres_url) as database:
        assert check(database) == []
