"""Epochs: read seldom, never older than promised, and at once after a write of our own."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from kbgap.server.epochs import Epoch, Epochs


@dataclass
class Source:
    """A database whose epoch a test moves, and a clock; reading takes until it is let go."""

    epoch: int = 1
    now: float = 100.0
    reads: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, tenant: str) -> Epoch:
        """Read the epoch as it is when the reading begins."""
        self.reads += 1
        epoch = self.epoch
        await self.gate.wait()
        return "revision", epoch


def play(story: Callable[[Source, Epochs], Awaitable[None]]) -> None:
    """Run one story in an event loop."""

    async def run() -> None:
        source = Source()
        source.gate.set()
        await story(source, Epochs(source.read, lambda: source.now))

    asyncio.run(run())


def test_an_epoch_is_read_once_a_second() -> None:
    """Requests in between cost nothing."""

    async def story(source: Source, epochs: Epochs) -> None:
        for _ in range(5):
            assert await epochs.of("a") == ("revision", 1)
            source.now += 0.19

        assert source.reads == 1

    play(story)


def test_no_answer_is_older_than_a_second_and_a_half() -> None:
    """What another process published is seen within two seconds, by the first request after a pause too."""

    async def story(source: Source, epochs: Epochs) -> None:
        await epochs.of("a")
        source.epoch = 2
        source.now += 1.5

        assert await epochs.of("a") == ("revision", 2)

    play(story)


def test_requests_go_on_while_it_is_read_again() -> None:
    """Between one second and one and a half nobody waits, and one read serves all."""

    async def story(source: Source, epochs: Epochs) -> None:
        await epochs.of("a")
        source.epoch, source.now = 2, source.now + 1.2
        source.gate.clear()

        assert [await epochs.of("a") for _ in range(3)] == [("revision", 1)] * 3
        source.gate.set()
        await asyncio.sleep(0.01)

        assert await epochs.of("a") == ("revision", 2)
        assert source.reads == 2

    play(story)


def test_many_that_wait_share_one_read() -> None:
    """A thousand requests after a pause ask the database once."""

    async def story(source: Source, epochs: Epochs) -> None:
        found = await asyncio.gather(*(epochs.of("a") for _ in range(50)))

        assert set(found) == {("revision", 1)}
        assert source.reads == 1

    play(story)


def test_after_a_write_of_our_own_it_is_read_at_once() -> None:
    """A reading that had begun before the write does not count."""

    async def story(source: Source, epochs: Epochs) -> None:
        source.gate.clear()
        early = asyncio.create_task(epochs.of("a"))
        await asyncio.sleep(0.01)
        source.epoch = 2
        epochs.forget("a")
        late = asyncio.create_task(epochs.of("a"))
        await asyncio.sleep(0.01)
        source.gate.set()

        assert (await early, await late) == (("revision", 1), ("revision", 2))
        assert await epochs.of("a") == ("revision", 2)

    play(story)


def test_a_reading_that_fails_fails_those_who_wait_and_nobody_else() -> None:
    """The next request tries again; a request that went on with the epoch before is not touched."""

    async def story(source: Source, epochs: Epochs) -> None:
        await epochs.of("a")
        source.now += 1.2

        async def broken(tenant: str) -> Epoch:
            raise OSError(tenant)

        whole, epochs._read = epochs._read, broken
        assert await epochs.of("a") == ("revision", 1)
        await asyncio.sleep(0.01)
        source.now += 1
        with pytest.raises(OSError, match="a"):
            await epochs.of("a")
        epochs._read = whole
        assert await epochs.of("a") == ("revision", 1)

    play(story)


def test_the_age_is_that_of_the_last_change() -> None:
    """Reading the same epoch again changes nothing."""

    async def story(source: Source, epochs: Epochs) -> None:
        ages = [epochs.age]
        await epochs.of("a")
        source.now += 5
        await epochs.of("a")
        ages.append(epochs.age)
        source.epoch, source.now = 2, source.now + 2
        await epochs.of("a")
        ages.append(epochs.age)

        assert ages == [None, 5, 0]

    play(story)
