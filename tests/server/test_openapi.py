"""The description of the API for programs: complete, consistent, and true to the declared types."""

import re
from typing import Any

import pytest

from kbgap.odata.entity import StructuredType
from kbgap.odata.model import defender_model
from kbgap.server.examples import example_of
from kbgap.server.openapi import openapi
from kbgap.server.routes import API
from tests.server.conftest import Server
from tests.server.declared import faults_of

DOCUMENT: Any = openapi(API, "https://kbgap.example.org")


def every(value: object, key: str) -> list[Any]:
    """All values of a key, however deep."""
    if isinstance(value, dict):
        return [found for name, inner in value.items() for found in ([inner] if name == key else every(inner, key))]
    return [found for inner in value for found in every(inner, key)] if isinstance(value, list) else []


def test_every_operation_is_described() -> None:
    """What a program can call is in the document; a form in the body of a GET has no place in OpenAPI."""
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    shaped = {re.sub(r"\((\w+),(\w+)\)", r"(\1='{\1}',\2={\2})", operation.path) for operation in API}

    assert {path for _, path in described} == shaped
    assert ("GET", "/api/Software/{id}/getmissingkbs") in described


def test_every_reference_leads_somewhere() -> None:
    """A generator stops at the first one that does not."""
    names = {reference.removeprefix("#/components/schemas/") for reference in every(DOCUMENT, "$ref")}

    assert names - set(DOCUMENT["components"]["schemas"]) == set()


def test_operations_have_names_of_their_own() -> None:
    """Generators make functions of them."""
    names = every(DOCUMENT["paths"], "operationId")

    assert len(names) == len(set(names))


def test_each_part_in_braces_is_a_parameter() -> None:
    """And no other is."""
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            parts = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
            assert sorted(parts) == sorted(re.findall(r"\{(\w+)\}", path))


def test_the_server_gives_the_document_to_anybody(server: Server) -> None:
    """It tells nothing that the documentation does not, and names the address under which it was asked for."""
    body = server.http.get("/openapi.json").json()

    assert body["openapi"] == "3.1.0"
    assert body["servers"] == [{"url": server.url}]
    assert body["paths"].keys() == DOCUMENT["paths"].keys()


def test_the_page_shows_every_operation_without_any_script(server: Server) -> None:
    """People read it in a browser that loads nothing else."""
    answer = server.http.get("/docs")

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert "/api/Software/{id}/getmissingkbs" in answer.text
    assert "machineMissedOn" in answer.text


EXAMPLES = [declared for declared in defender_model().types if example_of(declared) is not None]


@pytest.mark.parametrize("declared", EXAMPLES, ids=lambda declared: declared.name)
def test_an_example_is_a_row_of_its_type(declared: StructuredType) -> None:
    """With every member, in order, each of its type."""
    example = example_of(declared)

    assert example is not None
    assert faults_of(example, declared) == []
