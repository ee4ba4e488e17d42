"""Lists of programs are kept as what differs from one another, and read as they were written."""

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from kbgap.core.errors import Unavailable
from kbgap.store import listed_counts, schema, software_sets
from kbgap.store.database import Database
from kbgap.store.listed_counts import Numbers
from kbgap.store.schema_answers import program, set_item, software_set
from kbgap.store.software_sets import Items, ListedSoftware, set_of
from kbgap.store.tenants import TenantKey
from kbgap.store.unused import drop_unused
from tests.builders import NOW

KEY = TenantKey(7)


def a_program(number: int, version: str = "1") -> ListedSoftware:
    """One of many programs."""
    name = f"Program {number}"
    return ListedSoftware(
        software=f"a-_-{number}", version=version, vendor="a", name=name, is_recognised=number % 2 == 0
    )


IMAGE = [a_program(number) for number in range(120)]
MACHINE = {
    "tenant_id": KEY,
    "machine_id": "1" * 40,
    "os_platform": "Windows10",
    "is_outside": False,
    "reported_tags": "[]",
    "group_id": 0,
    "first_seen": NOW,
    "evidence": b"e",
    "profile": b"p",
}


def saved(database: Database, *lists: Iterable[ListedSoftware]) -> list[bytes]:
    """Save lists, one after another; their keys."""
    keys: list[bytes] = []
    for items in lists:
        made = set_of(items)
        with database.transaction() as tx:
            software_sets.save(tx, KEY, made)
        keys += made
    return keys


def loaded(database: Database, keys: Iterable[bytes]) -> dict[bytes, set[ListedSoftware]]:
    """The programs of each list."""
    with database.reading() as connection:
        return {key: set(items) for key, items in software_sets.load(connection, KEY, list(keys)).items()}


def rows(database: Database) -> int:
    """How many rows lists are searched by."""
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(set_item)) or 0


def lists_with(database: Database, software: str) -> set[bytes]:
    """The lists that have some version of a software."""
    with database.reading() as connection:
        return set(connection.scalars(software_sets.lists_with(KEY, software)))


def test_equal_lists_have_equal_keys() -> None:
    """Whatever their order, and however often a program stands there; an empty list is none."""
    assert set_of(IMAGE).keys() == set_of([*reversed(IMAGE), IMAGE[3]]).keys()
    assert set_of(IMAGE).keys() != set_of(IMAGE[:-1]).keys()
    assert set_of([]) == {}


def test_of_entries_alike_in_software_and_version_one_stays() -> None:
    """A program that is listed under two names counts once, whichever comes first."""
    other = ListedSoftware(software="a-_-1", version="1", vendor="a", name="A name", is_recognised=False)

    [first] = set_of([IMAGE[1], other]).values()
    [second] = set_of([other, IMAGE[1]]).values()

    assert first == second == (other,)


def test_a_list_that_differs_little_is_written_as_what_differs(database: Database) -> None:
    """One program more on a machine of an image costs a row, not a hundred; what was read is the whole list."""
    more, changed = [*IMAGE, a_program(500)], [*IMAGE[:-1], a_program(119, "2")]
    keys = saved(database, IMAGE)
    before = rows(database)

    keys += saved(database, more, changed, more)

    assert rows(database) <= before + 3
    assert loaded(database, keys) == dict(zip(keys, map(set, (IMAGE, more, changed, more)), strict=True))


def test_lists_are_found_by_a_program_of_theirs(database: Database) -> None:
    """Also where the base has it, where only the difference has it, and not where it was removed."""
    variants = [
        IMAGE,
        [*IMAGE, a_program(500)],
        IMAGE[:-1],  # without 119
        [*IMAGE[:-1], a_program(119, "2")],  # another version of it
    ]
    image, more, fewer, changed = saved(database, *variants)

    assert lists_with(database, "a-_-5") == {image, more, fewer, changed}
    assert lists_with(database, "a-_-500") == {more}
    assert lists_with(database, "a-_-119") == {image, more, changed}
    assert lists_with(database, "a-_-nobody") == set()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.integers(0, 40), st.sampled_from("12"), min_size=1, max_size=40), min_size=1, max_size=8
    )
)
def test_any_lists_are_read_as_they_were_written(database: Database, wanted: list[Mapping[int, str]]) -> None:
    """Whatever comes after whatever, in one batch or in several."""
    lists = [[a_program(number, version) for number, version in one.items()] for one in wanted]
    together = {key: items for one in lists[1:] for key, items in set_of(one).items()}
    keys = [*saved(database, lists[0]), *together]
    with database.transaction() as tx:
        software_sets.save(tx, KEY, together)

    assert loaded(database, keys) == {key: set(items) for one in lists for key, items in set_of(one).items()}
    has_five = {key for one in lists for key in set_of(one) if any(item.software == "a-_-5" for item in one)}
    assert lists_with(database, "a-_-5") & set(keys) == has_five


def test_a_base_stays_while_a_list_differs_from_it(database: Database) -> None:
    """A list whose machines are gone may be the base of another, which could not be read without it."""
    more = [*IMAGE, a_program(500)]
    image, larger, _ = saved(database, IMAGE, more, [a_program(600)])
    with database.transaction() as tx:
        tx.execute(insert(schema.profile), {"tenant_id": KEY, "profile": b"p"})
        row = {"tenant_id": KEY, "evidence": b"e", "profile": b"p", "facts": "{}", "body": b"", "software_set": larger}
        tx.execute(insert(schema.evidence), row)
        tx.execute(insert(schema.machine), MACHINE)

        drop_unused(tx, KEY, None)

    with database.reading() as connection:
        assert set(connection.scalars(select(software_set.c.software_set))) == {image, larger}
        assert connection.scalar(select(func.count()).select_from(program)) == len(more)
    assert loaded(database, [larger]) == {larger: set(more)}


# --- counts -----------------------------------------------------------------------------------------------------------


def test_numbers_are_added_by_group_and_version() -> None:
    """A machine with two versions of a software counts once for it, and once for each version."""
    both: Items = (a_program(1), a_program(1, "2"), a_program(2))

    found = listed_counts.tally({(b"x", 0): 2, (b"x", 3): 9, (b"y", 3): -1}, {b"x": both, b"y": both[:1]})

    assert {software: numbers.settled() for software, numbers in found.items()} == {
        "a-_-1": Numbers({0: 2, 3: 8}, {"1": {0: 2, 3: 8}, "2": {0: 2, 3: 9}}),
        "a-_-2": Numbers({0: 2, 3: 9}, {"1": {0: 2, 3: 9}}),
    }


def test_a_number_below_zero_is_refused(database: Database) -> None:
    """A mistake cannot hide: nothing of the transaction stays."""
    with database.transaction() as tx:
        listed_counts.apply(tx, KEY, {"a": Numbers({1: 2, 2: 1}, {"1": {1: 2, 2: 1}})})

    with pytest.raises(Unavailable, match="counts of programs are wrong"), database.transaction() as tx:
        listed_counts.apply(tx, KEY, {"a": Numbers({1: 1, 2: -2}, {"1": {1: 1, 2: -2}})})

    with database.reading() as connection:
        assert listed_counts.load(connection, KEY) == {"a": Numbers({1: 2, 2: 1}, {"1": {1: 2, 2: 1}})}


def test_what_differs_from_a_recount_is_named(database: Database) -> None:
    """One line for each software, with both numbers."""
    with database.transaction() as tx:
        listed_counts.apply(tx, KEY, {"a": Numbers({1: 2}, {"1": {1: 2}}), "b": Numbers({0: 1}, {"": {0: 1}})})

    with database.reading() as connection:
        lines = listed_counts.differences(connection, KEY, {"a": Numbers({1: 3}, {"1": {1: 3}})})

    assert len(lines) == 2
    assert lines[0] == (
        'listed_count a: {"machines":{"1":2},"versions":{"1":{"1":2}}} stored,'
        ' {"machines":{"1":3},"versions":{"1":{"1":3}}} counted'
    )
