"""People who open pages: they sign in with the form, and keep their cookie."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from kbgap.operations.clients import ALL_ROLES, create_client
from kbgap.server.operation import Operation
from tests.builders import TENANT
from tests.server.conftest import Server


@contextmanager
def visitor(server: Server, *roles: str, tenant: str = TENANT) -> Iterator[httpx2.Client]:
    """Somebody who has signed in with a new client of these roles, or of all."""
    client_id, secret = create_client(server.database, tenant, "person", roles or ALL_ROLES, server.clock())
    fields = {"client_id": client_id, "client_secret": secret, "tenant": tenant}
    with httpx2.Client(base_url=server.url, timeout=30) as client:
        assert client.post("/signin", data=fields).status_code == 303
        yield client


def address(client: httpx2.Client, operation: Operation) -> str:
    """The path of a page about things that are there: on the demo's fleet, for somebody who may see all."""
    path = operation.path
    if "/software/" in path:
        return path.replace("{id}", "microsoft-_-windows_10")
    if "/vulnerabilities/" in path:
        return path.replace("{id}", first(client, "/vulnerabilities", r"/vulnerabilities/(CVE-[\d-]+)"))
    if "{kb}" in path:
        path = path.replace("{kb}", first(client, "/software/microsoft-_-windows_10", r"/kbs/(\d+)"))
    if "{id}" in path:
        path = path.replace("{id}", first(client, "/machines", r"/machines/(\w+)"))
    return path


def first(client: httpx2.Client, page: str, link: str) -> str:
    """The part in brackets of the first such link on a page."""
    found = re.search(f'href="{link}"', client.get(page).text)
    assert found is not None, page
    return found[1]
