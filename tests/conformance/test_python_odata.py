"""python-odata, unmodified: it reads ``$metadata``, makes classes of it, and queries with them."""

import json
import subprocess

from tests.conformance.tools import python_with
from tests.server.conftest import Server

SCRIPT = """
import json, sys
import requests
from odata import ODataService

url, token = sys.argv[1:]
session = requests.Session()
session.headers["Authorization"] = f"Bearer {token}"
service = ODataService(url, session=session, reflect_entities=True)
Software = service.entities["Software"]
edge = service.query(Software).filter(Software.vendor == "microsoft").filter(Software.name == "edge").all()
Machines = service.entities["Machines"]
Health = Machines.healthStatus.enum_class
active = service.query(Machines).filter(Machines.healthStatus == Health.Active).limit(3).all()
some = service.query(Machines).filter(Machines.computerDnsName.contains("a")).order_by(Machines.id.asc()).limit(2).all()
print(json.dumps({
    "sets": sorted(service.entities),
    "edge": [[each.id, each.name, each.installedMachines] for each in edge],
    "active": sorted({str(each.healthStatus.name) for each in active}),
    "machines": [[each.id, each.osPlatform] for each in some],
}))
"""


def test_it_reads_metadata_and_queries(demo_server: Server) -> None:
    """Filters as it writes them (``%24filter``, brackets around each condition) find what the API finds."""
    python = python_with("odata")

    run = subprocess.run(
        [python, "-c", SCRIPT, f"{demo_server.url}/api/", demo_server.token()],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["edge"] == [["microsoft-_-edge", "edge", told["edge"][0][2]]]
    assert len(told["machines"]) == 2
    assert told["active"] == ["Active"]
