"""Literals are read exactly or not at all."""

import pytest

from kbgap.odata.errors import ODataError
from kbgap.odata.literals import read_moment
from kbgap.odata.tokens import Kind, Token


def test_what_is_no_moment_is_refused_without_the_splitter_too() -> None:
    """Whoever calls with a word that the splitter never made gets the same clear line."""
    with pytest.raises(ODataError, match="'today' is no moment"):
        read_moment(Token(Kind.MOMENT, "today", 1))
