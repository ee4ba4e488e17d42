"""Supersedence runs through any number of steps and ends on circles."""

from hypothesis import given
from hypothesis import strategies as st

from kbgap.core.supersedence import newer_by_older, superseding

KBS = st.integers(1, 12).map(str)
EDGES = st.lists(st.tuples(KBS, KBS), max_size=30)


def test_a_newer_update_covers_through_several_steps() -> None:
    """5063878 supersedes 5062553, which supersedes 5060842."""
    newer = newer_by_older([("5063878", "5062553"), ("5062553", "5060842")])

    assert superseding("5060842", newer) == {"5062553", "5063878"}
    assert superseding("5063878", newer) == frozenset()


def test_a_self_edge_is_dropped() -> None:
    """5002191 and 5077469 name themselves (semantics 2, Supercedence)."""
    assert newer_by_older([("5077469", "5077469")]) == {}


@given(EDGES, KBS)
def test_an_update_never_supersedes_itself(edges: list[tuple[str, str]], kb: str) -> None:
    """Also where the edges run in a circle."""
    assert kb not in superseding(kb, newer_by_older(edges))


@given(EDGES, KBS)
def test_superseding_is_transitive(edges: list[tuple[str, str]], kb: str) -> None:
    """What supersedes a superseding update supersedes too."""
    newer = newer_by_older(edges)
    found = superseding(kb, newer)

    assert all(superseding(other, newer) - {kb} <= found for other in found)


@given(EDGES, EDGES, KBS)
def test_more_edges_never_lose_a_superseding_update(
    edges: list[tuple[str, str]], more: list[tuple[str, str]], kb: str
) -> None:
    """Learning more supersedence can only cover more."""
    assert superseding(kb, newer_by_older(edges)) <= superseding(kb, newer_by_older(edges + more))
