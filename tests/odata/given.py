"""A type with every sort of property, trees that filter it, and rows that it has."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import strategies as st

from kbgap.odata.model import read_model
from kbgap.odata.tree import (
    And,
    Call,
    Compare,
    Function,
    In,
    Lambda,
    Literal,
    Not,
    Operator,
    Or,
    Property,
    Quantifier,
    Tree,
    Value,
    Variable,
)

MODEL = read_model("""
namespace = "test"
container = "Container"

[enums.Level]
members = { Low = 1, Medium = 5, High = 9 }

[types.Place]
properties = { street = "String?" }

[types.Owner]
key = ["id"]
properties = { id = "String" }

[types.Thing]
key = ["id"]
unfilterable = ["secret"]
unsortable = ["secret"]
navigation = { owners = "Collection(Owner)", maker = "Owner" }

[types.Thing.properties]
id = "String"
name = "String?"
small = "Int32"
count = "Int64?"
score = "Double"
impact = "Single?"
flag = "Boolean?"
seen = "DateTimeOffset?"
guid = "Guid?"
level = "Level?"
tags = "Collection(String)"
place = "Place?"
places = "Collection(Place)"
secret = "String?"

[sets.Things]
type = "Thing"
bindings = { owners = "Owners" }

[sets.Owners]
type = "Owner"
""")
THING = MODEL.type("Thing")

# Few and telling values, so that rows and filters often meet.
TEXTS = ["", "a", "A", "ab", "it's", "%", "_", "50%", "Ä", "ä", "\u200b", "\n"]
WHOLE = [0, 1, -1, 7, 2**31 - 1, 2**53 + 1, -(2**63), 2**63 - 1]
FLOATS = [0.0, -0.5, 1.0, 7.25, 1e-300, 1e300]
MOMENTS = [
    datetime(2024, 1, 1, tzinfo=UTC),
    datetime(2024, 1, 1, 0, 0, 0, 253_928, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]
GUIDS = [UUID(int=0), UUID("01234567-89ab-cdef-0123-456789abcdef")]
LEVELS = ["Low", "Medium", "High"]
SEPARATE = range(-(2**63), 2**63)  # what a float beside an integer becomes an integer in

_any_text = st.sampled_from(TEXTS) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
_moments = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(fold=0))
_any_moment = st.sampled_from(MOMENTS) | _moments
_any_float = st.sampled_from(FLOATS) | st.floats(allow_nan=False, allow_infinity=False)
_any_whole = st.sampled_from(WHOLE) | st.integers(-(2**63), 2**63 - 1)
_broken = _any_float.filter(lambda number: not number.is_integer() or int(number) not in SEPARATE)
_equality = st.sampled_from([Operator.EQUAL, Operator.NOT_EQUAL])


def _literals(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Literal]:
    return values.map(Literal)


def _properties(*names: str) -> st.SearchStrategy[Tree]:
    return st.sampled_from(names).map(Property)


def _compared(
    operators: st.SearchStrategy[Operator], items: st.SearchStrategy[Tree], values: st.SearchStrategy[Literal]
) -> st.SearchStrategy[Tree]:
    """Comparisons with a value, on either side, with null, and lists."""
    beside = values | st.just(Literal(None))
    return st.one_of(
        st.builds(Compare, operators, items, beside),
        st.builds(Compare, operators, beside, items),
        st.builds(Compare, operators, items, items),
        st.builds(In, items, st.lists(beside, min_size=1, max_size=4).map(tuple)),
    )


def _simple(texts: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    """Conditions that hold no other conditions."""
    operators = st.sampled_from(Operator)
    asked = st.sampled_from([Function.CONTAINS, Function.STARTS_WITH, Function.ENDS_WITH])
    both = texts | _literals(_any_text)
    return st.one_of(
        _properties("flag"),
        _literals(st.booleans()),
        _compared(operators, texts, _literals(_any_text)),
        _compared(operators, _properties("small", "count"), _literals(_any_whole | _broken)),
        _compared(operators, _properties("score", "impact"), _literals(_any_float)),
        _compared(operators, _properties("seen"), _literals(_any_moment)),
        _compared(_equality, _properties("guid"), _literals(st.sampled_from(GUIDS) | st.uuids())),
        _compared(_equality, _properties("level"), _literals(st.sampled_from(LEVELS))),
        _compared(_equality, _properties("flag"), _literals(st.booleans())),
        st.builds(Call, asked, st.tuples(both, both)),
    )


def _joined(simple: st.SearchStrategy[Tree], most: int) -> st.SearchStrategy[Tree]:
    def join(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(
            st.builds(And, several),
            st.builds(Or, several),
            st.builds(Not, inner),
            st.builds(Compare, _equality, inner, inner),
        )

    return st.recursive(simple, join, max_leaves=most)


def _changed(texts: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    changes = st.sampled_from([Function.TO_LOWER, Function.TO_UPPER])
    once = st.builds(Call, changes, st.tuples(texts))
    return texts | once | st.builds(Call, changes, st.tuples(once))


_inside = _joined(_simple(_changed(st.just(Variable("x")) | _properties("name"))), most=3)
_lambdas: st.SearchStrategy[Tree] = st.one_of(
    st.builds(Lambda, st.sampled_from(Quantifier), st.just(Property("tags")), st.just("x"), _inside),
    st.just(Lambda(Quantifier.ANY, Property("tags"), "", None)),
)

#: Filters of a Thing, in the form that reading gives them.
trees = _joined(_simple(_changed(_properties("id", "name"))) | _lambdas, most=8)

#: Rows of a Thing, without what no filter can name.
rows: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {
        "id": st.sampled_from(TEXTS),
        "name": st.none() | st.sampled_from(TEXTS),
        "small": st.sampled_from([0, 1, -1, 7]),
        "count": st.none() | st.sampled_from(WHOLE),
        "score": st.sampled_from(FLOATS),
        "impact": st.none() | st.sampled_from(FLOATS),
        "flag": st.none() | st.booleans(),
        "seen": st.none() | st.sampled_from(MOMENTS),
        "guid": st.none() | st.sampled_from(GUIDS).map(str),
        "level": st.none() | st.sampled_from(LEVELS),
        "tags": st.lists(st.sampled_from(TEXTS), max_size=3).map(tuple),
    }
)
