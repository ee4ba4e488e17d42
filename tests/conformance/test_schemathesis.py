"""schemathesis against our own description: whatever it sends, no 5xx and no answer off its schema.

A short run belongs to every test run where the tool is at hand; ``KBGAP_FUZZ_SECONDS=300`` makes it a long one.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conformance.tools import tool
from tests.server.conftest import Server

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)
SECONDS = int(os.environ.get("KBGAP_FUZZ_SECONDS", "20"))


@pytest.mark.timeout(SECONDS + 120)
def test_nothing_that_the_description_allows_breaks_the_server(demo_server: Server, tmp_path: Path) -> None:
    """Generated requests to every operation of the API, on a demo's fleet."""
    command = [
        str(tool("schemathesis").absolute()),
        "run",
        f"{demo_server.url}/openapi.json",
        *("--header", f"Authorization: Bearer {demo_server.token()}"),
        *("--checks", ",".join(CHECKS)),
        *("--phases", "examples,coverage,fuzzing"),
        *("--max-time", str(SECONDS)),
        *("--include-path-regex", "^/api"),
        *("--seed", "7", "--no-color"),
    ]

    run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 100, check=False, cwd=tmp_path)

    assert "Tested:" in run.stdout, run.stdout + run.stderr
    assert "Failures:" not in run.stdout, run.stdout[-6_000:]
