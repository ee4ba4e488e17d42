"""Filters that clients send are read; all others are refused by what is wrong, and where."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.odata.errors import ODataError
from kbgap.odata.filter import DEEPEST, MOST_PARTS, MOST_VALUES, parse_filter
from kbgap.odata.model import defender_model
from kbgap.odata.tokens import LONGEST
from kbgap.odata.tree import Compare, Lambda, Literal, Operator, Property, Quantifier, Variable
from tests.odata.given import THING

SEEN = [
    ("Software", "id eq 'microsoft-_-edge'"),
    ("Software", "name in ('edge', 'chrome')"),
    ("Software", "(id eq 'a' or id eq 'b') and (vendor eq 'v')"),
    ("Software", "(vendor eq 'v') and (name eq 'n')"),
    ("Software", "(contains(name, 'edg'))"),
    ("Software", "vendor ne 'microsoft'"),
    (
        "Vulnerability",
        "(id eq 'CVE-2020-0796') and (contains(name, 'x')) and (cvssV3 ge 7) and (updatedOn ge 2024-01-01T00:00:00Z)",
    ),
    (
        "PublicAssetVulnerabilityDto",
        "(machineId eq '0a') and (severity eq 'High' or severity eq 'Critical')",
    ),
    ("PublicAssetVulnerabilityDto", "fixingKbId eq '5051989'"),
    ("PublicAssetVulnerabilityDto", "fixingKbId eq null and productVersion ne null"),
    ("Machine", "computerDnsName eq 'a' or lastIpAddress eq '192.0.2.7' or id eq 'a'"),
    ("Machine", "ComputerDNSName eq 'a'"),
    ("Machine", "healthStatus eq 'Active' and riskscore eq 'Low'"),
    ("Machine", "lastSeen eq 2024-01-01T00:00:00+00:00"),
    ("Machine", "lastSeen gt 2018-08-01Z"),
    ("Machine", "startswith(computerDnsName,'mymachine')"),
    ("Machine", "machineTags/any(tag: tag eq 'ExampleTag')"),
    ("Machine", "aadDeviceId eq 01234567-89ab-cdef-0123-456789abcdef"),
    ("PublicProductFixDto", "productsNames/any(p: p eq 'edge') and machineMissedOn gt 0"),
    ("Alert", "alertCreationTime gt 2024-01-01T00:00:00.0000000Z and severity eq 'High'"),
]


@pytest.mark.parametrize(("rows", "text"), SEEN)
def test_filters_that_clients_send_are_read(rows: str, text: str) -> None:
    """Each is on the wire of some client or in Microsoft's samples."""
    assert parse_filter(text, defender_model().type(rows)) is not None


def test_a_lambda_reads_the_items_of_a_collection() -> None:
    """The variable stands for the item; its letter case does not matter."""
    tree = parse_filter("tags/any(t: T eq 'x')", THING)

    assert tree == Lambda(Quantifier.ANY, Property("tags"), "t", Compare(Operator.EQUAL, Variable("t"), Literal("x")))


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-01-31", datetime(2024, 1, 31, tzinfo=UTC)),
        ("2018-08-01Z", datetime(2018, 8, 1, tzinfo=UTC)),
        ("2018-08-01z", datetime(2018, 8, 1, tzinfo=UTC)),
        ("2018-08-01+02:00", datetime(2018, 7, 31, 22, tzinfo=UTC)),
        ("2024-01-31T08:05Z", datetime(2024, 1, 31, 8, 5, tzinfo=UTC)),
        ("2024-01-31t08:05:09", datetime(2024, 1, 31, 8, 5, 9, tzinfo=UTC)),
        ("2024-01-31T08:05:09.5Z", datetime(2024, 1, 31, 8, 5, 9, 500_000, tzinfo=UTC)),
        ("2025-02-19T11:19:26.2539286Z", datetime(2025, 2, 19, 11, 19, 26, 253_928, tzinfo=UTC)),
        ("2024-01-31T08:00:00+05:30", datetime(2024, 1, 31, 2, 30, tzinfo=UTC)),
        ("2024-01-31T08:00:00-05:30", datetime(2024, 1, 31, 13, 30, tzinfo=UTC)),
        ("2024-01-31T08:00:00 05:30", datetime(2024, 1, 31, 2, 30, tzinfo=UTC)),
    ],
)
def test_moments_are_read_in_every_form(written: str, moment: datetime) -> None:
    """Dates alone, with Z, offsets, up to seven digits of a second, and a plus that became a blank on its way."""
    assert parse_filter(f"seen eq {written}", THING) == Compare(Operator.EQUAL, Property("seen"), Literal(moment))


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        # no filter at all
        ("", 1, "the filter ends where a property, a value or a function should stand"),
        (" \t", 3, "the filter ends"),
        ("name", 1, "'name' is Edm.String, and no condition"),
        ("null", 1, "null is null, and no condition"),
        ("7", 1, "7 is Edm.Int64, and no condition"),
        # words that are none
        ("name eq 'a", 9, "no closing quote"),
        ('name eq "a"', 9, """'"a"' is no name, number, date or text in quotes; put text between single quotes"""),
        ("naïve eq 1", 3, "is no name"),
        ("name\n eq 'a'", 5, r"'\n' is no name"),
        ("score lt 7.5d", 10, "'7.5d' is no name, number"),
        ("score lt .5", 10, "'.5' is no name, number"),
        ("score lt 0x10", 10, "'0x10' is no name"),
        ("count eq 99999999999999999999", 10, "does not fit into Edm.Int64"),
        ("count eq 9223372036854775808", 10, "does not fit into Edm.Int64"),
        (f"count eq {'9' * 5000}", 10, "does not fit into Edm.Int64"),
        ("score lt 1e999", 10, "does not fit into Edm.Double"),
        ("name eq 'a\0b'", 9, "a character that is in no text"),
        ("name eq '\ud800'", 9, "a character that is in no text"),
        ("seen ge 2024-13-01", 9, "'2024-13-01' is no moment; write it like 2024-01-31T08:00:00Z"),
        ("seen ge 2024-01-31T25:00:00Z", 9, "is no moment"),
        ("seen ge 2024-01-31T08:00:00+08:60", 9, "is no moment"),
        ("seen ge 2024-01-31T08:00:00+24:00", 9, "is no moment"),
        ("seen ge 0001-01-01T00:00:00+14:00", 9, "is no moment"),
        ("seen ge 2024-01-31T08:00:00.Z", 9, "is no name, number, date"),
        ("seen ge 2024-01-01 00:00", 20, "'00' is no name, number, date"),
        ("seen ge datetime'2024-01-01'", 9, "is no literal of OData 4; write dates, GUIDs and numbers without"),
        ("name eq'a'", 6, "should stand; put a blank before a text"),
        # names
        ("nobody eq 1", 1, "'nobody' is no property of Thing; its properties are id, name, small"),
        ("secret eq 'a'", 1, "'secret' is nothing to filter by"),
        ("place eq 'a'", 1, "'place' is nothing to filter by"),
        ("owners eq 'a'", 1, "'owners' is no property of Thing"),
        ("tags eq 'a'", 1, "'tags' is a collection; ask for its items: tags/any(x: x eq 'a')"),
        ("place/street eq 'a'", 1, "the path 'place/street' is not supported"),
        ("tags/$count gt 1", 6, "'$count' is not supported in a filter"),
        ("$it eq 'a'", 1, "'$it' is not supported in a filter"),
        ("name eq @p", 9, "'@p' is not supported in a filter"),
        ("test.Thing eq 'a'", 1, "'test.Thing' is no property"),
        # functions and operators
        ("length(name) gt 3", 1, "the function 'length' is not supported"),
        ("substringof('a',name)", 1, "the function 'substringof' is not supported; write contains(property,'text')"),
        ("geo.distance(name,name) lt 1", 1, "the function 'geo.distance' is not supported"),
        ("score add 1 gt 2", 7, "the operator 'add' is not supported"),
        ("level has test.Level'Low'", 7, "the operator 'has' is not supported"),
        ("name like 'a'", 6, "'like' stands where the end of the filter should stand"),
        ("contains(name)", 1, "contains takes 2 arguments, not 1"),
        ("contains()", 1, "contains takes 2 arguments, not 0"),
        ("tolower(name,'a') eq 'a'", 1, "tolower takes 1 arguments, not 2"),
        ("contains(score,'a')", 10, "'score' is Edm.Double, and contains takes text"),
        ("contains(level,'a')", 10, "'level' is test.Level, and contains takes text"),
        ("contains(name,null)", 15, "null is null, and contains takes text"),
        ("contains(name 'a')", 15, "\"'a'\" stands where ',' or ')' should stand"),
        # types
        ("score eq 'abc'", 10, "'abc' is Edm.String, but 'score' is Edm.Double; write numbers, dates, true and false"),
        ("'abc' eq score", 1, "'abc' is Edm.String, but 'score' is Edm.Double"),
        ("id eq 4540673", 7, "4540673 is Edm.Int64, but 'id' is Edm.String; put text between single quotes"),
        ("flag eq 1", 9, "1 is Edm.Int64, but 'flag' is Edm.Boolean"),
        ("flag eq 'true'", 9, "'true' is Edm.String, but 'flag' is Edm.Boolean; write numbers, dates, true and false"),
        ("seen eq '2024-01-01'", 9, "is Edm.String, but 'seen' is Edm.DateTimeOffset; write numbers, dates"),
        ("name eq 2024-01-01", 9, "2024-01-01 is Edm.DateTimeOffset, but 'name' is Edm.String; put text between"),
        ("guid eq 'nonsense'", 9, "'nonsense' is Edm.String, but 'guid' is Edm.Guid"),
        ("guid eq 'zzzzzzzz-89ab-cdef-0123-456789abcdef'", 9, "is Edm.String, but 'guid' is Edm.Guid"),
        ("guid gt guid", 1, "'guid' is Edm.Guid, which has no order; compare it with eq, ne or in"),
        ("true lt flag", 1, "true is Edm.Boolean, which has no order"),
        ("score eq name", 10, "'name' is Edm.String, but 'score' is Edm.Double"),
        ("score eq level", 10, "'level' is test.Level, but 'score' is Edm.Double"),
        ("level eq 'Extreme'", 10, "'Extreme' is no word of Level; its words are Low, Medium, High"),
        ("level eq test.Other'Low'", 10, "is test.Other, but 'level' is test.Level"),
        ("level eq 5", 10, "5 is Edm.Int64, but 'level' is test.Level"),
        ("level gt level", 10, "'level' is no word of Level, and only a word decides an order"),
        ("name eq test.Level'Low'", 9, "is test.Level, but 'name' is Edm.String"),
        ("test.Level'Low' eq null", 1, "stands beside no test.Level"),
        ("score in (1,'a')", 13, "'a' is Edm.String, but 'score' is Edm.Double"),
        ("flag and name", 10, "'name' is Edm.String, and no condition"),
        ("not name eq 'a'", 5, "'name' is Edm.String, and no condition; put what is negated into brackets"),
        ("(name eq 'a') eq 'b'", 18, "'b' is Edm.String, but the comparison is Edm.Boolean"),
        ("(flag or flag) eq 1", 19, "1 is Edm.Int64, but what 'or' joins is Edm.Boolean"),
        # structure
        ("name eq", 8, "the filter ends where a property, a value or a function should stand"),
        ("name eq and flag", 9, "'and' stands where a property, a value or a function should stand"),
        ("(name eq 'a'", 13, "the filter ends where ')' should stand"),
        ("name eq 'a')", 12, "')' stands where the end of the filter should stand"),
        ("name eq 'a' 'b'", 13, "stands where the end of the filter should stand"),
        ("flag eq true eq false", 14, "'eq' stands where the end of the filter should stand; put comparisons of"),
        ("name in 'a'", 9, "stands where a list of values in brackets should stand"),
        ("name in ()", 10, "')' stands where a value of the list should stand"),
        ("name in ('a',id)", 14, "'id' stands where a value of the list should stand"),
        ("name in ('a'", 13, "the filter ends where ',' or ')' should stand"),
        # lambdas
        ("name/any(t: t eq 'a')", 1, "'name' is no collection of text to filter by"),
        ("places/any(p: p eq 'a')", 1, "'places' is no collection of text to filter by"),
        ("nobody/any(p: p eq 'a')", 1, "'nobody' is no collection of text to filter by"),
        ("any(t: t eq 'a')", 1, "'any' stands where a property, a value or a function should stand"),
        ("tags/any", 9, "the filter ends where '(' should stand"),
        ("tags/all()", 10, "')' stands where a variable, as in any(x: x eq 'a') should stand"),
        ("tags/any(t)", 11, "')' stands where ':' should stand"),
        ("tags/any(t: t)", 13, "'t' is Edm.String, and no condition"),
        ("tags/any(t: t eq 'a'", 21, "the filter ends where ')' should stand"),
        ("tags/any(name: name eq 'a')", 10, "'name' has a meaning already; name the variable otherwise"),
        ("tags/any(eq: eq eq 'a')", 10, "'eq' has a meaning already"),
        ("tags/any(null: null eq 'a')", 10, "'null' has a meaning already"),
        ("tags/any(a.b: a.b eq 'a')", 10, "'a.b' stands where a variable"),
        ("tags/any(t: tags/any(u: u eq 'a'))", 18, "'any' inside the condition of another is not supported"),
        ("tags/any(t: t eq 'a') and t eq 'a'", 27, "'t' is no property of Thing"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(text: str, at: int, said: str) -> None:
    """A condition is never dropped: the error names the construct and the character at which it begins."""
    with pytest.raises(ODataError, match=re.escape(said)) as refusal:
        parse_filter(text, THING)

    assert refusal.value.where == f"$filter at {at}"


def test_a_long_word_is_not_repeated_whole() -> None:
    """Nobody's eight thousand characters come back in a message."""
    with pytest.raises(ODataError) as refusal:
        parse_filter("x" * 5_000 + " eq 1", THING)

    assert len(refusal.value.what) < 100
    assert "…" in refusal.value.what


# --- limits ---


def test_a_filter_is_limited_in_length() -> None:
    """Exactly as long as allowed is read, one character more is not."""
    text = "name eq '" + "a" * (LONGEST - 10) + "'"
    assert parse_filter(text, THING) is not None

    with pytest.raises(ODataError, match=f"longer than {LONGEST} characters; ask in parts"):
        parse_filter(text + " ", THING)


@pytest.mark.parametrize(
    ("opened", "inside", "closed"),
    [("(", "flag", ")"), ("not ", "flag", ""), ("tolower(", "name", ")"), ("contains('a',", "name", ")")],
)
def test_a_filter_is_limited_in_depth(opened: str, inside: str, closed: str) -> None:
    """Brackets, nots and functions count alike, before Python's own stack does."""
    end = "" if inside == "flag" else " eq 'a'"

    with pytest.raises(ODataError, match=f"nested more than {DEEPEST} deep") as refusal:
        parse_filter(opened * (DEEPEST + 1) + inside + closed * (DEEPEST + 1) + end, THING)

    assert refusal.value.where.startswith("$filter at ")


def test_as_deep_as_allowed_is_read() -> None:
    """The limit itself is inside."""
    assert parse_filter("(" * DEEPEST + "flag" + ")" * DEEPEST, THING) == Property("flag")


def test_a_filter_is_limited_in_parts() -> None:
    """Many small conditions side by side nest nowhere, and are limited all the same."""
    joined = " or ".join(["flag"] * (MOST_PARTS - 1))
    assert parse_filter(joined, THING) is not None

    with pytest.raises(ODataError, match=f"more than {MOST_PARTS} parts; ask in parts"):
        parse_filter(f"{joined} or flag", THING)


def test_a_list_is_limited_in_values() -> None:
    """500 ids at once are asked for; more in a second request."""
    values = ",".join(["'a'"] * MOST_VALUES)
    assert parse_filter(f"name in ({values})", THING) is not None

    with pytest.raises(ODataError, match=f"the list has more than {MOST_VALUES} values"):
        parse_filter(f"name in ({values},'a')", THING)


WORDS = [
    "name", "count", "flag", "seen", "tags", "level", "place", "x", "eq", "ne", "gt", "in", "and", "or", "not", "has",
    "any", "all", "contains", "tolower", "length", "null", "true", "'a'", "''", "7", "-1.5e3", "2024-01-01",
    "2024-01-01T00:00:00Z", "01234567-89ab-cdef-0123-456789abcdef", "test.Level'Low'", "(", ")", ",", "/", ":", "$it",
    "@p", "'", " ", "\t", "\0", "é", "-", "é'",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=40))
def test_any_text_is_a_filter_or_a_refusal_with_a_place(text: str) -> None:
    """Nothing that a client sends ends in any other error."""
    try:
        parse_filter(text, THING)
    except ODataError as error:
        place = re.fullmatch(r"\$filter at (\d+)", error.where)
        assert place is not None
        assert 1 <= int(place[1]) <= len(text) + 1
