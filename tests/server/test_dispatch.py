"""Requests on the wire: paths in every form, errors in one shape, nothing that only we should know."""

import http.client
import io
import json
import logging
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbgap.store.database import Database
from tests.builders import TENANT
from tests.server.conftest import Server, raw_get, running


@pytest.mark.parametrize(
    "path",
    ["/api/Software", "/api/software/", "/api//SOFTWARE", "/api/v1.0/Software", "/api/Software?", "/api/Software?&"],
)
def test_a_list_answers_under_every_form_of_its_path(server: Server, path: str) -> None:
    """Clients write paths in their own way."""
    answer = server.get(path)

    assert answer.status_code == 200
    assert answer.json() == {"@odata.context": f"{server.url}/api/$metadata#Software", "value": []}


def test_head_is_get_without_the_body(server: Server) -> None:
    """A monitor may ask with HEAD."""
    answer = server.http.head("/healthz")

    assert (answer.status_code, answer.content) == (200, b"")


def test_the_context_follows_the_host(server: Server) -> None:
    """The service is reached under many names, and its links stay under the one that was used."""
    answer = server.get("/api/Software", Host="api.securitycenter.microsoft.com")

    assert answer.json()["@odata.context"] == "http://api.securitycenter.microsoft.com/api/$metadata#Software"


@pytest.mark.parametrize("host", ['evil"/><x', "a b", "", "host:99999999", "[::1"])
def test_a_host_that_is_none_is_not_followed(server: Server, host: str) -> None:
    """What cannot be the name of a host never ends up in a link."""
    status, body = raw_get(server, "/api/Software", Host=host, Authorization=f"Bearer {server.token()}")

    assert status == 400 or json.loads(body)["@odata.context"].startswith(f"{server.url}/api/")


def test_an_unknown_path_is_not_found(server: Server) -> None:
    """In the shape of every error, with a correlation id that is also in the header."""
    answer = server.http.get("/api/nothing")

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (404, "NotFound")
    assert str(UUID(error["target"])) == error["target"] == answer.headers["x-ms-request-id"]


def test_a_wrong_method_is_told_the_right_one(server: Server) -> None:
    """405 names the methods that the path has."""
    answer = server.http.post("/api/Software")

    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "MethodNotAllowed")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize(
    "option", ["$filter", "$orderby", "$select", "$expand", "$search", "$apply", "$skiptoken", "$FILTER"]
)
def test_an_option_that_cannot_be_honoured_is_refused_by_name(server: Server, option: str) -> None:
    """Passing over a filter would give rows that nobody asked for."""
    answer = server.get(f"/api/Software?{option}=length(id) gt 1")

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "ODataError")
    assert option.lower() in error["message"]


@pytest.mark.parametrize(
    "query",
    [
        "$top=-1",
        "$top=x",
        "$top=1&$top=2",
        "$top=10001",
        "$skip=1.5",
        "$top=٣",
        "$count=maybe",
        "$skip=" + "9" * 19,
        "$filter=name eq 1",
        "$orderby=nothing",
    ],
)
def test_an_unreadable_option_is_refused(server: Server, query: str) -> None:
    """A number is a number, once."""
    answer = server.get(f"/api/Software?{query}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ODataError")


def test_other_parameters_are_ignored(server: Server) -> None:
    """Clients send page sizes, ids and even their credentials in the query."""
    answer = server.get(
        "/api/Software?pageSize=10000&pageIndex=1&client_secret=x&%24top=5&$skip=999999999999999&$count=TRUE&$filter="
    )

    assert answer.json() == {"@odata.context": f"{server.url}/api/$metadata#Software", "@odata.count": 0, "value": []}


def test_options_of_lists_are_refused_on_one_entity(server: Server) -> None:
    """$filter on one software would be passed over silently otherwise."""
    assert server.get("/api/Software/microsoft-_-edge?$filter=id eq 'x'").status_code == 400


def test_a_query_without_end_is_refused(server: Server) -> None:
    """Bounds hold for queries too."""
    assert server.get("/api/Software?" + "&".join(["a=1"] * 101)).status_code == 400
    assert server.get("/api/Software?a=" + "x" * 40_000).status_code == 400


def test_an_unforeseen_error_tells_nothing_but_its_id(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the traceback under the id that the client is told."""

    def broken(self: Database) -> None:
        raise ZeroDivisionError("a secret detail")

    token = server.token()
    monkeypatch.setattr(Database, "reading", broken)
    monkeypatch.setattr(Database, "snapshot", broken)
    server.clock.move(seconds=3)
    with caplog.at_level(logging.ERROR, "kbgap.server"):
        answer = server.http.get("/api/Software", headers={"Authorization": f"Bearer {token}"})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (500, "InternalServerError")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert error["target"] in caplog.text
    assert "a secret detail" in caplog.text


def test_a_missing_part_is_503_and_names_no_place(server: Server) -> None:
    """Where the catalogue should be, and how to get one, is for the operator's log."""
    answer = server.http.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "database": "ok", "catalogue": "unavailable"}


def test_the_access_log_tells_who_asked_for_what_and_no_query(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Some clients put their secret into the query of an ordinary request."""
    written = io.BytesIO()
    with caplog.at_level(logging.INFO), running(sqlite_url, access_log=written) as logging_server:
        logging_server.http.get("/healthz?client_secret=hunter2")
        missing = logging_server.http.get("/api/Software%0aforged?client_secret=hunter2")
        logging_server.get("/api/Software?client_secret=hunter2")

    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    reads = [line for line in lines if "oauth2" not in line["path"]]
    assert [(line["method"], line["path"], line["status"]) for line in reads] == [
        ("GET", "/healthz", 200),
        ("GET", "/api/Software%0aforged", 404),
        ("GET", "/api/Software", 200),
    ]
    assert reads[1]["id"] == missing.headers["x-ms-request-id"]
    assert (reads[2]["tenant"], reads[2]["client"]) == (TENANT, logging_server.client_id)
    assert reads[2]["bytes"] > 0
    ours = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("http"))
    assert "hunter2" not in ours + written.getvalue().decode()


SEGMENT = st.one_of(
    st.sampled_from(
        ["api", "Software", "machines", "getmissingkbs", "inventory", "reports", "v1.0", "oauth2", "token", ".", ".."]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?#/ "), max_size=20),
    st.binary(max_size=8).map(lambda data: "".join(f"%{byte:02x}" for byte in data)),
    st.sampled_from(["Software('a')", "Software('a'')", "%", "%zz", "%00", "%ed%a0%80", "('", "a" * 2000]),
)


@settings(max_examples=300)
@given(
    st.lists(SEGMENT, max_size=6),
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=60),
)
def test_no_path_or_query_breaks_the_server(server: Server, segments: list[str], query: str) -> None:
    """Whatever is asked for, the answer is not a fault of the server."""
    target = "/" + "/".join(segments) + (f"?{query}" if query else "")

    status, body = raw_get(server, target, Authorization=f"Bearer {TOKENS.setdefault(server.url, server.token())}")

    assert status < 500
    assert body


TOKENS: dict[str, str] = {}


def test_the_server_survives_a_client_that_leaves(server: Server) -> None:
    """A body that never comes costs nothing but its connection."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    connection.putrequest("POST", "/inventory/reports")
    connection.putheader("Authorization", f"Bearer {server.token()}")
    connection.putheader("Content-Length", "1000")
    connection.endheaders()
    connection.send(b"{")
    connection.close()

    assert server.http.get("/healthz").status_code == 200


def test_a_server_that_never_signed_anybody_in_is_well(sqlite_url: str) -> None:
    """Health needs neither keys nor a catalogue."""
    with running(sqlite_url) as fresh:
        assert fresh.http.get("/healthz").json() == {"status": "ok"}


ODD = [
    "a%00b",
    "%ff%fe",
    "%ed%a0%80",
    "'; DROP TABLE machine; --".replace(" ", "%20"),
    "%F0%9F%92%A9",
    "x" * 3_000,
    "%25",
]


def test_odd_ids_are_unknown_on_every_database(engine_url: str) -> None:
    """What one database takes and the other refuses is the id of nothing on both."""
    with running(engine_url) as both:
        headers = {"Authorization": f"Bearer {both.token()}"}
        reads = [f"/api/{path.format(odd)}" for odd in ODD for path in ("Software/{}", "machines/{}/getmissingkbs")]
        answers = [raw_get(both, path, **headers) for path in reads]
        tenants = [raw_get(both, f"/{odd}/v2.0/.well-known/openid-configuration") for odd in ODD]

    assert {status for status, _ in answers} == {404}
    assert {status for status, _ in tenants} == {400}
