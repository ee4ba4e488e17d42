"""What is printed is read as the same tree: formatter and parser never disagree."""

import pytest
from hypothesis import given

from kbgap.odata.filter import parse_filter
from kbgap.odata.text import text
from kbgap.odata.tree import Tree
from tests.odata.given import THING, trees


@given(trees)
def test_reading_what_is_printed_gives_the_same_tree(tree: Tree) -> None:
    """The law of the room, for every tree: quotes, nulls, moments, brackets and lambdas come back as they were."""
    again = parse_filter(text(tree), THING)

    assert again == tree
    assert repr(again) == repr(tree)  # 1, 1.0 and true are equal to Python


@given(trees)
def test_the_form_is_canonical(tree: Tree) -> None:
    """Printing once or twice gives the same words."""
    words = text(tree)

    assert text(parse_filter(words, THING)) == words


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("NAME  EQ\t'a'", "name eq 'a'"),
        ("((name eq 'O''Neil'))", "name eq 'O''Neil'"),
        ("name in( 'a' ,'b')", "name in ('a','b')"),
        ("flag or flag and not flag", "flag or flag and not flag"),
        ("(flag or flag) and flag", "(flag or flag) and flag"),
        ("(flag and flag) and flag", "(flag and flag) and flag"),
        ("not not (flag)", "not not flag"),
        ("not (flag eq true)", "not (flag eq true)"),
        ("(not flag) eq true", "not flag eq true"),
        ("(name eq 'a') eq true", "(name eq 'a') eq true"),
        ("score eq 7", "score eq 7.0"),
        ("count eq 7.0", "count eq 7"),
        ("count lt 1e300", "count lt 1e+300"),
        ("level GE 'medium'", "level in ('Medium','High')"),
        ("'medium' gt level", "level in ('Low')"),
        ("level gt 'High'", "false"),
        ("level ge null", "level ge null"),
        ("level eq test.Level'high'", "level eq 'High'"),
        ("level eq Microsoft.Dynamics.DataEntities.Level'High'", "level eq 'High'"),  # python-odata
        ("guid eq '01234567-89AB-CDEF-0123-456789ABCDEF'", "guid eq 01234567-89ab-cdef-0123-456789abcdef"),
        ("seen eq 2018-08-01Z", "seen eq 2018-08-01T00:00:00Z"),
        ("tags/ANY(T:t eq 'x')", "tags/any(T: T eq 'x')"),
        ("tags/any( )", "tags/any()"),
    ],
)
def test_other_spellings_mean_the_same(written: str, canonical: str) -> None:
    """Letter case, blanks, needless brackets and other forms of a literal do not matter."""
    assert text(parse_filter(written, THING)) == canonical
