"""Answers have the service's envelope, and only the members that were asked for."""

import msgspec

from kbgap.odata.model import defender_model
from kbgap.odata.payload import (
    Page,
    collection_context,
    entity,
    entity_context,
    project,
    set_context,
    value_context,
)

ROOT = "https://kbgap.example.org/api"


def test_the_context_comes_first_and_the_link_last() -> None:
    """With the count between, as the service writes it."""
    page = Page(context="c", count=2, value=[{"id": "a"}], next_link="n")

    written = msgspec.json.encode(page)

    assert written == b'{"@odata.context":"c","@odata.count":2,"value":[{"id":"a"}],"@odata.nextLink":"n"}'


def test_count_and_link_are_there_when_they_have_a_value() -> None:
    """A count of none is a value."""
    assert msgspec.json.encode(Page(context="c", value=[])) == b'{"@odata.context":"c","value":[]}'
    assert b'"@odata.count":0' in msgspec.json.encode(Page(context="c", count=0, value=[]))


def test_an_entity_has_its_members_behind_the_context() -> None:
    """No envelope around it."""
    assert list(entity("c", {"id": "a", "name": None})) == ["@odata.context", "id", "name"]


def test_selected_members_stay_in_their_order() -> None:
    """And what was expanded stays with them; without a selection all stay."""
    row = {"id": "a", "name": "b", "score": 1, "owners": []}

    assert list(project(row, ("id", "score"), ("owners",))) == ["id", "score", "owners"]
    assert project(row, ()) == row


def test_contexts_have_the_fragments_of_the_contract() -> None:
    """Sets, one of a set, rows of no set, one value of no set (contract 8.6); with the selected members."""
    model = defender_model()
    machines, missing = model.set("Machines"), model.type("PublicProductFixDto")
    product = model.type("PublicProductDto")

    assert set_context(ROOT, machines) == f"{ROOT}/$metadata#Machines"
    assert set_context(ROOT, machines, ("id", "osPlatform")) == f"{ROOT}/$metadata#Machines(id,osPlatform)"
    assert entity_context(ROOT, machines) == f"{ROOT}/$metadata#Machines/$entity"
    assert entity_context(ROOT, machines, ("id",)) == f"{ROOT}/$metadata#Machines(id)/$entity"
    assert collection_context(ROOT, missing) == (
        f"{ROOT}/$metadata#Collection(microsoft.windowsDefenderATP.api.PublicProductFixDto)"
    )
    assert value_context(ROOT, product) == f"{ROOT}/$metadata#microsoft.windowsDefenderATP.api.PublicProductDto"
