"""Answers: ASCII, in the order of the contract."""

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kbgap.server.answers import Page, answer_entity, answer_page, as_ascii_json


class Row(msgspec.Struct, rename="camel"):
    """A row with an absent value."""

    os_build: int | None
    name: str


@given(st.text())
def test_all_text_survives_in_ascii(text: str) -> None:
    """Clients that read ASCII only get every text back, whatever plane its characters are on."""
    encoded = as_ascii_json({"name": text, "list": [text]})

    assert encoded.isascii()
    assert json.loads(encoded) == {"name": text, "list": [text]}


def test_a_list_begins_with_its_context_and_ends_with_its_link() -> None:
    """The envelope's members come in the service's order; nulls in rows are written out."""
    page = Page(context="c", count=1, value=[Row(None, "é")], next_link="n")

    body = answer_page(page).body

    assert body == (
        b'{"@odata.context":"c","@odata.count":1,"value":[{"osBuild":null,"name":"\\u00e9"}],"@odata.nextLink":"n"}'
    )


def test_an_empty_list_has_its_value() -> None:
    """No rows are an empty list, not an absent one; a count of zero is still a count."""
    assert bytes(answer_page(Page(context="c", value=[])).body) == b'{"@odata.context":"c","value":[]}'
    assert bytes(answer_page(Page(context="c", count=0, value=[])).body) == (
        b'{"@odata.context":"c","@odata.count":0,"value":[]}'
    )


def test_an_entity_stands_beside_its_context() -> None:
    """One entity is the bare object plus its context, as JSON that clients recognise as such."""
    answer = answer_entity("c", Row(18363, "n"))

    assert bytes(answer.body) == b'{"@odata.context":"c","osBuild":18363,"name":"n"}'
    assert "application/json" in answer.headers["content-type"]
    assert answer.headers["odata-version"] == "4.0"
