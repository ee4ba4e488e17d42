"""Rows are kept by OData's rules, above all those for null."""

from datetime import UTC, datetime

import pytest
from hypothesis import given

from kbgap.odata.evaluate import Row, evaluate, matches
from kbgap.odata.filter import parse_filter
from kbgap.odata.text import text
from kbgap.odata.tree import And, Compare, In, Literal, Not, Operator, Or, Property, Tree
from tests.odata.given import THING, rows, trees

ROW: Row = {
    "id": "t1",
    "name": "Edge",
    "small": 3,
    "count": 18363,
    "score": 7.5,
    "impact": None,
    "flag": True,
    "seen": datetime(2024, 1, 31, 8, tzinfo=UTC),
    "guid": "01234567-89AB-cdef-0123-456789abcdef",
    "level": "Medium",
    "tags": ("berlin", "x"),
}
EMPTY: Row = dict.fromkeys(ROW) | {"id": "", "small": 0, "score": 0.0, "tags": ()}


def keeps(filter_text: str, row: Row) -> bool:
    """Whether the filter, read for a Thing, keeps the row."""
    return matches(parse_filter(filter_text, THING), row)


@pytest.mark.parametrize(
    ("kept", "dropped"),
    [
        ("name eq 'Edge'", "name eq 'edge'"),
        ("name ne 'edge'", "name ne 'Edge'"),
        ("count gt 18362", "count gt 18363"),
        ("count ge 18363", "count ge 18364"),
        ("score lt 7.6", "score lt 7.5"),
        ("score le 7.5", "score le 7.4"),
        ("3 eq small", "4 eq small"),
        ("name gt 'Dge'", "name gt 'edge'"),
        ("seen ge 2024-01-31", "seen gt 2024-01-31T09:00:00+01:00"),
        ("guid eq 01234567-89ab-cdef-0123-456789abcdef", "guid ne 01234567-89ab-cdef-0123-456789abcdef"),
        ("guid eq guid", "guid ne guid"),
        ("level eq 'medium'", "level ne 'Medium'"),
        ("level ge 'Medium'", "level gt 'Medium'"),
        ("name in ('a','Edge')", "name in ('a','edge')"),
        ("contains(name,'dg')", "contains(name,'%')"),
        ("startswith(name,'Ed')", "startswith(name,'dg')"),
        ("endswith(name,'ge')", "endswith(name,'Ed')"),
        ("contains(name,'')", "contains('',name)"),
        ("tolower(name) eq 'edge'", "toupper(name) eq 'edge'"),
        ("tolower('ÄA') eq 'Äa'", "tolower('ÄA') eq 'äa'"),
        ("toupper('äa') eq 'äA'", "toupper('äa') eq 'ÄA'"),
        ("flag", "not flag"),
        ("flag eq true and true", "flag eq true and false"),
        ("false or flag", "false or not flag"),
        ("contains(name,'dg') eq true", "contains(name,'dg') eq false"),
        ("tags/any(t: t eq 'x')", "tags/all(t: t eq 'x')"),
        ("tags/all(t: t ne 'y' and small eq 3)", "tags/any(t: t eq 'x' and small eq 4)"),
        ("tags/any(t: startswith(t,'ber'))", "tags/any(t: contains(t,'X'))"),
        ("tags/any()", "not tags/any()"),
    ],
)
def test_a_row_is_kept_or_dropped(kept: str, dropped: str) -> None:
    """Each construct, once either way."""
    assert keeps(kept, ROW)
    assert not keeps(dropped, ROW)


@pytest.mark.parametrize(
    ("kept", "dropped"),
    [
        ("name eq null", "name ne null"),
        ("name ne 'a'", "name eq 'a'"),
        ("not (name eq 'a')", "not (name ne 'a')"),
        ("not (count gt 1)", "count gt 1"),
        ("not (count le 1)", "count le 1"),
        ("not (count ge null)", "count ge null"),
        ("not (null lt count)", "null lt count"),
        ("name in ('a',null)", "name in ('a')"),
        ("not (name in ('a'))", "not (name in (null))"),
        ("tolower(name) eq null", "tolower(name) eq ''"),
        ("contains(name,'') eq null", "contains(name,'')"),
        ("id eq ''", "not contains(name,'a')"),
        ("flag eq null", "flag"),
        ("flag ne true", "not flag"),
        ("(not flag) eq null", "not (flag and true)"),
        ("flag or true", "flag or false"),
        ("not (flag and false)", "not (flag or false)"),
        ("null eq null", "null ne null"),
        ("tags/all(t: t eq 'x')", "tags/any(t: t eq 'x')"),
        ("not tags/any(t: contains(name,t))", "tags/any()"),
    ],
)
def test_null_follows_the_five_rules(kept: str, dropped: str) -> None:
    """A row without values: what compares with null, what is null, and what null does under and, or and not."""
    assert keeps(kept, EMPTY)
    assert not keeps(dropped, EMPTY)


def test_a_condition_that_is_null_for_an_item_does_not_count_it() -> None:
    """Any and all ask for which items the condition is true."""
    row = dict(ROW, name=None)

    assert not keeps("tags/any(t: contains(name,t))", row)
    assert not keeps("tags/all(t: contains(name,t))", row)
    assert keeps("not tags/any(t: contains(name,t))", row)


def test_a_collection_that_is_not_there_has_no_items() -> None:
    """Rows always have one; a null is read as empty all the same."""
    row = dict(ROW, tags=None)

    assert keeps("tags/all(t: t eq 'x')", row)
    assert not keeps("tags/any()", row)


@given(trees, rows)
def test_printing_and_reading_again_keeps_the_same_rows(tree: Tree, row: Row) -> None:
    """The two ways from a tree to a row agree."""
    assert matches(parse_filter(text(tree), THING), row) is matches(tree, row)


@given(trees, rows)
def test_a_filter_is_true_false_or_null(tree: Tree, row: Row) -> None:
    """There is no fourth truth, and not swaps the first two."""
    truth = evaluate(tree, row)

    assert truth in (True, False, None)
    assert evaluate(Not(tree), row) is {True: False, False: True, None: None}[truth]


@given(trees, trees, rows)
def test_what_is_denied_together_is_denied_one_by_one(one: Tree, two: Tree, row: Row) -> None:
    """De Morgan's laws hold with three truths too."""
    both, either = And((one, two)), Or((one, two))

    assert evaluate(Not(both), row) is evaluate(Or((Not(one), Not(two))), row)
    assert evaluate(Not(either), row) is evaluate(And((Not(one), Not(two))), row)


@given(trees, rows)
def test_a_list_is_one_comparison_after_the_other(tree: Tree, row: Row) -> None:
    """``in`` means eq with each value; ne is what eq is not."""
    values = (Literal(None), Literal(value=True))
    equals = [Compare(Operator.EQUAL, tree, value) for value in values]

    assert evaluate(In(tree, values), row) is any(evaluate(each, row) for each in equals)
    differs = Compare(Operator.NOT_EQUAL, tree, Property("flag"))
    assert evaluate(differs, row) is not evaluate(Compare(Operator.EQUAL, tree, Property("flag")), row)
