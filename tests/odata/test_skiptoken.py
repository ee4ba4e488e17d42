"""A token says where a walk stands, and nothing that somebody wrote into it is trusted."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.odata.errors import ODataError
from kbgap.odata.skiptoken import LONGEST, read_token, write_token

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)
WHOLE = st.integers(-(2**63), 2**63 - 1)


def encoded(json: bytes) -> str:
    """Any JSON in the clothes of a token."""
    return base64.urlsafe_b64encode(json).decode().rstrip("=")


@given(st.tuples(st.none() | TEXTS, st.none() | WHOLE))
def test_a_token_gives_back_the_place(place: tuple[str | None, int | None]) -> None:
    """Whatever the values, and however many bytes are left over; it needs no encoding in an address."""
    token = write_token(place)

    assert re.fullmatch(r"[\w-]+", token, re.ASCII)
    assert read_token(token, (str, int)) == place


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "not a token",
        "ä",
        "a" * (LONGEST + 1),
        encoded(b""),
        encoded(b"\xff"),
        encoded(b"{}"),
        encoded(b"[]"),
        encoded(b'{"after":["a"]}'),
        encoded(b'{"after":["a",1,2]}'),
        encoded(b'{"after":["a",1],"tenant":"b"}'),
        encoded(b'{"after":[1,"a"]}'),
        encoded(b'{"after":["a",1.5]}'),
        encoded(b'{"after":["a",true]}'),
        encoded(b'{"after":["a",[1]]}'),
        encoded(b'{"after":["a",9223372036854775808]}'),
        encoded(b'{"after":["\\u0000",1]}'),
        encoded(b'{"after":["\\ud800",1]}'),
        encoded(b'{"after":["a",1]}') + "!",
        encoded(b'{"after":["a",1]}')[:-2],
    ],
)
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    """Cut, forged, too long, of another list, with values that a database would refuse: one clear line each."""
    with pytest.raises(ODataError, match="this is no token of a page of this list; begin again") as refusal:
        read_token(token, (str, int))

    assert refusal.value.where == "$skiptoken"


@given(st.text(max_size=60))
def test_any_text_is_refused_in_the_same_way(text: str) -> None:
    """There is no other error."""
    with pytest.raises(ODataError):
        read_token(text, (str, int))
