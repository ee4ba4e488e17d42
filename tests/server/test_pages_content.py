"""What the pages for people show: the rows of the API, escaped, in pages, in a form that everybody can read."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx2
import pytest

from kbgap.operations.load_catalogue import load_catalogue
from kbgap.operations.report_inventory import report_inventory
from kbgap.server.operation import ForPeople, Operation
from kbgap.server.page_routes import PAGES
from tests.builders import TENANT, a_catalogue, a_report
from tests.server.conftest import Server, running
from tests.server.visitor import address, visitor

GUARDED = [operation for operation in PAGES if isinstance(operation.access, ForPeople)]
NASTY = '<script>alert("x")</script>'
MANY = 250


class Seen(HTMLParser):
    """The tags of a page, with what they say about themselves."""

    def __init__(self, text: str) -> None:
        """Read the page."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it, and remember that it is open unless nothing closes it."""
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "input", "wbr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """What is closed was opened last."""
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def anna(demo_server: Server) -> Iterator[httpx2.Client]:
    """Somebody who may see everything of the demo's fleet."""
    with visitor(demo_server) as client:
        yield client


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with more machines than a page holds, and one with a name that nobody should have."""
    folder = tmp_path_factory.mktemp("large")
    with (
        a_catalogue(folder / "catalogue") as catalogue,
        running(f"sqlite:///{folder / 'kbgap.sqlite'}", lambda: catalogue) as server,
    ):
        load_catalogue(server.database, catalogue, server.clock())
        reports = [a_report(f"m-{number:03}.example.org") for number in range(MANY)]
        report_inventory(server.database, catalogue, TENANT, [*reports, a_report(NASTY)], server.clock())
        yield server


@pytest.fixture(scope="module")
def bert(large: Server) -> Iterator[httpx2.Client]:
    """Somebody who may see everything of the large fleet."""
    with visitor(large) as client:
        yield client


def named(operation: Operation) -> str:
    """The path, for the ids of tests."""
    return operation.path


def rows_of(text: str) -> list[str]:
    """The rows in the bodies of a page's tables."""
    return [row for body in re.findall(r"<tbody>(.*?)</tbody>", text, re.DOTALL) for row in re.findall(r"<tr>", body)]


def walk(client: httpx2.Client, path: str) -> Iterator[str]:
    """The page, and those behind its links to the next one."""
    link: str | None = path
    while link is not None:
        text = client.get(httpx2.URL(path).join(link)).raise_for_status().text
        yield text
        found = re.search(r'href="([^"]+)" rel="next"', text)
        link = None if found is None else found[1].replace("&amp;", "&")


# --- form ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", GUARDED, ids=named)
def test_a_page_is_well_formed_and_needs_no_script(anna: httpx2.Client, operation: Operation) -> None:
    """Tags close, ids are distinct, tables have a caption and headings a scope; no script and no style in the page."""
    answer = anna.get(address(anna, operation))
    seen = Seen(answer.text)

    assert answer.status_code == 200
    assert seen.open == []
    assert not {tag for tag, _ in seen.tags} & {"script", "style", "iframe", "object", "img"}
    assert not [name for _, attributes in seen.tags for name in attributes if name.startswith("on") or name == "style"]
    assert len(seen.all("table")) == len(seen.all("caption"))
    assert all(heading.get("scope") in {"col", "row"} for heading in seen.all("th"))
    assert len(seen.all("h1")) == 1
    assert seen.all("html")[0]["lang"] == "en"
    ids = [attributes["id"] for _, attributes in seen.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("operation", PAGES, ids=lambda operation: f"{operation.method} {operation.path}")
def test_the_browser_is_told_to_run_nothing(anna: httpx2.Client, operation: Operation) -> None:
    """Also on the form, and where something is refused; and no page is kept."""
    path = address(anna, operation) if isinstance(operation.access, ForPeople) else operation.path
    answers = [anna.get(path), httpx2.get(f"{anna.base_url}{path}")]

    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        if answer.headers["content-type"].startswith("text/html"):
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; style-src 'self'; form-action 'self'")
            assert "unsafe" not in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "same-origin"


def test_every_link_leads_to_a_page(anna: httpx2.Client) -> None:
    """From the overview on, wherever one can go in two steps, one link of each form."""
    seen: dict[str, str] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        answer = anna.get(path)
        assert answer.status_code == 200, path
        for link in (attributes.get("href") or "" for attributes in Seen(answer.text).all("a")):
            whole = str(httpx2.URL(path).join(link)).replace("&amp;", "&")
            form = re.sub(r"[0-9a-f]{40}|\d+|microsoft-_-[\w.]+", "*", whole)
            if whole.startswith("/") and "#" not in whole and form not in seen:
                seen[form] = whole
                waiting.append(whole)

    assert {"/machines/*", "/machines/*/explain/*", "/kbs/*", "/software/*", "/kbs/*?suppose=yes"} <= set(seen)
    assert "/vulnerabilities/CVE-*-*" in seen


# --- content -------------------------------------------------------------------------------------------------------


def test_the_overview_says_what_the_api_says(demo_server: Server, anna: httpx2.Client) -> None:
    """Its figures are counts of the API's rows."""
    kbs = int(demo_server.get("/api/missingkbs/$count").text)
    open_cves = int(demo_server.get("/api/vulnerabilities/$count?$filter=exposedMachines gt 0").text)
    wanted = "isExcluded eq false and healthStatus eq 'Active'"
    machines = int(demo_server.get(f"/api/machines/$count?$filter={wanted}").text)
    score = demo_server.get("/api/exposureScore").json()["score"]

    text = anna.get("/").text

    assert re.findall(r"<dd>([\d.,]+)<small>", text) == [f"{machines}", f"{kbs}", f"{open_cves:,}", f"{score:.1f}"]
    assert len(rows_of(text)) == min(kbs, 10)


def test_a_machines_page_shows_its_gap_and_what_to_install(demo_server: Server, anna: httpx2.Client) -> None:
    """The rows of the API's paths about it, each with a link that explains."""
    header = {"Authorization": f"Bearer {demo_server.token()}"}
    exposed = demo_server.http.get("/api/machines?$filter=exposureLevel eq 'High'&$top=1", headers=header).json()
    machine = exposed["value"][0]["id"]
    missing = demo_server.http.get(f"/api/machines/{machine}/getmissingkbs", headers=header).json()["value"]
    install = demo_server.http.get(f"/api/machines/{machine}/installset", headers=header).json()["value"]

    text = anna.get(f"/machines/{machine}").text
    explained = anna.get(f"/machines/{machine}/explain/{missing[0]['id']}").text

    assert re.findall(r'<a href="/kbs/(\d+)">', text) == [row["id"] for row in missing]
    assert re.findall(r'rel="noreferrer">KB(\d+)', text) == [row["id"] for row in install]
    assert {f"/machines/{machine}/explain/{row['id']}" for row in missing} <= set(re.findall(r'href="([^"]+)"', text))
    assert '<span class="word bad">Missing</span>' in explained
    assert re.search(r'<td class="text">build \d|<td class="text">the ', explained)


def test_a_cves_page_shows_where_it_is_open_and_what_closes_it(demo_server: Server, anna: httpx2.Client) -> None:
    """The rows of the API's paths about it; the KBs are those that machines miss."""
    header = {"Authorization": f"Bearer {demo_server.token()}"}
    most = demo_server.http.get("/api/missingkbs?$orderby=machineMissedOn desc&$top=1", headers=header).json()
    kb = most["value"][0]["id"]
    cve = demo_server.http.get(f"/api/missingkbs/{kb}", headers=header).json()["cves"][0]
    of_api = demo_server.http.get(f"/api/vulnerabilities/{cve}", headers=header).json()
    path = f"/api/vulnerabilities/{cve}/machineReferences?$top=100"
    machines = [row["id"] for row in demo_server.http.get(path, headers=header).json()["value"]]

    text = anna.get(f"/vulnerabilities/{cve.lower()}").text

    assert f"<h1>{cve}</h1>" in text
    assert re.findall(r'href="/machines/(\w+)"', text) == machines
    assert kb in re.findall(r'<a href="/kbs/(\d+)">', text)
    assert f"<dd>{of_api['exposedMachines']:,} machines</dd>" in text
    assert re.search(rf'<td class="id">[^<]*KB{kb}', text)


def test_an_unknown_cve_has_no_page(anna: httpx2.Client) -> None:
    """It is not found, in words."""
    answer = anna.get("/vulnerabilities/CVE-1999-99999")

    assert answer.status_code == 404
    assert "Vulnerability CVE-1999-99999 was not found" in answer.text


def test_a_machines_page_says_what_is_not_known_and_what_would_settle_it(tmp_path: Path) -> None:
    """A list that may be cut proves nothing by what it does not name."""
    report = a_report("half.example.org", ubr=None, update_list=None, installed_updates=None)
    with (
        a_catalogue(tmp_path / "catalogue") as catalogue,
        running(f"sqlite:///{tmp_path / 'kbgap.sqlite'}", lambda: catalogue) as server,
        visitor(server) as client,
    ):
        load_catalogue(server.database, catalogue, server.clock())
        report_inventory(server.database, catalogue, TENANT, [report], server.clock())

        text = client.get("/machines/half.example.org").text

    assert "that may be missing or not" in text
    rows = re.findall(r'<td class="text">(.*?)</td><td class="text">(.*?)</td>', text)
    assert rows
    assert all(reason and settle for reason, settle in rows)


def test_a_machine_outside_the_catalogue_is_said_to_be_so(tmp_path: Path) -> None:
    """That no update is for it is not the same as missing nothing."""
    with (
        a_catalogue(tmp_path / "catalogue") as catalogue,
        running(f"sqlite:///{tmp_path / 'kbgap.sqlite'}", lambda: catalogue) as server,
        visitor(server) as client,
    ):
        load_catalogue(server.database, catalogue, server.clock())
        report_inventory(
            server.database, catalogue, TENANT, [a_report("new.example.org", number=31000)], server.clock()
        )

        text = client.get("/machines/new.example.org").text

    assert "This machine is outside the catalogue, which is not the same as missing nothing" in text


def test_a_kb_installed_everywhere_is_supposed_only_when_asked(demo_server: Server, anna: httpx2.Client) -> None:
    """It takes a while on a large fleet."""
    path = address(anna, next(operation for operation in GUARDED if operation.path == "/kbs/{kb}"))
    figures = demo_server.get(f"/api/whatif?kbs={path.rpartition('/')[2]}").json()

    plain, supposed = anna.get(path).text, anna.get(f"{path}?suppose=yes").text

    assert "would close CVEs on" not in plain
    assert f"it would close CVEs on {figures['machinesChanged']} of them" in supposed


@pytest.mark.parametrize(
    ("query", "filter_"),
    [
        ("severity=Critical", "severity eq 'Critical' and exposedMachines gt 0"),
        ("q=cve-2020&all=yes", "contains(id,'CVE-2020')"),
        ("q=cve-2020-0", "contains(id,'CVE-2020-0') and exposedMachines gt 0"),
        ("q=100%25", "contains(id,'100%25')"),
    ],
)
def test_the_box_filters_as_the_api_does(demo_server: Server, anna: httpx2.Client, query: str, filter_: str) -> None:
    """In any letter case; a percent sign is no wildcard."""
    count = int(demo_server.get(f"/api/vulnerabilities/$count?$filter={filter_}").text)

    text = anna.get(f"/vulnerabilities?{query}").text

    found = re.search(r"<caption>([\d,]+) ", text)
    assert (int(found[1].replace(",", "")) if found else 0) == count


# --- escaping ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/machines?q=%3Cscript", "/kbs/4540673?after=", "{machine}", "{explain}"])
def test_the_name_of_a_machine_is_text_and_nothing_else(bert: httpx2.Client, path: str) -> None:
    """Whoever names a machine writes no page."""
    listed = bert.get("/machines?q=%3Cscript").text.partition("<tbody>")[2]
    machine = re.findall(r"/machines/\w+", listed)[0]

    texts = list(walk(bert, path.format(machine=machine, explain=f"{machine}/explain/4540673")))

    assert not [text for text in texts if "<script" in text]
    assert [text for text in texts if "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in text]


@pytest.mark.parametrize(
    "path",
    [
        "/machines?q={nasty}",
        "/software?q={nasty}",
        "/kbs?q={nasty}",
        "/vulnerabilities?q={nasty}",
        "/vulnerabilities/{nasty}",
        "/vulnerabilities?severity={nasty}",
        "/kbs?page={nasty}",
        "/kbs/{nasty}",
        "/software/{nasty}",
        "/machines/{nasty}/explain/{nasty}",
        "/machines?x={nasty}",
    ],
)
def test_what_stands_in_an_address_is_text_too(bert: httpx2.Client, path: str) -> None:
    """It comes back in boxes, in messages and in links to the next page."""
    text = bert.get(path.replace("{nasty}", "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E")).text

    assert "<script" not in text
    Seen(text)


# --- pages of a hundred rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/machines", "/kbs/4540673"])
def test_machines_come_in_pages_of_a_hundred(bert: httpx2.Client, path: str) -> None:
    """Each machine once over the links to the next page."""
    pages = list(walk(bert, path))

    machines = [re.findall(r'<a href="/machines/(\w+)">', text.partition("<tbody>")[2]) for text in pages]
    assert [len(each) for each in machines] == [100, 100, MANY + 1 - 200]
    assert len({machine for each in machines for machine in each}) == MANY + 1
    assert 'rel="prev">First page' not in pages[0]
    assert 'rel="prev">First page' in pages[1]


def test_a_filter_stays_over_pages(bert: httpx2.Client) -> None:
    """The link to the next page repeats it."""
    pages = list(walk(bert, "/machines?q=M-1"))

    assert [len(rows_of(text)) for text in pages] == [100]
    pages = list(walk(bert, "/machines?q=.EXAMPLE.org"))
    assert [len(rows_of(text)) for text in pages] == [100, 100, 50]
    assert all('value=".EXAMPLE.org"' in text for text in pages)


def test_numbered_pages_say_which_rows_they_hold(anna: httpx2.Client) -> None:
    """Every CVE once, and the way back."""
    pages = list(walk(anna, "/vulnerabilities"))

    ids = [found for text in pages for found in re.findall(r'<span class="id"><a [^>]+>(CVE-[\d-]+)</a>', text)]
    assert len(pages) > 2
    assert all(len(rows_of(text)) == 100 for text in pages[:-1])
    assert len(ids) == len(set(ids))
    assert f"101–200 of {len(ids):,}" in pages[1]
    assert '<a href="?page=1" rel="prev">Previous page</a>' in pages[1]


def test_past_the_end_there_is_nothing(anna: httpx2.Client) -> None:
    """An empty page, no error."""
    answer = anna.get("/vulnerabilities?page=1000000")

    assert answer.status_code == 200
    assert rows_of(answer.text) == []
