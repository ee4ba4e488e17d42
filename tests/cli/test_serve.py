"""``kbgap serve`` as a process: it answers over what is installed, and says what is not."""

import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from kbgap.catalogue.file import write_catalogue
from kbgap.catalogue.shelf import Shelf
from kbgap.inventory.report import encode_report
from kbgap.operations.check_database import check
from kbgap.operations.demo import Credentials, Plan, set_up_demo
from kbgap.operations.demo_facts import demo_documents
from kbgap.operations.fleet_totals import fleet_totals
from kbgap.operations.refresh_catalogue import compile_documents
from kbgap.settings import Settings
from kbgap.store.database import open_database
from kbgap.store.migrate import migrate
from tests.builders import a_report
from tests.certificates import Authority

TENANT = Settings().tenant
NOW = datetime.now(UTC)


def command(folder: Path) -> list[str]:
    """The command line that serves the data in ``folder`` on a free port."""
    return [sys.executable, "-m", "kbgap.cli.main", "serve", "--port", "0", "--data-dir", str(folder)]


def refused(folder: Path) -> tuple[int, str]:
    """Exit code and words of a server that does not start."""
    process = subprocess.run(
        command(folder), capture_output=True, text=True, timeout=60, env=environment(), check=False
    )
    assert process.stdout == ""
    return process.returncode, process.stderr


def environment() -> dict[str, str]:
    """The environment without settings of whoever runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KBGAP_")}


@contextmanager
def serving(folder: Path, told: signal.Signals = signal.SIGTERM) -> Iterator[str]:
    """The address of a server that answers; it is told to stop at the end, and must do so without a word of trouble."""
    with subprocess.Popen(command(folder), stderr=subprocess.PIPE, text=True, env=environment()) as process:
        said = [""]
        for line in process.stderr or ():
            said.append(line)
            if "answering at" in line:
                break
        assert "answering at" in said[-1], said
        yield said[-1].split()[-1]
        process.send_signal(told)
        _, rest = process.communicate(timeout=30)
    assert (process.returncode, rest.splitlines()[-1]) == (0, "kbgap: stopped")
    assert "Traceback" not in rest


def ask(address: str, *, form: dict[str, str] | None = None, token: str = "") -> Any:  # noqa: ANN401 - JSON of any shape
    """The JSON of an answer."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = Request(address, urlencode(form).encode() if form else None, headers)  # noqa: S310 - our own server's
    with urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
        return json.load(answer)


def set_up(folder: Path) -> Credentials:
    """Data of 30 machines, and a client that may ask for them."""
    migrate(f"sqlite:///{folder / 'kbgap.sqlite'}")
    with open_database(f"sqlite:///{folder / 'kbgap.sqlite'}") as database:
        plan = Plan(tenant=TENANT, tenant_name="ours", seed=4, machines=30)
        return set_up_demo(database, Shelf(folder / "catalogue"), plan, NOW).may_all


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_over_the_data_that_is_there(tmp_path: Path, told: signal.Signals) -> None:
    """A client that was created before the server started gets its rows."""
    client = set_up(tmp_path)
    form = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "resource": "https://api.securitycenter.microsoft.com",
    }

    with serving(tmp_path, told) as address:
        token = ask(f"{address}/{TENANT}/oauth2/token", form=form)["access_token"]
        software = {row["id"] for row in ask(f"{address}/api/Software", token=token)["value"]}

    assert {"microsoft-_-windows_10", "microsoft-_-windows_11"} <= software


def test_reports_that_are_being_taken_in_are_answered_before_the_end(tmp_path: Path) -> None:
    """Told to stop in the middle, the server answers first, and all that it accepted is there."""
    client = set_up(tmp_path)
    form = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "resource": "https://api.securitycenter.microsoft.com",
    }
    body = b"\n".join(encode_report(a_report(f"new-{number}", ubr=number)) for number in range(1, 1_500))
    answers: list[dict[str, Any]] = []

    def send(address: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        with urlopen(Request(f"{address}/inventory/reports", body, headers), timeout=60) as answer:  # noqa: S310 - ours
            answers.append(json.load(answer))

    with serving(tmp_path) as address:
        token = ask(f"{address}/{TENANT}/oauth2/token", form=form)["access_token"]
        sender = threading.Thread(target=send, args=(address, token))
        sender.start()
        time.sleep(0.25)
    sender.join()

    assert [answer["accepted"] for answer in answers] == [1_499]
    with open_database(f"sqlite:///{tmp_path / 'kbgap.sqlite'}") as database:
        assert fleet_totals(database).machines == 30 + 1_499
        assert check(database) == []


def test_a_catalogue_in_the_folder_is_all_that_the_first_start_needs(tmp_path: Path) -> None:
    """After ``catalogue refresh`` or ``catalogue import`` the next step is ``serve``: no step is left out silently."""
    shelf = Shelf(tmp_path / "catalogue")
    shelf.make_current(write_catalogue(compile_documents(demo_documents()), shelf.folder))

    with serving(tmp_path) as address:
        ready = ask(f"{address}/readyz")

    assert ready == {"status": "ready", "database": "ok", "catalogue": "ok"}


def test_a_new_installation_is_told_the_next_step(tmp_path: Path) -> None:
    """Microsoft's documents come first, and a mistyped folder is not filled with an empty database."""
    code, said = refused(tmp_path / "new")

    assert code == 3
    assert said == f"kbgap: {tmp_path / 'new' / 'catalogue'}: there is no catalogue yet; run: kbgap catalogue refresh\n"
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_a_catalogue_is_told_the_next_step(tmp_path: Path) -> None:
    """The tables alone answer nothing."""
    migrate(f"sqlite:///{tmp_path / 'kbgap.sqlite'}")

    code, said = refused(tmp_path)

    assert code == 3
    assert said == "kbgap: there is no catalogue in the database yet; run: kbgap catalogue refresh\n"


def test_a_tenant_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """A typing error in the configuration must not start a server that answers for nobody."""
    migrate(f"sqlite:///{tmp_path / 'kbgap.sqlite'}")

    process = subprocess.run(
        [*command(tmp_path), "--tenant", "nobody"], capture_output=True, text=True, env=environment(), check=False
    )

    assert process.returncode == 2
    assert "there is no tenant nobody" in process.stderr


def test_it_speaks_tls_with_a_certificate_from_files(tmp_path: Path) -> None:
    """And logs each request as JSON, which other lines on standard error are not mixed into."""
    client = set_up(tmp_path)
    authority = Authority(tmp_path)
    files = authority.certificate("server", "127.0.0.1", "localhost")
    form = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "scope": "https://api.securitycenter.microsoft.com/.default",
    }
    trusted = ssl.create_default_context(cafile=str(authority.files.chain))
    flags = ["--tls-cert", str(files.chain), "--tls-key", str(files.key)]
    with subprocess.Popen(
        [*command(tmp_path), *flags], stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stderr is not None
        address = next(line for line in process.stderr if "answering at" in line).split()[-1]
        with urlopen(f"{address}/{TENANT}/oauth2/v2.0/token", urlencode(form).encode(), context=trusted) as answer:  # noqa: S310 - our own server's
            answered = json.load(answer)
        process.send_signal(signal.SIGTERM)
        said = process.stderr.read().splitlines()
        code = process.wait(30)

    lines = [json.loads(line) for line in said if line.startswith("{")]
    assert address.startswith("https://")
    assert answered["token_type"] == "Bearer"
    assert [(line["method"], line["status"]) for line in lines] == [("POST", 200)]
    assert code == 0


def test_a_certificate_that_cannot_be_used_is_said_before_anything_is_done(tmp_path: Path) -> None:
    """One line, and no database is made."""
    (tmp_path / "cert.pem").write_text("nothing")
    shelf = Shelf(tmp_path / "data" / "catalogue")
    shelf.make_current(write_catalogue(compile_documents(demo_documents()), shelf.folder))

    process = subprocess.run(
        [*command(tmp_path / "data"), "--tls-cert", str(tmp_path / "cert.pem")],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )

    assert process.returncode == 2
    assert "cert.pem: the certificate and the key cannot be used" in process.stderr
    assert not (tmp_path / "data" / "kbgap.sqlite").exists()
