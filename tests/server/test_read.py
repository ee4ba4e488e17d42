"""The reads of the contract, over a small fleet: rows, members, contexts, pages."""

import pytest

from kbgap.inventory.report import encode_report
from kbgap.operations.clients import ALL_ROLES, create_client
from tests.builders import OTHER_TENANT, a_report
from tests.server.conftest import Server

KB_ROWS = "Collection(microsoft.windowsDefenderATP.api.PublicProductFixDto)"


@pytest.fixture(scope="module")
def server(fleet_server: Server) -> Server:
    """Three machines of February's level, one of an older one, one that has everything."""
    levels = {"ws-1": 657, "ws-2": 657, "ws-3": 418, "ws-4": 719}
    body = b"\n".join(encode_report(a_report(name, ubr=ubr)) for name, ubr in levels.items())
    assert fleet_server.post("/inventory/reports", body).json()["accepted"] == 4
    return fleet_server


def test_the_missing_kbs_of_a_software(server: Server) -> None:
    """The heart of the API: newest first, members in the service's order, counts of machines and CVEs."""
    body = server.get("/api/Software/microsoft-_-windows_10/getmissingkbs").json()

    assert list(body) == ["@odata.context", "value"]
    assert body["@odata.context"] == f"{server.url}/api/$metadata#{KB_ROWS}"
    assert body["value"] == [
        {
            "id": "4540673",
            "name": "March 2020 Security Updates",
            "osBuild": 18363,
            "productsNames": ["windows_10"],
            "url": "https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB4540673",
            "machineMissedOn": 3,
            "cveAddressed": 3,
        },
        {
            "id": "4532693",
            "name": "February 2020 Security Updates",
            "osBuild": 18363,
            "productsNames": ["windows_10"],
            "url": "https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB4532693",
            "machineMissedOn": 1,
            "cveAddressed": 2,
        },
    ]
    assert list(body["value"][0]) == [
        "id", "name", "osBuild", "productsNames", "url", "machineMissedOn", "cveAddressed",
    ]  # fmt: skip


def test_the_missing_kbs_of_a_machine(server: Server) -> None:
    """Every software that the KB fixes on that machine, and the distinct CVEs over all of them."""
    body = server.get("/api/machines/ws-1/getmissingkbs").json()

    (row,) = body["value"]
    assert body["@odata.context"].endswith(f"#{KB_ROWS}")
    assert (row["id"], row["machineMissedOn"], row["cveAddressed"]) == ("4540673", 1, 4)
    assert row["productsNames"] == ["windows_10", "edge"]


def test_a_machine_that_lacks_nothing_gets_an_empty_list(server: Server) -> None:
    """Splunk's app prints that nothing is missing on exactly this."""
    assert server.get("/api/machines/ws-4/getmissingkbs").json()["value"] == []


def test_the_list_of_software(server: Server) -> None:
    """Each software that some machine has, with every member of the contract."""
    body = server.get("/api/Software").json()

    rows = {row["name"]: row for row in body["value"]}
    assert body["@odata.context"] == f"{server.url}/api/$metadata#Software"
    assert sorted(rows) == ["edge", "internet_explorer", "windows_10"]
    assert rows["windows_10"]["installedMachines"] == 4
    assert rows["windows_10"]["exposedMachines"] == 3
    assert list(rows["edge"]) == [
        "id", "name", "vendor", "weaknesses", "publicExploit", "activeAlert", "exposedMachines", "installedMachines",
        "impactScore", "isNormalized", "category", "distributions",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "/api/Software/microsoft-_-edge",
        "/api/software/Microsoft-_-Edge/",
        "/api/Software('microsoft-_-edge')",
        "/api/v1.0/Software/microsoft%2D_%2Dedge",
    ],
)
def test_one_software_stands_beside_its_context(server: Server, path: str) -> None:
    """In each form of its path."""
    body = server.get(path).json()

    assert body["@odata.context"] == f"{server.url}/api/$metadata#Software/$entity"
    assert body["id"] == "microsoft-_-edge"
    assert "value" not in body


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/api/Software/microsoft-_-nothing", "microsoft-_-nothing"),
        ("/api/Software/microsoft-_-.net_framework/getmissingkbs", "microsoft-_-.net_framework"),
        ("/api/Software/no%00thing", "no"),
        ("/api/Software/" + "x" * 600, "xxx"),
        ("/api/Software/%ff", "was not found"),
        ("/api/machines/123123123/getmissingkbs", "Machine 123123123 was not found"),
        ("/api/machines/%0a/getmissingkbs", "was not found"),
    ],
)
def test_an_unknown_id_is_not_found_and_named(server: Server, path: str, named: str) -> None:
    """Also one that no database could hold."""
    answer = server.get(path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")
    assert named in answer.json()["error"]["message"]


def test_known_software_that_no_machine_has_is_there_with_zeros(server: Server) -> None:
    """The catalogue knows it: 200 and nothing missing."""
    one = server.get("/api/Software/microsoft-_-windows_server_2012_r2").json()
    missing = server.get("/api/Software/microsoft-_-windows_server_2012_r2/getmissingkbs").json()

    assert (one["installedMachines"], missing["value"]) == (0, [])


def test_pages_by_top_and_skip_do_not_overlap(server: Server) -> None:
    """Clients read by windows; one past the end is an empty list, and none has a link."""
    pages = [server.get(f"/api/Software?$top=2&$skip={skip}&$count=true").json() for skip in (0, 2, 4)]

    names = [[row["name"] for row in page["value"]] for page in pages]
    assert names == [["edge", "internet_explorer"], ["windows_10"], []]
    assert [page["@odata.count"] for page in pages] == [3, 3, 3]
    assert not any("@odata.nextLink" in page for page in pages)


def test_a_walk_over_links_meets_every_row_once(server: Server) -> None:
    """Links are absolute, repeat what the caller asked, and end with the rows."""
    headers = {"Authorization": f"Bearer {server.token()}"}
    met: list[str] = []
    link: str | None = f"{server.url}/api/v1.0/Software/?pageSize=2&$count=true&a=b%26c"

    while link is not None:
        assert link.startswith(f"{server.url}/api/v1.0/Software/?")
        assert "pageSize=2" in link
        assert "$count=true" in link
        page = server.http.get(link, headers=headers).json()
        met += [row["name"] for row in page["value"]]
        link = page.get("@odata.nextLink")

    assert met == ["edge", "internet_explorer", "windows_10"]


def test_another_tenant_sees_nothing_of_this_fleet(server: Server) -> None:
    """Neither in lists nor by asking for what is there."""
    client_id, secret = create_client(server.database, OTHER_TENANT, "other", ALL_ROLES, server.clock())
    token = server.ask_token(OTHER_TENANT, client_id=client_id, client_secret=secret).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}

    assert server.http.get("/api/Software", headers=headers).json()["value"] == []
    assert server.http.get("/api/machines/ws-1/getmissingkbs", headers=headers).status_code == 404
    missing = server.http.get("/api/Software/microsoft-_-windows_10/getmissingkbs", headers=headers)
    assert missing.json()["value"] == []


def test_a_ready_server_says_so(server: Server) -> None:
    """The database answers and there is a catalogue."""
    answer = server.http.get("/readyz")

    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


@pytest.mark.parametrize("path", ["/api/machines/WS-1", "/api/Machines('ws-1')"])
def test_a_machine_is_found_by_its_name(server: Server, path: str) -> None:
    """The service takes an id or a DNS name."""
    body = server.get(path).json()

    assert body["computerDnsName"] == "ws-1"
    assert body["@odata.context"] == f"{server.url}/api/$metadata#Machines/$entity"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ComputerDNSName eq 'ws-1'", ["ws-1"]),
        ("computerDnsName eq 'ws-1' or lastIpAddress eq 'x' or id eq 'y'", ["ws-1"]),
        ("healthStatus eq 'Active' and startswith(computerDnsName,'ws-')", ["ws-1", "ws-2", "ws-3", "ws-4"]),
        ("computerDnsName%20in%20('ws-2',%20'ws-3')", ["ws-2", "ws-3"]),
        ("computerDnsName+ne+'ws-1'+and+osBuild+eq+18363", ["ws-2", "ws-3", "ws-4"]),
        ("lastSeen gt 2018-08-01Z and lastSeen gt 2019-01-01T00:00:00+00:00", ["ws-1", "ws-2", "ws-3", "ws-4"]),
    ],
)
def test_machines_are_filtered_as_clients_write_filters(server: Server, text: str, names: list[str]) -> None:
    """Other letter case, blanks as plus signs, an offset instead of Z, the date with a Z."""
    body = server.get(f"/api/machines?$filter={text}&$orderby=computerDnsName").json()

    assert [row["computerDnsName"] for row in body["value"]] == names


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/machines/findbytag", "MissingRequiredParameter"),
        ("/api/machines/findbytag?tag=", "MissingRequiredParameter"),
        ("/api/machines/findbytag?tag=a&useStartsWithFilter=perhaps", "InvalidInput"),
        ("/api/machines/findbyip(ip='192.0.2.7')", "MissingRequiredParameter"),
        ("/api/machines/findbyip(timestamp=2026-07-14T12:00:00Z)", "MissingRequiredParameter"),
        ("/api/machines/findbyip(ip='host',timestamp=2026-07-14T12:00:00Z)", "InvalidIpAddress"),
        ("/api/machines/findbyip(ip='192.0.2.7',timestamp=noon)", "InvalidInput"),
        ("/api/machines/findbyip(ip='192.0.2.7',timestamp=2026-05-14T12:00:00Z)", "BadRequest"),
    ],
)
def test_what_a_search_needs_is_named(server: Server, path: str, code: str) -> None:
    """400 with the service's code for the fault."""
    answer = server.get(path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_a_filter_that_is_wrong_is_refused_with_its_place(server: Server) -> None:
    """The message names the construct, and the character at which it stands."""
    answer = server.get("/api/machines?$filter=osBuild eq 1 and length(id) gt 2")

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "ODataError")
    assert error["message"].startswith("$filter at 18: the function 'length' is not supported")


def test_a_kb_is_explained(server: Server) -> None:
    """The verdict for each software of the machine that the KB fixes, with what decided it."""
    body = server.get("/api/machines/ws-1/explain/KB4540673").json()

    verdicts = {each["software"]: each["verdict"] for each in body["software"]}
    assert verdicts == {"microsoft-_-windows_10": "Missing", "microsoft-_-edge": "Missing"}
    assert body["kb"] == "4540673"
    assert all("657" in each["because"] for each in body["software"])
    assert server.get("/api/machines/ws-1/explain/nonsense").status_code == 400
    assert server.get("/api/machines/ws-1/explain/9999999").status_code == 404
