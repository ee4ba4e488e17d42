"""kbgap's own paths over HTTP: the whole fleet's KBs, what to install, accepted risks, changes of machines."""

import gzip
import json

import pytest

from kbgap.inventory.report import encode_report
from kbgap.operations.audit_log import latest_entries
from tests.builders import TENANT, a_report
from tests.server.conftest import Server

MARCH, FEBRUARY = "4540673", "4532693"


@pytest.fixture(scope="module")
def server(fleet_server: Server) -> Server:
    """Three machines of February's level, one of an older one, one that has everything."""
    levels = {"ws-1": 657, "ws-2": 657, "ws-3": 418, "ws-4": 719}
    body = b"\n".join(encode_report(a_report(name, ubr=ubr)) for name, ubr in levels.items())
    assert fleet_server.post("/inventory/reports", body).json()["accepted"] == 4
    return fleet_server


def as_json(**members: object) -> bytes:
    """A body."""
    return json.dumps(members).encode()


def actions(server: Server) -> set[str]:
    """What the audit log tells of."""
    return {entry.action for entry in latest_entries(server.database, TENANT, 1_000)}


def missing(server: Server) -> dict[str, int]:
    """On how many machines each KB is missing for Windows 10."""
    rows = server.get("/api/Software/microsoft-_-windows_10/getmissingkbs").json()["value"]
    return {row["id"]: row["machineMissedOn"] for row in rows}


def test_the_kbs_of_the_whole_fleet(server: Server) -> None:
    """Each KB once, whatever it is for, with its CVEs and machines; "KB" before a number is taken."""
    rows = {row["id"]: row for row in server.get("/api/missingkbs").json()["value"]}
    one = server.get(f"/api/missingkbs/KB{MARCH}").json()
    machines = server.get(f"/api/missingkbs/{FEBRUARY}/machineReferences").json()["value"]

    assert {kb: row["machineMissedOn"] for kb, row in rows.items()} == {MARCH: 3, FEBRUARY: 1}
    assert rows[MARCH]["cveAddressed"] == len(rows[MARCH]["cves"]) == 4
    assert {name: one[name] for name in rows[MARCH]} == rows[MARCH]
    assert [machine["computerDnsName"] for machine in machines] == ["ws-3"]


@pytest.mark.parametrize("path", ["/api/missingkbs/1234567", "/api/missingkbs/1234567/machineReferences"])
def test_a_kb_that_no_catalogue_has_is_not_found(server: Server, path: str) -> None:
    """404, and no empty list that looks like good news."""
    assert server.get(path).status_code == 404


def test_what_to_install(server: Server) -> None:
    """The newest cumulative update closes all, so the older one is in no set."""
    fleet = server.get("/api/installset").json()["value"]
    machine = server.get("/api/machines/ws-3/installset").json()["value"]

    assert [(kb["id"], kb["machines"]) for kb in fleet] == [(MARCH, 3)]
    assert [(kb["id"], kb["machines"]) for kb in machine] == [(MARCH, 1)]
    assert server.get("/api/machines/ws-4/installset").json()["value"] == []
    assert server.get("/api/installset?machineGroup=nobody").status_code == 404


def test_what_would_stay_open(server: Server) -> None:
    """Each CVE with its machines before and after; a parameter that is absent or no KB is a 400."""
    found = server.get(f"/api/whatif?kbs={FEBRUARY}").json()

    assert (found["kbs"], found["machinesChanged"]) == ([FEBRUARY], 1)
    assert all(cve["exposedMachinesAfter"] <= cve["exposedMachines"] for cve in found["cves"])
    assert [server.get(f"/api/whatif{query}").status_code for query in ("", "?kbs=", "?kbs=soon")] == [400] * 3


def test_an_accepted_risk_is_shown_and_stays_counted(server: Server) -> None:
    """It changes the status and nothing else, until somebody withdraws it."""
    before = missing(server)
    body = as_json(subject=f"KB{MARCH}", expiresOn="2026-12-31T00:00:00Z", reason="a printer needs it")
    added = server.post("/api/acceptedrisks", body).json()
    shown = server.get(f"/api/missingkbs/{MARCH}").json()["status"]
    listed = server.get("/api/acceptedrisks").json()["value"]
    ended = server.post(f"/api/acceptedrisks/{added['id']}/withdraw", b"").json()

    assert (shown, server.get(f"/api/missingkbs/{MARCH}").json()["status"]) == ("Exception", "Active")
    assert (added["subject"], added["isActive"], ended["isActive"]) == (MARCH, True, False)
    assert listed[0] == added
    assert missing(server) == before
    assert {"risk.withdraw", "risk.accept"} <= actions(server)


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({}, 400),
        ({"subject": "KB1", "reason": "x", "expiresOn": "2026-12-31T00:00:00Z"}, 400),
        ({"subject": "4540673", "reason": "x", "expiresOn": "2020-01-01T00:00:00Z"}, 400),
        ({"subject": "4540673", "reason": " ", "expiresOn": "2026-12-31T00:00:00Z"}, 400),
        ({"subject": "4540673", "reason": "x", "expiresOn": "soon"}, 400),
        ({"subject": "CVE-1999-0001", "reason": "x", "expiresOn": "2026-12-31T00:00:00Z"}, 404),
        ({"subject": "4540673", "reason": "x", "expiresOn": "2026-12-31T00:00:00Z", "group": "none"}, 404),
    ],
)
def test_a_risk_that_makes_no_sense_is_refused(server: Server, members: dict[str, object], status: int) -> None:
    """With the error's body, and nothing is kept."""
    kept = server.get("/api/acceptedrisks").json()["value"]

    answer = server.post("/api/acceptedrisks", as_json(**members))

    assert (answer.status_code, "message" in answer.json()["error"]) == (status, True)
    assert server.get("/api/acceptedrisks").json()["value"] == kept


def test_a_tag_is_added_and_taken_away(server: Server) -> None:
    """The machine comes back as it is then; members of the body are PascalCase, and their letter case counts."""
    added = server.post("/api/machines/ws-1/tags", as_json(Value="printers", Action="Add")).json()
    found = server.get("/api/machines/findbytag?tag=printers").json()["value"]
    removed = server.post("/api/machines/ws-1/tags", as_json(Value="printers", Action="Remove")).json()
    refused = server.post("/api/machines/ws-1/tags", as_json(value="printers", action="Add"))

    assert added["@odata.context"].endswith("/api/$metadata#Machines/$entity")
    assert [machine["id"] for machine in found] == [added["id"]]
    assert ("printers" in added["machineTags"], "printers" in removed["machineTags"]) == (True, False)
    assert refused.status_code == 400
    assert {"machine.tag.remove", "machine.tag.add"} <= actions(server)


def test_an_excluded_machine_leaves_the_counts(server: Server) -> None:
    """It stays in the list of machines, says so, and counts again when it is taken in."""
    body = as_json(IsExcluded=True, ExclusionReason="InactiveDevice")
    excluded = server.post("/api/machines/ws-3/setexclusion", body).json()
    without = missing(server)
    server.post("/api/machines/ws-3/setexclusion", as_json(IsExcluded=False))

    assert (excluded["isExcluded"], excluded["exclusionReason"]) == (True, "InactiveDevice")
    assert without == {MARCH: 2}
    assert missing(server) == {MARCH: 3, FEBRUARY: 1}


@pytest.mark.parametrize(
    ("export", "member"),
    [
        ("SoftwareInventoryExport", "SoftwareName"),
        ("SoftwareVulnerabilitiesExport", "CveId"),
    ],
)
def test_a_file_holds_what_the_pages_hold(server: Server, export: str, member: str) -> None:
    """As many lines as rows, in PascalCase; the link needs no token."""
    (link,) = server.get(f"/api/machines/{export}").json()["exportFiles"]
    lines = [json.loads(line) for line in gzip.decompress(server.http.get(link).content).splitlines()]
    rows = server.get(f"/api/machines/{export.removesuffix('Export')}ByMachine").json()["value"]

    assert len(lines) == len(rows) > 0
    low = member[0].lower() + member[1:]
    assert sorted(line[member] for line in lines) == sorted(row[low] for row in rows)


def test_gap_changes_have_a_beginning(server: Server) -> None:
    """A machine's first report opens its gap; a later one that has the update closes it."""
    server.clock.move(minutes=1)
    since = server.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    for ubr in (657, 719):
        server.clock.move(minutes=1)
        assert server.post("/inventory/reports", encode_report(a_report("ws-5", ubr=ubr))).json()["accepted"] == 1

    rows = server.get(f"/api/missingkbs/changes?sinceTime={since}").json()["value"]

    told = {(row["computerDnsName"], row["kbId"], since < row["firstSeen"] < row["closedOn"]) for row in rows}
    assert told == {("ws-5", MARCH, True)}
    assert server.get("/api/missingkbs/changes").status_code == 400


def test_the_fleet_of_another_day(server: Server) -> None:
    """Before a machine's update it missed the KB; a moment that is absent, to come, or too long ago is a 400."""
    server.clock.move(minutes=1)
    assert server.post("/inventory/reports", encode_report(a_report("ws-6", ubr=657))).json()["accepted"] == 1
    then = server.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    server.clock.move(minutes=1)
    assert server.post("/inventory/reports", encode_report(a_report("ws-6", ubr=719))).json()["accepted"] == 1
    now = server.clock().strftime("%Y-%m-%dT%H:%M:%SZ")

    before, after = (server.get(f"/api/fleet?asof={moment}").json() for moment in (then, now))

    counts = [{kb["id"]: kb["machineMissedOn"] for kb in body["missingKbs"]}[MARCH] for body in (before, after)]
    assert counts[0] - counts[1] == 1
    assert before["machines"] == after["machines"]
    refused = [server.get(f"/api/fleet{query}") for query in ("", "?asOf=2099-01-01T00:00:00Z", "?asOf=1999-01-01")]
    assert [answer.status_code for answer in refused] == [400] * 3
