"""What was asked before is answered from memory, and the memory is bounded."""

from kbgap.core.memo import Memo


def test_a_function_is_asked_once() -> None:
    """The second answer is the first one."""
    asked: list[str] = []

    def ask(key: str) -> list[str]:
        asked.append(key)
        return [key]

    memo = Memo(ask, 10)

    first, second = memo["a"], memo["a"]

    assert asked == ["a"]
    assert first is second == ["a"]


def test_a_memory_holds_no_more_than_it_may() -> None:
    """Whatever is asked: what is forgotten is worked out again."""
    memo: Memo[int, int] = Memo(lambda number: number * 2, 10)

    answers = [memo[number % 37] for number in range(1_000)]

    assert answers == [number % 37 * 2 for number in range(1_000)]
    assert len(memo) <= 10
