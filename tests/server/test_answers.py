"""Answers: ASCII, in the order of the contract."""

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kbgap.odata.payload import Page
from kbgap.server.answers import as_ascii_json, odata_answer, text_answer


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


def test_an_answer_keeps_its_order_and_its_nulls() -> None:
    """Members come in the order of the contract, and a value that is not known is written as null."""
    page = Page(context="c", count=1, value=[Row(None, "é")], next_link="n")

    body = odata_answer(as_ascii_json(page)).body

    assert body == (
        b'{"@odata.context":"c","@odata.count":1,"value":[{"osBuild":null,"name":"\\u00e9"}],"@odata.nextLink":"n"}'
    )


def test_an_answer_says_what_it_is() -> None:
    """Some clients read nothing but JSON, and generic ones look for the version of OData."""
    answer = odata_answer(b"{}")

    assert "application/json" in answer.headers["content-type"]
    assert answer.headers["odata-version"] == "4.0"


def test_a_count_is_a_bare_number() -> None:
    """Text, not JSON: that is what clients of ``/$count`` parse."""
    answer = text_answer("7")

    assert (answer.body, answer.headers["content-type"]) == (b"7", "text/plain; charset=utf-8")
