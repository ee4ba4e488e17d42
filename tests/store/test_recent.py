"""What is kept in memory is bounded, and what was used last stays."""

from kbgap.store.recent import Recent


def test_the_value_not_used_for_longest_goes_first() -> None:
    """Looking at a value is using it."""
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)

    recent.get("a")
    recent.put("c", 3)

    assert (recent.get("a"), recent.get("b"), recent.get("c"), len(recent)) == (1, None, 3, 2)


def test_a_value_is_replaced_under_its_key() -> None:
    """Without counting twice."""
    recent: Recent[str, int] = Recent(2)

    recent.put("a", 1)
    recent.put("a", 2)

    assert (recent.get("a"), len(recent)) == (2, 1)
