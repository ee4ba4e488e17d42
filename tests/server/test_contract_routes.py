"""Every read of the API over real HTTP, on a demo's fleet: members, order, types and nulls as they are declared.

The table of operations says what there is to drive, the declarations say what has to come, and the contract's own table
says under which permissions and contexts. A new operation is driven without anybody adding it here.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from kbgap.odata.entity import StructuredType
from kbgap.odata.model import defender_model
from kbgap.server.operation import Guarded, Operation
from kbgap.server.results import OneEntity, RowCount, RowList, Value
from kbgap.server.routes import OPERATIONS
from tests.server.conftest import Server
from tests.server.contract import CONTRACT, Row
from tests.server.declared import faults_of

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
LISTS = [operation for operation in OPERATIONS if isinstance(operation.result, RowList)]
COUNTS = [operation for operation in OPERATIONS if isinstance(operation.result, RowCount)]
ONES = [
    operation
    for operation in OPERATIONS
    if isinstance(operation.result, OneEntity | Value) and operation.method == "GET"
]
MAY_BE_EMPTY = {"/api/alerts", "/api/machines/{id}/alerts"}  # the rest of the API has something to tell about the fleet
BY_PATH = {operation.path: operation for operation in OPERATIONS if operation.method == "GET"}


def named(operation: Operation) -> str:
    """An operation as the id of a test."""
    return f"{operation.method} {operation.path}"


@cache
def some(server: Server, path: str, member: str = "id") -> str:
    """A member of the first row of a list."""
    return str(server.get(f"{path}?$top=1").json()["value"][0][member])


@cache
def most_exposed(server: Server) -> str:
    """The CVE that is open on the most machines."""
    body = server.get("/api/vulnerabilities?$orderby=exposedMachines desc&$top=1").json()
    return str(body["value"][0]["id"])


def address(server: Server, operation: Operation) -> str:
    """The path of an operation on things that are there, with the parameters that it requires."""
    path = operation.path
    ids: dict[str, Callable[[], str]] = {
        "/api/Software/": lambda: "microsoft-_-windows_10",
        "/api/machines/": lambda: some(server, "/api/machines"),
        "/api/vulnerabilities/": lambda: most_exposed(server),
        "/api/recommendations/": lambda: "va-_-microsoft-_-windows_10",
    }
    for start, give in ids.items():
        if path.startswith(start + "{id}"):
            path = path.replace("{id}", give())
    if "{kb}" in path:
        path = path.replace("{kb}", some(server, "/api/Software/microsoft-_-windows_10/getmissingkbs"))
    if "findbyip" in path:
        machine = server.get(
            "/api/machines?$filter=lastIpAddress ne null&$top=1&$select=lastIpAddress,lastSeen"
        ).json()["value"][0]
        path = path.replace("(ip,timestamp)", f"(ip='{machine['lastIpAddress']}',timestamp={machine['lastSeen']})")
    return path + query(server, operation)


def query(server: Server, operation: Operation) -> str:
    """The parameters that an operation requires."""
    values: dict[str, Callable[[], str]] = {
        "tag": lambda: server.get("/api/machines?$filter=machineTags/any()&$top=1").json()["value"][0]["machineTags"][
            0
        ],
        "sinceTime": lambda: "2026-07-10T00:00:00Z",
        "kbs": lambda: some(server, "/api/Software/microsoft-_-windows_10/getmissingkbs"),
    }
    required = [parameter.name for parameter in operation.parameters if parameter.is_required]
    return "?" + "&".join(f"{name}={values[name]()}" for name in required)


@pytest.fixture(scope="module")
def server(demo_server: Server) -> Server:
    """A server with a demo's fleet, which no test here changes."""
    return demo_server


@pytest.fixture(scope="module")
def known(server: Server) -> set[str]:
    """The names of all sets, and of all types with their namespace, that the served description declares."""
    root = fromstring(server.get("/api/$metadata").text)
    space = next(root.iter(f"{EDM}Schema")).get("Namespace")
    types = (element for tag in ("EntityType", "ComplexType") for element in root.iter(EDM + tag))
    return {str(e.get("Name")) for e in root.iter(f"{EDM}EntitySet")} | {f"{space}.{e.get('Name')}" for e in types}


def target_of(context: str) -> str:
    """The set or type that a context names."""
    fragment = context.partition("#")[2].removesuffix("/$entity")
    collection = re.fullmatch(r"Collection\((.+)\)", fragment)
    return collection[1] if collection else re.sub(r"\(.*\)$", "", fragment)


def type_of(operation: Operation) -> StructuredType:
    """The declared type of what an operation answers."""
    match operation.result:
        case RowList(listing=listing):
            return listing.rows
        case OneEntity(of=of) | Value(of=of):
            return of
        case _:
            raise AssertionError(operation)


# --- the table against the contract's own --------------------------------------------------------------------------


@pytest.mark.parametrize("row", [row for row in CONTRACT if row.path in BY_PATH], ids=lambda row: row.path)
def test_a_route_of_the_contract_has_its_permissions_and_context(server: Server, row: Row) -> None:
    """Clients ask for exactly these, and strict readers resolve the context."""
    operation = BY_PATH[row.path]
    access = operation.access

    assert isinstance(access, Guarded)
    assert (" ".join(access.application), " ".join(access.delegated)) == (row.application, row.delegated)
    context = server.get(address(server, operation)).json()["@odata.context"]
    assert context == f"{server.url}/api/$metadata#{row.fragment}"


# --- lists ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", LISTS, ids=named)
def test_the_rows_of_a_list_are_of_its_type(server: Server, known: set[str], operation: Operation) -> None:
    """Every member, in order, of its type, null only where it may be; and a context that resolves."""
    answer = server.get(address(server, operation))
    body = answer.json()

    assert answer.status_code == 200, answer.text
    assert list(body) == ["@odata.context", "value"]
    assert target_of(body["@odata.context"]) in known
    assert body["value"] or operation.path in MAY_BE_EMPTY
    assert [fault for row in body["value"] for fault in faults_of(row, type_of(operation))] == []


@pytest.mark.parametrize("operation", COUNTS, ids=named)
def test_a_count_is_the_number_of_rows(server: Server, operation: Operation) -> None:
    """Behind ``/$count``, and in the list itself when it is asked for."""
    path = address(server, operation)
    listed = server.get(f"{path.replace('/$count', '')}&$count=true&$top=3").json()

    counted = server.get(path)

    assert counted.headers["content-type"].startswith("text/plain")
    assert counted.text == str(listed["@odata.count"])
    assert int(counted.text) >= len(listed["value"])


@pytest.mark.parametrize("operation", LISTS, ids=named)
def test_a_walk_over_links_gives_what_one_page_gives(server: Server, operation: Operation) -> None:
    """Every row once, in the same order, over absolute links that keep the page size."""
    address_of_list = f"{server.url}{address(server, operation)}"
    whole = [row for page in walk(server, address_of_list) for row in page]
    size = max(1, -(-len(whole) // 3))

    pages = list(walk(server, f"{address_of_list}&pageSize={size}"))

    assert [row for page in pages for row in page] == whole
    assert all(len(page) <= size for page in pages)


def walk(server: Server, link: str | None) -> Iterator[list[dict[str, Any]]]:
    """The pages behind each other."""
    headers = {"Authorization": f"Bearer {server.token()}"}
    while link is not None:
        assert link.startswith(server.url)
        body = server.http.get(link, headers=headers).json()
        yield body["value"]
        link = body.get("@odata.nextLink")


@pytest.mark.parametrize("operation", LISTS, ids=named)
def test_windows_of_a_list_do_not_overlap(server: Server, operation: Operation) -> None:
    """mde-client reads by ``$top`` and ``$skip`` in parallel: without links, and empty past the end."""
    path = address(server, operation)
    whole = server.get(path).json()["value"]

    first, second = (server.get(f"{path}&$top=2&$skip={skip}").json() for skip in (0, 2))
    past = server.get(f"{path}&$top=2&$skip=1000000")

    assert first["value"] + second["value"] == whole[:4]
    assert "@odata.nextLink" not in first
    assert (past.status_code, past.json()["value"]) == (200, [])


@pytest.mark.parametrize("operation", LISTS, ids=named)
def test_a_list_is_sorted_and_filtered_by_every_member_that_it_says(server: Server, operation: Operation) -> None:
    """Each is taken in ``$orderby`` and ``$filter``, and the filter by a row's own value finds that row."""
    path, of = address(server, operation), type_of(operation)
    rows = server.get(path).json()["value"]

    sortable = ",".join(member.name for member in of.properties if member.sortable)
    by_all = server.get(f"{path}&$orderby={sortable}")
    assert (by_all.status_code, len(by_all.json().get("value", []))) == (200, len(rows)), by_all.text
    for member in of.properties:
        if member.filterable and not member.of.is_collection:
            found = server.get(f"{path}&$filter={member.name} eq null")
            assert found.status_code == 200, (member.name, found.text)
            kept = [row for row in rows if row[member.name] is None]
            assert len(found.json()["value"]) == len(kept), member.name
    if rows and of.identity:
        key, value = of.identity[0], rows[-1][of.identity[0]]
        literal = value if re.match(r"\d{4}-\d\d-\d\dT", str(value)) else "'" + str(value).replace("'", "''") + "'"
        found = server.get(f"{path}&$filter={key} eq {literal}").json()["value"]
        assert found == [row for row in rows if row[key] == value]


@pytest.mark.parametrize("operation", LISTS, ids=named)
def test_selected_members_come_alone(server: Server, operation: Operation) -> None:
    """In their declared order, whatever order the client names them in."""
    members = [member.name for member in type_of(operation).properties]
    chosen = [members[-1], members[0]]

    body = server.get(f"{address(server, operation)}&$select={','.join(chosen)}&$top=2").json()

    wanted = [name for name in members if name in chosen]
    assert [list(row) for row in body["value"]] == [wanted] * len(body["value"])


# --- single things -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ONES, ids=named)
def test_one_thing_is_of_its_type(server: Server, known: set[str], operation: Operation) -> None:
    """The bare object beside its context."""
    answer = server.get(address(server, operation))
    body = answer.json()

    assert answer.status_code == 200, answer.text
    context = body.pop("@odata.context")
    assert target_of(context) in known
    assert faults_of(body, type_of(operation)) == []


@pytest.mark.parametrize("operation", [each for each in (*LISTS, *ONES) if "{id}" in each.path], ids=named)
def test_an_unknown_id_is_not_found(server: Server, operation: Operation) -> None:
    """404 in the error's shape, whatever hangs below the id."""
    path = re.sub(r"\{\w+\}", "nothing-_-of-_-the-_-kind", operation.path)

    answer = server.get(path + query(server, operation))

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")


@pytest.mark.parametrize("operation", [*LISTS, *ONES], ids=named)
def test_another_tenant_sees_nothing_of_it(server: Server, operation: Operation) -> None:
    """The same question with another tenant's token: nothing there, no rows, or rows of what is published for all."""
    headers = {"Authorization": f"Bearer {server.other_token()}"}

    answer = server.http.get(address(server, operation), headers=headers)

    if answer.status_code != 404:
        rows = answer.json().get("value", [])
        assert [row for row in rows if row.get("exposedMachines") != 0] == []
        assert not re.search(r"ws-\d|example\.org", answer.text)


@pytest.mark.parametrize(
    ("operation", "way"),
    [(each, way) for each in (*LISTS, *ONES) for way in getattr(each.result, "ways", ())],
    ids=lambda part: named(part) if isinstance(part, Operation) else part,
)
def test_a_navigation_can_be_expanded(server: Server, operation: Operation, way: str) -> None:
    """What ``$expand`` brings along is what the path below the entity answers."""
    body = server.get(f"{address(server, operation)}&$expand={way}").json()
    row = body["value"][0] if "value" in body else body

    home = next(each.name for each in defender_model().sets if each.type.name == type_of(operation).name)
    below = server.get(f"/api/{home}('{row['id']}')/{way}").json()

    assert row[way] == below.get("value", {name: value for name, value in below.items() if name != "@odata.context"})
