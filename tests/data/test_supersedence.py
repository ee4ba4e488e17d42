"""The table of which update contains which: known facts, form, size, and how it is made smaller without loss."""

import csv
from collections.abc import Iterator
from importlib.resources import files
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbgap.catalogue.edges import lines_before_10
from kbgap.core.supersedence import Edge, newer_by_older, superseding
from tools.supersedence_table import Row, contracted, reduced

LARGEST = 400_000
PLACES = sorted({*lines_before_10(), "elsewhere"})
KBS = [str(5_000_000 + number) for number in range(12)]
# Edges lead from a lower to a higher KB, so that they run in no circle.
edges = st.sets(st.tuples(st.sampled_from(KBS), st.sampled_from(KBS)).filter(lambda edge: edge[0] > edge[1]))

# Looked up in the update catalogue: (place, older, newer that contains it in one or more steps).
CONTAINED = [
    ("7601", "3156013", "4534310"),  # an update of May 2016 in the last free rollup of Windows 7
    ("9600", "3121461", "5050048"),
    ("6003", "982666", "3141083"),
    ("elsewhere", "4484242", "4484297"),  # SharePoint 2010
    ("elsewhere", "5002520", "5002542"),  # Word 2016
]
# Two that close the same or stand beside each other, of which neither contains the other.
APART = [
    ("9600", "4012213", "4012216"),  # security-only beside the rollup: the order of releases says that, not the table
    ("7601", "3108664", "4534310"),  # contained in nothing to this day
    ("9600", "4012216", "4015547"),  # a rollup is never in a later security-only update
]


@pytest.fixture(scope="module")
def text() -> str:
    """The table as it is shipped."""
    return files("kbgap.data").joinpath("supersedence.csv").read_text("utf-8")


@pytest.fixture(scope="module")
def rows(text: str) -> list[Row]:
    """Its rows."""
    head, *body = csv.reader(text.splitlines())
    assert head == list(Row._fields)
    return [Row(*row) for row in body]


@pytest.fixture(scope="module")
def graphs(rows: list[Row]) -> dict[str, dict[str, frozenset[str]]]:
    """What is newer than each KB in one step, by place."""
    return {place: newer_by_older(edges_at(rows, place)) for place in PLACES}


def edges_at(rows: list[Row], place: str) -> Iterator[Edge]:
    """The edges that hold on a line, or elsewhere."""
    for row in rows:
        if place in row.where.split():
            yield from ((newer, row.older) for newer in row.newer.split())


# --- facts and form ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "older", "newer"), CONTAINED)
def test_a_known_update_contains_another(
    graphs: dict[str, dict[str, frozenset[str]]], place: str, older: str, newer: str
) -> None:
    """Facts that were looked up by hand."""
    assert newer in superseding(older, graphs[place])


@pytest.mark.parametrize(("place", "one", "other"), APART)
def test_updates_beside_each_other_contain_nothing(
    graphs: dict[str, dict[str, frozenset[str]]], place: str, one: str, other: str
) -> None:
    """What the table does not know, it does not say."""
    assert other not in superseding(one, graphs[place])
    assert one not in superseding(other, graphs[place])


def test_rows_are_in_order_and_each_is_once(rows: list[Row]) -> None:
    """So that a change of the table can be read as one."""
    assert rows == sorted(rows, key=lambda row: (int(row.older), int(row.newer.split()[0]), row.where))
    named = [
        (row.older, newer, place) for row in rows for newer, place in product(row.newer.split(), row.where.split())
    ]
    assert len(named) == len(set(named))


def test_the_table_is_small(text: str) -> None:
    """It comes with every installation."""
    assert len(text) < LARGEST


def test_nothing_supersedes_itself(graphs: dict[str, dict[str, frozenset[str]]]) -> None:
    """No edges run in a circle, at any place."""
    for newer in graphs.values():
        for older in newer:
            assert all(older not in superseding(kb, newer) for kb in newer[older])


# --- without loss -----------------------------------------------------------------------------------------------------


@given(edges)
def test_fewer_edges_say_the_same(found: set[Edge]) -> None:
    """Whatever follows from all edges follows from those that are kept."""
    kept = reduced(found)

    assert kept <= found
    assert closures(kept) == closures(found)


@given(edges)
def test_no_edge_can_be_spared(found: set[Edge]) -> None:
    """Each that is kept says something that the others do not."""
    kept = reduced(found)

    for edge in kept:
        assert closures(kept - {edge}) != closures(found)


@given(edges, st.sets(st.sampled_from(KBS)))
def test_a_kb_between_that_nobody_names_breaks_no_chain(found: set[Edge], named: set[str]) -> None:
    """The chain leads on through it: of each named KB it is known what contains it."""
    kept = contracted(found, frozenset(named))

    assert {older for _, older in kept} <= named
    for kb in named:
        assert superseding(kb, newer_by_older(kept)) == superseding(kb, newer_by_older(found))


def closures(found: set[Edge]) -> dict[str, frozenset[str]]:
    """What contains each KB, through any number of steps."""
    return {kb: superseding(kb, newer_by_older(found)) for kb in KBS}
