"""The door of the pages for people: sign-in, sessions, permissions and refusals, over real HTTP."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest

from kbgap.auth.permissions import ApplicationPermission
from kbgap.operations.clients import ALL_ROLES, create_client
from kbgap.server.operation import ForPeople, Operation
from kbgap.server.page_routes import PAGES
from kbgap.settings.forms import Rate
from tests.builders import OTHER_TENANT, TENANT
from tests.server.conftest import Server, running, running_demo
from tests.server.visitor import address, visitor

GUARDED = [operation for operation in PAGES if isinstance(operation.access, ForPeople)]
SESSION = "kbgap-session"


@pytest.fixture(scope="module")
def server(demo_server: Server) -> Server:
    """A server with a demo's fleet, which no test here changes."""
    return demo_server


@pytest.fixture(scope="module")
def anna(server: Server) -> Iterator[httpx2.Client]:
    """Somebody who may see everything."""
    with visitor(server) as client:
        yield client


def named(operation: Operation) -> str:
    """The path, for the ids of tests."""
    return operation.path


def told(answer: httpx2.Response) -> str:
    """The one line that says what is wrong, as a person reads it."""
    found = re.search(r'role="alert">(.*?)</p>', answer.text, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def posted(server: Server, path: str = "/signin", **headers: str) -> httpx2.Response:
    """The form to sign in with, well filled in."""
    fields = {"client_id": server.client_id, "client_secret": server.client_secret, "tenant": TENANT}
    return httpx2.post(f"{server.url}{path}", data=fields, headers=headers)


# --- no session ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", GUARDED, ids=named)
def test_nothing_is_shown_without_a_session(server: Server, anna: httpx2.Client, operation: Operation) -> None:
    """No cookie, a bad one, or a token in a header: the form to sign in with, and nothing else."""
    path = address(anna, operation)

    absent = httpx2.get(server.url + path)
    by_header = httpx2.get(server.url + path, headers={"Authorization": f"Bearer {server.token()}"})
    bad = [httpx2.get(server.url + path, headers={"Cookie": f"{SESSION}={text}"}) for text in ("", "x", "a.b.c")]

    for answer in (absent, by_header, *bad):
        assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
        assert 'action="/signin"' in answer.text
        assert not re.search(r"example\.org|KB\d|CVE-", answer.text)
    assert told(absent) == ""
    assert {told(answer) for answer in bad[1:]} == {"The session has ended; sign in again."}


def test_a_session_opens_no_path_of_the_api(anna: httpx2.Client) -> None:
    """A form on another site cannot send a header, so the API wants its token there."""
    answer = anna.get("/api/Software")

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "Unauthorized"


def test_a_session_ends_by_itself(server: Server) -> None:
    """The cookie is a token, and good for as long as one."""
    with visitor(server) as client:
        before = client.get("/machines")
        server.clock.move(hours=1, seconds=1)
        try:
            after = client.get("/machines")
        finally:
            server.clock.move(hours=-1, seconds=-1)

    assert (before.status_code, after.status_code) == (200, 401)
    assert told(after) == "The session has ended; sign in again."


# --- permissions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", GUARDED[1:], ids=named)
def test_a_client_without_the_role_is_told_which(server: Server, anna: httpx2.Client, operation: Operation) -> None:
    """A page that says what is lacking and how to mend it, not JSON."""
    access = operation.access
    assert isinstance(access, ForPeople)
    others = sorted(set(ApplicationPermission) - set(access.application))

    with visitor(server, *others) as client:
        answer = client.get(address(anna, operation))

    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert f"API required roles: {','.join(access.application)}" in told(answer)
    assert "kbgap client create" in answer.text
    assert not re.search(r"example\.org|CVE-", answer.text)


@pytest.mark.parametrize("operation", GUARDED, ids=named)
def test_each_of_its_roles_opens_a_page(server: Server, anna: httpx2.Client, operation: Operation) -> None:
    """The roles of the API's paths with the same rows."""
    access = operation.access
    assert isinstance(access, ForPeople)
    path = address(anna, operation)

    answers = []
    for role in access.application:
        with visitor(server, role) as client:
            answers.append(client.get(path))

    assert [answer.status_code for answer in answers] == [200] * len(access.application)


def test_the_overview_shows_each_figure_to_those_who_may_read_it(server: Server) -> None:
    """And names the role for the others."""
    with visitor(server, "Machine.Read.All") as client:
        text = client.get("/").text

    assert '<a href="/machines">Machines</a></dt>' in text
    for role in ("Software.Read.All", "Vulnerability.Read.All", "Score.Read.All"):
        assert f"needs the role {role}" in text
    assert not re.search(r"KB\d", text)


def test_what_a_machine_misses_needs_its_own_role(server: Server, anna: httpx2.Client) -> None:
    """Who may see machines need not see what they lack."""
    path = next(link for link in re.findall(r'href="(/machines/\w+)"', anna.get("/machines").text))

    with visitor(server, "Machine.Read.All") as client:
        text = client.get(path).text

    assert "What it misses needs the role Software.Read.All." in text
    assert not re.search(r"KB\d", text)


@pytest.mark.parametrize("operation", GUARDED, ids=named)
def test_another_tenant_sees_nothing_of_it(server: Server, anna: httpx2.Client, operation: Operation) -> None:
    """The same page with another tenant's session: not there, or empty."""
    path = address(anna, operation)

    with visitor(server, tenant=OTHER_TENANT) as client:
        answer = client.get(path)

    assert answer.status_code in {200, 404}
    assert not re.search(r"example\.org|/machines/\w", answer.text.replace(path, ""))
    assert not re.search(r'href="/(kbs|vulnerabilities)[/?]\w', answer.text)


# --- signing in and out --------------------------------------------------------------------------------------------


def test_a_session_is_out_of_reach_of_scripts_and_other_sites(server: Server) -> None:
    """HttpOnly, SameSite=Strict, of one hour, and on the way to the overview."""
    answer = posted(server)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SESSION}=")
    assert {"HttpOnly", "Max-Age=3600", "Path=/", "SameSite=strict"} == set(cookie.split("; ")[1:])


def test_over_tls_a_session_is_sent_over_tls_only(tmp_path_factory: pytest.TempPathFactory) -> None:
    """With the name that browsers take from nobody but this host."""
    folder = tmp_path_factory.mktemp("tls")
    with running(f"sqlite:///{folder / 'kbgap.sqlite'}", public_url="https://kbgap.example.org") as server:
        cookie = posted(server).headers["set-cookie"]
        opened = httpx2.get(server.url, headers={"Cookie": cookie.partition(";")[0]})

    assert cookie.startswith(f"__Host-{SESSION}=")
    assert "Secure" in cookie.split("; ")
    assert opened.status_code == 200


@pytest.mark.parametrize("fields", [{"client_secret": "wrong"}, {"client_id": "nobody"}, {"tenant": "nowhere"}])
def test_a_wrong_secret_is_told_like_a_client_that_is_not_there(server: Server, fields: dict[str, str]) -> None:
    """A stranger learns nothing of which clients there are; the secret does not come back."""
    given = {"client_id": server.client_id, "client_secret": server.client_secret, "tenant": TENANT, **fields}

    answer = httpx2.post(f"{server.url}/signin", data=given)

    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert told(answer).startswith("No client of the tenant has this id and this secret; kbgap client list")
    assert given["client_secret"] not in answer.text


def test_the_tenant_is_the_installations_own_when_none_is_given(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Most installations have one."""
    folder = tmp_path_factory.mktemp("tenant")
    with running(f"sqlite:///{folder / 'kbgap.sqlite'}", tenant=TENANT) as server:
        fields = {"client_id": server.client_id, "client_secret": server.client_secret}

        answer = httpx2.post(f"{server.url}/signin", data=fields)

    assert answer.status_code == 303


@pytest.mark.parametrize("path", ["/signin", "/signout"])
@pytest.mark.parametrize(
    "header",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://x.test"},
        {"Origin": "null"},
    ],
    ids=lambda header: "-".join(*header.items()),
)
def test_a_form_on_another_site_signs_nobody_in_or_out(server: Server, path: str, header: dict[str, str]) -> None:
    """Browsers say whose page sends a form."""
    answer = posted(server, path, **header)

    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert "public_url" in told(answer)


def test_our_own_forms_are_taken(server: Server) -> None:
    """As a browser sends them."""
    answer = posted(server, **{"Origin": server.url, "Sec-Fetch-Site": "same-origin"})

    assert answer.status_code == 303


def test_signing_out_takes_the_session_away(server: Server) -> None:
    """The browser forgets it, and shows the form."""
    with visitor(server) as client:
        answer = client.post("/signout")
        after = client.get("/")

    assert (answer.status_code, answer.headers["location"]) == (303, "/signin")
    assert after.status_code == 401


@pytest.mark.parametrize(
    ("came_from", "goes_to"),
    [
        ("{url}/machines?q=ws&after=00", "/machines?q=ws&after=00"),
        ("{url}/signin", "/"),
        ("{url}//evil.test/", "/"),
        ("{url}/\\evil.test", "/"),
        ("https://evil.test/machines", "/"),
        ("nonsense", "/"),
    ],
)
def test_after_signing_in_one_is_where_one_wanted_to_be(server: Server, came_from: str, goes_to: str) -> None:
    """On a page of ours, never on another host."""
    answer = posted(server, Referer=came_from.format(url=server.url))

    assert answer.headers["location"] == goes_to


@pytest.mark.parametrize(
    ("back", "goes_to"), [("/kbs?page=2", "/kbs?page=2"), ("//evil.test", "/"), ("https://evil.test", "/"), ("x", "/")]
)
def test_a_mistyped_secret_does_not_lose_the_way(server: Server, back: str, goes_to: str) -> None:
    """The form that comes again knows the page, and takes no other host for one."""
    wrong = {"client_id": server.client_id, "client_secret": "wrong", "tenant": TENANT, "back": back}

    again = httpx2.post(f"{server.url}/signin", data=wrong)
    answer = httpx2.post(f"{server.url}/signin", data={**wrong, "client_secret": server.client_secret})

    assert (f'name="back" value="{goes_to}"' in again.text) == (goes_to != "/")
    assert answer.headers["location"] == goes_to


def test_a_secret_that_has_ended_is_told_so(server: Server) -> None:
    """What mends it is another command."""
    client_id, secret = create_client(server.database, TENANT, "short", ALL_ROLES, server.clock(), timedelta(minutes=1))
    fields = {"client_id": client_id, "client_secret": secret, "tenant": TENANT}

    server.clock.move(minutes=2)
    try:
        answer = httpx2.post(f"{server.url}/signin", data=fields)
    finally:
        server.clock.move(minutes=-2)

    assert answer.status_code == 401
    assert told(answer) == "This secret has ended; give the client a new one with: kbgap client rotate."


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/kbs/1", 404, "KB 1 was not found."),
        ("/software/no-_-such", 404, "Software no-_-such was not found."),
        ("/machines/nobody", 404, "Machine nobody was not found."),
        ("/kbs?page=0", 400, "'page' is '0', which is no number of a page; write page=1."),
        ("/kbs?page=99999999999", 400, "'page' is '99999999999', which is no number of a page; write page=1."),
        ("/vulnerabilities?severity=Bad", 400, "'severity' is 'Bad'; write one of Critical, High, Medium, Low."),
        ("/machines?after=%01", 400, "'after' is no place in the list; go to the first page."),
        ("/software?q=%00", 400, "'q' is longer than 200 characters, or holds control characters."),
    ],
)
def test_what_cannot_be_shown_is_told_on_a_page(anna: httpx2.Client, path: str, status: int, says: str) -> None:
    """One clear line."""
    answer = anna.get(path)

    assert (answer.status_code, told(answer)) == (status, says)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_browser_is_told_on_a_page_that_there_is_nothing(server: Server) -> None:
    """Where it asks for HTML, as browsers do; everybody else gets the error of the API."""
    people = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}

    page, plain = (httpx2.get(f"{server.url}/nowhere", headers=headers) for headers in (people, {}))

    assert (page.status_code, told(page)) == (404, "There is nothing under this path.")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert plain.status_code == 404
    assert plain.json()["error"]["code"] == "NotFound"


def test_a_page_takes_no_other_method(server: Server) -> None:
    """405 with the methods that it has, as a page."""
    answer = httpx2.post(f"{server.url}/machines")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert "GET" in told(answer)


def test_before_the_first_catalogue_the_overview_says_what_to_do(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing is judged yet, and that is no error."""
    folder = tmp_path_factory.mktemp("empty")
    with running(f"sqlite:///{folder / 'kbgap.sqlite'}") as server, visitor(server) as client:
        answer = client.get("/")

    assert answer.status_code == 200
    assert "There is no catalogue yet" in answer.text
    assert "kbgap catalogue refresh" in answer.text


def test_pages_are_counted_like_everything_else(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The limit of a client holds for its sessions, and is told as a page that says when to come again."""
    folder = tmp_path_factory.mktemp("rates")
    with running_demo(folder, client_rate=(Rate(2, timedelta(minutes=1)),)) as server, visitor(server) as client:
        answers = [client.get("/software") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
