"""``kbgap demo`` as a person meets it: a process that prints what to do, and answers."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from kbgap.cli.arguments import parser
from kbgap.cli.demo import _plan
from kbgap.settings import Settings

EDGE = "/api/Software/microsoft-_-edge/getmissingkbs"
STARTS_WITHIN = 60  # seconds; it takes two or three, but tests run beside others


def command(*arguments: str) -> list[str]:
    """The command line that starts the demo in this Python."""
    return [sys.executable, "-m", "kbgap.cli.main", "demo", *arguments]


@dataclass(frozen=True)
class Running:
    """A demo that answers, and what it wrote into its ready file."""

    process: subprocess.Popen[str]
    ready: dict[str, str]
    ready_file: Path
    guide: Path

    def ask(self, path: str, token: str | None = None, form: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and JSON of one request."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        data = urlencode(form).encode() if form else None
        try:
            with urlopen(Request(self.ready["url"] + path, data, headers), timeout=30) as answer:  # noqa: S310 - http
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    def token(self) -> str:
        """A token for the client of the ready file."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.ready["client_id"],
            "client_secret": self.ready["client_secret"],
            "scope": "https://api.securitycenter.microsoft.com/.default",
        }
        status, answer = self.ask(f"/{self.ready['tenant_id']}/oauth2/v2.0/token", form=form)
        assert status == 200, answer
        return str(answer["access_token"])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One demo with the default fleet on a free port."""
    folder = tmp_path_factory.mktemp("demo")
    ready_file, guide = folder / "ready.json", folder / "guide.txt"
    with guide.open("w") as stream:
        process = subprocess.Popen(
            command("--port", "0", "--ready-file", str(ready_file)),
            stdout=stream,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(folder), "NO_PROXY": "127.0.0.1"},
        )
    with process:
        yield Running(process, json.loads(wait_for(ready_file, process)), ready_file, guide)
        process.terminate()


def wait_for(path: Path, process: subprocess.Popen[str]) -> str:
    """The text of a file that the process will write."""
    deadline = time.monotonic() + STARTS_WITHIN
    while not path.exists():
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        assert time.monotonic() < deadline, "the demo does not get ready"
        time.sleep(0.02)
    return path.read_text()


# --- it answers ----------------------------------------------------------------------------------------------------


def test_the_ready_file_holds_what_a_program_needs_and_nobody_else_can_read_it(running: Running) -> None:
    """Programs start the demo, wait for the file, and ask."""
    assert set(running.ready) == {"url", "tenant_id", "client_id", "client_secret"}
    assert stat.S_IMODE(running.ready_file.stat().st_mode) == 0o600
    assert [path.name for path in running.ready_file.parent.glob(".ready*")] == []


def test_the_documented_row_comes_over_http(running: Running) -> None:
    """The main job: 240 machines miss KB4540673, which closes 14 CVEs of Edge."""
    status, answer = running.ask(EDGE, running.token())

    assert status == 200
    assert {
        "id": "4540673",
        "name": "March 2020 Security Updates",
        "osBuild": None,
        "productsNames": ["edge"],
        "url": "https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB4540673",
        "machineMissedOn": 240,
        "cveAddressed": 14,
    } in answer["value"]


def test_without_a_token_nobody_is_answered(running: Running) -> None:
    """The demo is as strict as the server that it shows."""
    status, answer = running.ask(EDGE)

    assert (status, answer["error"]["code"]) == (401, "Unauthorized")


def test_the_client_has_every_role(running: Running) -> None:
    """Whoever integrates against the demo need not know which roles there are."""
    for path in ("/api/Software", "/api/Software/microsoft-_-windows_10"):
        status, _ = running.ask(path, running.token())

        assert status == 200, path


# --- what it prints ------------------------------------------------------------------------------------------------


def test_the_printed_lines_work_when_they_are_pasted(running: Running) -> None:
    """A person copies them into a shell as they stand; the four answers are the row, 401, 404 and 403."""
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("there is no curl or no bash here")
    lines = [line for line in running.guide.read_text().splitlines() if re.match(r"curl |[A-Z]+=", line)]

    pasted = subprocess.run(
        ["bash", "-u"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"NO_PROXY": "127.0.0.1"},
        check=True,
    )

    row, nobody, nobody_status, nowhere, nowhere_status, denied, denied_status = pasted.stdout.splitlines()
    assert pasted.stderr == ""
    assert '"machineMissedOn":240,"cveAddressed":14' in row
    assert (json.loads(nobody)["error"]["code"], nobody_status) == ("Unauthorized", "401")
    assert (json.loads(nowhere)["error"]["code"], nowhere_status) == ("ResourceNotFound", "404")
    assert "Software.Read.All" in json.loads(denied)["error"]["message"]
    assert denied_status == "403"


def test_the_guide_names_the_ways_in(running: Running) -> None:
    """Address, tenant, client and secret can be copied one by one."""
    guide = running.guide.read_text()

    for name, value in running.ready.items():
        label = {"url": "address", "tenant_id": "tenant"}.get(name, name.replace("_", " "))
        assert re.search(rf"^  {label} +{re.escape(value)}$", guide, re.MULTILINE)


# --- it ends, and it refuses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_told_to_stop_leaves_nothing_behind(tmp_path: Path, told: signal.Signals) -> None:
    """Ctrl-C is how a demo ends: no traceback, no failure, no data in the temporary folder."""
    ready_file = tmp_path / "ready.json"
    with subprocess.Popen(
        command("--port", "0", "--machines", "5", "--ready-file", str(ready_file)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as process:
        wait_for(ready_file, process)

        process.send_signal(told)
        _, said = process.communicate(timeout=30)

    assert (process.returncode, said) == (0, "kbgap: stopped\n")
    assert [path.name for path in tmp_path.iterdir()] == ["ready.json"]


def test_a_tenant_is_given_by_its_id_or_by_its_name() -> None:
    """--tenant means the same as everywhere: what looks like an id is one."""
    guid = "2f0fca1a-70ef-4a2c-8e8a-0a1b5d1c7e11"

    by_id = _plan(parser().parse_args(["demo", "--tenant", guid.upper()]))
    by_name = _plan(parser().parse_args(["demo", "--tenant", "acme"]))

    assert by_id.tenant == guid
    assert (by_name.tenant, by_name.tenant_name) == (Settings().tenant, "acme")


def refused(*arguments: str, folder: Path) -> tuple[int, str]:
    """Exit code and words of a demo that cannot start."""
    process = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=STARTS_WITHIN,
        env=os.environ | {"TMPDIR": str(folder)},
        check=False,
    )
    assert process.stdout == ""
    assert list(folder.glob("kbgap-demo-*")) == []
    return process.returncode, process.stderr


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    """Two demos at once is the commonest accident."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        code, said = refused("--port", str(port), folder=tmp_path)

    assert code == 3
    assert re.fullmatch(rf"kbgap: 127\.0\.0\.1:{port}: .*[Aa]ddress already in use.*--port\n", said)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    """The demo must not mix its machines with those that somebody keeps."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "kbgap.sqlite").write_bytes(b"precious")

    code, said = refused("--port", "0", "--data-dir", str(tmp_path / "kept"), folder=tmp_path)

    assert code == 2
    assert said.count("\n") == 1
    assert "must be empty" in said
    assert (tmp_path / "kept" / "kbgap.sqlite").read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (("--machines", "0"), "--machines"),
        (("--machines", "99999999"), "--machines"),
        (("--ready-file", "/nowhere/at/all.json"), "/nowhere/at/all.json"),
    ],
)
def test_flags_that_cannot_be_followed_are_named(tmp_path: Path, flags: tuple[str, str], named: str) -> None:
    """One line, before any work is done."""
    code, said = refused("--port", "0", *flags, folder=tmp_path)

    assert code == 2
    assert said.count("\n") == 1
    assert named in said
