"""Paths: found in every form in which clients write them, and in no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.server.paths import PathTable, segments_of

TABLE = PathTable(
    [
        ("GET", "/api/Software", "list"),
        ("GET", "/api/Software/{id}", "one"),
        ("GET", "/api/Software/{id}/getmissingkbs", "missing"),
        ("GET", "/api/machines/{id}/getmissingkbs", "machine"),
        ("GET", "/api/machines/SoftwareInventoryByMachine", "inventory"),
        ("GET", "/api/machines/{id}", "one machine"),
        ("GET", "/api/machines/{id}/tags/$count", "count"),
        ("GET", "/api/machines/findbyip(ip,timestamp)", "by ip"),
        ("GET", "/api/machines/findbyip(ip,timestamp)/$count", "count by ip"),
        ("POST", "/{tenant}/oauth2/token", "token"),
        ("GET", "/common/discovery/instance", "instance"),
        ("GET", "/{tenant}/discovery/v2.0/keys", "keys"),
    ]
)


@pytest.mark.parametrize(
    ("path", "what", "ids"),
    [
        ("/api/Software", "list", {}),
        ("/api/software/", "list", {}),
        ("//API/SOFTWARE", "list", {}),
        ("/api/v1.0/Software", "list", {}),
        ("/api/V1.0/software/microsoft-_-edge", "one", {"id": "microsoft-_-edge"}),
        ("/api/Software/microsoft-_-edge/getmissingkbs", "missing", {"id": "microsoft-_-edge"}),
        ("/api/Software/microsoft-_-edge/GetMissingKbs/", "missing", {"id": "microsoft-_-edge"}),
        ("/api/Software/microsoft-_-edge/getmissingkbs()", "missing", {"id": "microsoft-_-edge"}),
        (
            "/api/Software/microsoft-_-edge/microsoft.windowsDefenderATP.api.GetMissingKbs",
            "missing",
            {"id": "microsoft-_-edge"},
        ),
        ("/api/Software('microsoft-_-edge')", "one", {"id": "microsoft-_-edge"}),
        ("/api/Software(%27microsoft-_-edge%27)/getmissingkbs", "missing", {"id": "microsoft-_-edge"}),
        ("/api/Software('o''brien')", "one", {"id": "o'brien"}),
        ("/api/Software/microsoft-_-.net_framework", "one", {"id": "microsoft-_-.net_framework"}),
        ("/api/Software/.net", "one", {"id": ".net"}),
        ("/api/Software/ends_", "one", {"id": "ends_"}),
        ("/api/Software/a%2Fb", "one", {"id": "a/b"}),
        ("/api/Software/getmissingkbs", "one", {"id": "getmissingkbs"}),
        ("/api/machines/softwareinventorybymachine", "inventory", {}),
        ("/api/machines/1e5b", "one machine", {"id": "1e5b"}),
        ("/api/machines/1e5b/tags/$COUNT", "count", {"id": "1e5b"}),
        (
            "/api/machines/FindByIp(ip='192.0.2.7',timestamp=2020-03-20T08:00:00Z)",
            "by ip",
            {"ip": "192.0.2.7", "timestamp": "2020-03-20T08:00:00Z"},
        ),
        (
            "/api/Machines/microsoft.windowsDefenderATP.api.findbyip(Timestamp=2020-03-20,%20IP%3D%27192.0.2.7%27)/$count",
            "count by ip",
            {"ip": "192.0.2.7", "timestamp": "2020-03-20"},
        ),
        ("/api/machines/findbyip(ip='O''Neil')", "by ip", {"ip": "O'Neil"}),
        ("/api/machines/findbyip(ip='192.0.2.7'", "one machine", {"id": "findbyip(ip='192.0.2.7'"}),
        ("/api/machines/findbyip(192.0.2.7)", "one machine", {"id": "findbyip(192.0.2.7)"}),
        ("/api/oauth2/token", "token", {"tenant": "api"}),
        ("/Contoso/OAuth2/Token", "token", {"tenant": "Contoso"}),
        ("/common/discovery/instance", "instance", {}),
        ("/common/discovery/v2.0/keys", "keys", {"tenant": "common"}),
    ],
)
def test_a_path_is_found_however_it_is_written(path: str, what: str, ids: dict[str, str]) -> None:
    """Letter case, slashes, version, brackets and namespace do not count; ids stay as they are."""
    found = TABLE.find(path.encode())

    assert found is not None
    assert (list(found.by_method.values()), found.ids) == ([what], ids)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/api",
        "/api/v1.0",
        "/api/v2.0/Software",
        "/api/Softwares",
        "/api/Software/a/b",
        "/api/Software/a/b/c/d/e",
        "/x" * 5000,
    ],
)
def test_another_path_is_not_found(path: str) -> None:
    """Nothing stands at a path that no operation has."""
    assert TABLE.find(path.encode()) is None


@given(st.binary())
def test_any_bytes_are_a_path(raw: bytes) -> None:
    """Whatever comes over the wire is looked up without an error, and every segment is text that can be encoded."""
    TABLE.find(raw)
    TABLE.find(b"/api/Software/" + raw)

    assert all(segment.encode("utf-8") for segment in segments_of(raw))
