"""Laws of supersedence: what it reaches, and that it always ends."""

from hypothesis import given
from hypothesis import strategies as st

from kbgap.core.supersedence import newer_by_older, superseding

kbs = st.sampled_from([str(5_000_000 + number) for number in range(12)])
edges = st.lists(st.tuples(kbs, kbs), max_size=30)


@given(edges, kbs)
def test_an_update_never_supersedes_itself(pairs: list[tuple[str, str]], kb: str) -> None:
    """Also where Microsoft's edges name the update itself, or run in a circle."""
    assert kb not in superseding(kb, newer_by_older(pairs))


@given(edges, kbs)
def test_what_supersedes_a_superseding_update_supersedes_too(pairs: list[tuple[str, str]], kb: str) -> None:
    """Through any number of steps."""
    newer = newer_by_older(pairs)
    found = superseding(kb, newer)

    for other in found:
        assert superseding(other, newer) - {kb} <= found


@given(edges, edges, kbs)
def test_more_edges_never_supersede_less(some: list[tuple[str, str]], more: list[tuple[str, str]], kb: str) -> None:
    """A later document can only add to what covers an update."""
    assert superseding(kb, newer_by_older(some)) <= superseding(kb, newer_by_older(some + more))


@given(edges, kbs)
def test_every_step_is_an_edge(pairs: list[tuple[str, str]], kb: str) -> None:
    """Nothing supersedes without someone saying so."""
    newer = newer_by_older(pairs)
    found = superseding(kb, newer)

    said = {(new, old) for new, old in pairs if new != old}
    for other in found:
        assert any((other, old) in said for old in found | {kb})


@given(edges)
def test_the_order_of_rows_changes_nothing(pairs: list[tuple[str, str]]) -> None:
    """Documents come in any order."""
    assert newer_by_older(pairs) == newer_by_older(list(reversed(pairs)))
