"""Lists of names are read with blanks and in any letter case, and refused by the item that is wrong."""

import re

import pytest

from kbgap.odata.errors import ODataError
from kbgap.odata.model import defender_model
from kbgap.odata.names import MOST_ITEMS, read_expand, read_select
from tests.odata.given import MODEL, THING


def test_members_are_answered_in_their_declared_order() -> None:
    """Whatever order the client wrote, and however often."""
    assert read_select("score , ID,score,tags,place", THING) == ("id", "score", "tags", "place")


def test_a_star_selects_everything() -> None:
    """Beside other names too."""
    assert read_select("*", THING) == ()
    assert read_select("id,*", THING) == ()


def test_ways_to_other_entities_are_expanded_in_their_declared_order() -> None:
    """Only where the type has such ways."""
    assert read_expand("MAKER, owners", THING) == ("owners", "maker")


def test_a_complex_member_is_expanded_already() -> None:
    """Clients send $expand=evidence for alerts, where evidence is part of each row."""
    assert read_expand("evidence", defender_model().type("Alert")) == ()


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("id,nobody", 4, "Thing has no 'nobody' for it; there is id, name, small"),
        ("id, place/street", 5, "'place/street' is not supported; list plain names with commas between them"),
        ("id,,name", 4, "a name is missing before or after a comma"),
        ("id, ", 4, "a name is missing"),
        ("owners", 1, "Thing has no 'owners' for it"),
    ],
)
def test_a_member_that_is_none_is_refused(text: str, at: int, said: str) -> None:
    """With its position: leaving it out would be another answer than the one asked for."""
    with pytest.raises(ODataError, match=re.escape(said)) as refusal:
        read_select(text, THING)

    assert refusal.value.where == f"$select at {at}"


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("name", 1, "Thing has no 'name' for it; there is owners, maker"),
        ("owners($select=id)", 1, "'owners($select=id)' is not supported"),
        ("owners,maker/owners", 8, "'maker/owners' is not supported"),
        ("*", 1, "'*' is not supported"),
    ],
)
def test_a_way_that_is_none_is_refused(text: str, at: int, said: str) -> None:
    """Options inside an option, paths and stars are not supported, and say so."""
    with pytest.raises(ODataError, match=re.escape(said)) as refusal:
        read_expand(text, THING)

    assert refusal.value.where == f"$expand at {at}"


def test_a_type_without_ways_has_nothing_to_expand() -> None:
    """The mend says so, instead of listing nothing."""
    with pytest.raises(ODataError, match="leave the option out"):
        read_expand("owners", MODEL.type("Owner"))


def test_a_list_of_names_is_limited() -> None:
    """More names than any type has members are no question."""
    assert read_select(",".join(["id"] * MOST_ITEMS), THING) == ("id",)

    with pytest.raises(ODataError, match=f"lists more than {MOST_ITEMS} names"):
        read_select(",".join(["id"] * (MOST_ITEMS + 1)), THING)
