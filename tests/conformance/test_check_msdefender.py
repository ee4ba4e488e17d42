"""check-msdefender (PyPI), unmodified: its commands for Nagios run against the cloud's names, which lead to us."""

import subprocess
from pathlib import Path

import pytest

from kbgap.server.routes import OPERATIONS
from tests.conformance.cloud import Proxy
from tests.conformance.front import Front, Runner
from tests.conformance.tools import folder, tool

OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3


def run(front: Front, runner: Runner, proxy: Proxy, tmp_path: Path, *arguments: str) -> tuple[int, str]:
    """Exit code, which is Nagios' state, and what it prints."""
    program = tool("check_msdefender")
    config = tmp_path / "check_msdefender.ini"
    config.write_text(
        f"[auth]\nclient_id = {front.client_id}\nclient_secret = {front.client_secret}\ntenant_id = {front.tenant}\n"
    )
    done = subprocess.run(
        [str(program), arguments[0], "--config", str(config), *arguments[1:]],
        capture_output=True,
        text=True,
        timeout=90,
        env=runner.environment(front, proxy),
        cwd=folder(),
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("lastseen", "--dns-name", "ws-1"), "DEFENDER OK"),
        (("onboarding", "--dns-name", "ws-1"), "DEFENDER OK"),
        (("machines",), "ws-1"),
        (("detail", "--dns-name", "ws-1"), "ws-1"),
    ],
)
def test_its_checks_of_machines_run(
    front: Front, python_client: Runner, proxy: Proxy, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    """They sign in, find the machine by its name and read what they check."""
    code, said = run(front, python_client, proxy, tmp_path, *arguments)

    assert says in said
    assert code == OK, said


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("alerts", "/api/machines/{id}/alerts"),
        ("vulnerabilities", "/api/machines/{id}/vulnerabilities"),
        ("products", "/api/machines/SoftwareVulnerabilitiesByMachine"),
    ],
)
def test_its_checks_of_findings_run(
    front: Front, python_client: Runner, proxy: Proxy, tmp_path: Path, command: str, path: str
) -> None:
    """Whatever is found, the state is one that was found out: UNKNOWN is how it says that it could not read."""
    if path not in {operation.path for operation in OPERATIONS}:
        pytest.skip(f"the server has no {path} yet")

    code, said = run(front, python_client, proxy, tmp_path, command, "--dns-name", "ws-1")

    assert "DEFENDER" in said
    assert code in {OK, WARNING, CRITICAL}, said


def test_a_machine_that_is_not_there_is_said_not_to_be(
    front: Front, python_client: Runner, proxy: Proxy, tmp_path: Path
) -> None:
    """By its own words, after an empty list of ours."""
    code, said = run(front, python_client, proxy, tmp_path, "lastseen", "--dns-name", "nobody")

    assert (code, "nobody" in said) == (UNKNOWN, True)
