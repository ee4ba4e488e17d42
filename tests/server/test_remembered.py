"""Remembered answers: never another's, never older than promised, never more than the bound."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from kbgap.server.finished import Finished
from kbgap.server.remembered import GOOD_FOR, Remembered

MIB = 1 << 20


@dataclass
class Kitchen:
    """Makes answers of a size, and counts them."""

    now: float = 100.0
    made: list[str] = field(default_factory=list)

    async def make(self, name: str, size: int = 10) -> Finished:
        """One answer that says its name."""
        self.made.append(name)
        await asyncio.sleep(0)
        return Finished(b"tag", (), name.encode().ljust(size))


def play(story: Callable[[Kitchen, Remembered], Awaitable[None]], bound: int = MIB) -> None:
    """Run one story in an event loop."""

    async def run() -> None:
        kitchen = Kitchen()
        await story(kitchen, Remembered(bound, lambda: kitchen.now))

    asyncio.run(run())


def test_the_same_question_is_answered_once() -> None:
    """By key; another key is another question."""

    async def story(kitchen: Kitchen, remembered: Remembered) -> None:
        for key in ("a", "a", "b"):
            await remembered.get_or_make(key, lambda key=key: kitchen.make(key))  # type: ignore[misc] # mypy 1 #15459

        assert kitchen.made == ["a", "b"]
        assert (remembered.hits, remembered.misses) == (1, 2)

    play(story)


def test_many_that_ask_at_once_wait_for_one() -> None:
    """After a change of epoch every client asks anew; the database is asked once."""

    async def story(kitchen: Kitchen, remembered: Remembered) -> None:
        answers = await asyncio.gather(*(remembered.get_or_make("a", lambda: kitchen.make("a")) for _ in range(20)))

        assert kitchen.made == ["a"]
        assert len({answer.body for answer in answers}) == 1

    play(story)


def test_a_failure_is_not_remembered() -> None:
    """Those that waited try for themselves."""

    async def story(kitchen: Kitchen, remembered: Remembered) -> None:
        async def fail() -> Finished:
            await asyncio.sleep(0)
            raise OSError("the disk went")

        failing = asyncio.create_task(remembered.get_or_make("a", fail))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(remembered.get_or_make("a", lambda: kitchen.make("a")))

        with pytest.raises(OSError, match="the disk went"):
            await failing
        assert (await waiting).body.startswith(b"a")

    play(story)


def test_an_answer_is_good_for_half_a_minute() -> None:
    """Some depend on the time; counted from when making it began."""

    async def story(kitchen: Kitchen, remembered: Remembered) -> None:
        await remembered.get_or_make("a", lambda: kitchen.make("a"))
        kitchen.now += GOOD_FOR - 0.1
        assert remembered.get("a") is not None
        kitchen.now += 0.1
        assert remembered.get("a") is None
        assert remembered.size == 0

    play(story)


def test_memory_is_bounded_and_keeps_what_is_used() -> None:
    """The answer not asked for for longest goes; one that would fill the memory is not kept at all."""

    async def story(kitchen: Kitchen, remembered: Remembered) -> None:
        for name in "abcdefghij":
            await remembered.get_or_make(name, lambda name=name: kitchen.make(name, 11_000))  # type: ignore[misc] # as above
            remembered.get("a")
        await remembered.get_or_make("huge", lambda: kitchen.make("huge", 50_000))

        assert remembered.size <= 100_000
        assert remembered.get("a") is not None
        assert remembered.get("b") is None
        assert remembered.get("huge") is None

    play(story, bound=100_000)
