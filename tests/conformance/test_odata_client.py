"""@odata/client (npm), unmodified: lists, keys in brackets and counts."""

import json
import os
import subprocess
from pathlib import Path

from tests.conformance.tools import folder, node_with
from tests.server.conftest import Server

SCRIPT = Path(__file__).with_name("odata_client.cjs")


def test_it_queries_retrieves_and_counts(demo_server: Server) -> None:
    """``Software('id')``, ``Software/$count`` and ``$count=true`` are what generic clients ask."""
    node = node_with("@odata/client")

    run = subprocess.run(
        [node, SCRIPT, f"{demo_server.url}/api/", demo_server.token()],
        env={**os.environ, "NODE_PATH": str(folder() / "node_modules"), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert [list(row) for row in told["rows"]] == [["id", "name"], ["id", "name"]]
    assert told["one"] == "microsoft-_-edge"
    assert 2 < told["count"] <= told["counted"]
