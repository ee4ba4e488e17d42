"""The reference shows filters that are read, and refusals as they are said."""

import re
from pathlib import Path

import pytest

from kbgap.odata.errors import ODataError
from kbgap.odata.filter import parse_filter
from kbgap.odata.model import defender_model

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "odata.md").read_text(encoding="utf-8")


def block(kind: str) -> tuple[str, list[str]]:
    """The type and the lines of the one block of this kind."""
    ((name, lines),) = re.findall(rf"^```{kind} (\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return name, lines.splitlines()


SHOWN = block("filter")
REFUSED = block("refused")


@pytest.mark.parametrize("text", SHOWN[1])
def test_what_is_shown_as_supported_is_read(text: str) -> None:
    """Each line of the example is a filter."""
    assert parse_filter(text, defender_model().type(SHOWN[0])) is not None


@pytest.mark.parametrize(("text", "said"), list(zip(REFUSED[1][::2], REFUSED[1][1::2], strict=True)))
def test_what_is_shown_as_refused_is_refused_in_these_words(text: str, said: str) -> None:
    """Under each filter stands the message."""
    with pytest.raises(ODataError) as refusal:
        parse_filter(text, defender_model().type(REFUSED[0]))

    assert str(refusal.value) == said


@pytest.mark.parametrize("name", ["$filter", "$orderby", "$top", "$skip", "$select", "$expand", "$count", "$format"])
def test_every_option_is_in_the_reference(name: str) -> None:
    """In the table of options."""
    assert f"| `{name}` |" in PAGE
