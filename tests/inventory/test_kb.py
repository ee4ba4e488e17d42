"""KB numbers are read in every way that people and tools write them."""

from collections.abc import Mapping

import pytest

from kbgap.inventory.kb import find_kb, find_kbs, parse_kb
from tests.inventory.conftest import Case


@pytest.mark.parametrize("text", ["KB4532693", "kb4532693", "Kb4532693", "4532693", " 4532693 "])
def test_prefix_and_case_do_not_matter(text: str) -> None:
    """The number is the name; what stands before it is habit."""
    assert parse_kb(text) == "4532693"


@pytest.mark.parametrize(
    "text", ["", "KB", "KB12", "0004532", "ADV200002", "File 1", "KB4532693v2", "453269312", "٤٥٣٢٦٩٣"]
)
def test_other_texts_are_no_kb(text: str) -> None:
    """Advisories, files and numbers of another length are not taken for updates."""
    assert parse_kb(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KB893803v2 - Update", "893803"),
        ("Q147222", "147222"),
        ("windows10.0-kb5021233-x64.msu", "5021233"),
        ("システム用 (KB5021233)", "5021233"),
        ("http://support.microsoft.com/?kbid=4486553", None),
        ("AKB4486553", None),
        ("943729", None),
        ("{7A068575-C5DB-43D9-BE20-3895D0C69B17}", None),
    ],
)
def test_a_kb_inside_a_text_needs_its_prefix(text: str, expected: str | None) -> None:
    """Bare digits may be a date or a count."""
    assert find_kb(text) == expected


def test_every_kb_is_found_once_in_order() -> None:
    """A line may name several."""
    assert find_kbs("KB5021233, KB5012170 (KB5021233)") == ("5021233", "5012170")


def test_kbs_read_as_in_other_projects(peer_cases: Mapping[str, list[Case]]) -> None:
    """What other projects' tests say of KB numbers holds here."""
    for case in peer_cases["kb_id_parse"]:
        assert find_kb(case["input"]["text"]) == case["expected"]["kb"], case["id"]
    for case in peer_cases["kb_id_valid"]:
        assert (parse_kb(case["input"]["kb"]) is not None) == case["expected"]["is_kb"], case["id"]
