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


def test_heavy_values_push_out_more_than_one() -> None:
    """What is bounded is their weight together; the newest stays, however heavy it is."""
    recent: Recent[str, str] = Recent(10, len)
    for name in "abc":
        recent.put(name, name * 3)

    recent.put("d", "d" * 6)
    after_d = [recent.get(name) for name in "abcd"]
    recent.put("e", "e" * 100)

    assert after_d == [None, None, "ccc", "dddddd"]
    assert [recent.get(name) for name in "cde"] == [None, None, "e" * 100]


def test_a_value_that_is_replaced_weighs_once() -> None:
    """Otherwise the memory would seem full of what is not there."""
    recent: Recent[str, str] = Recent(10, len)
    for _ in range(5):
        recent.put("a", "aaaa")

    recent.put("b", "bbbb")

    assert (recent.get("a"), recent.get("b")) == ("aaaa", "bbbb")
