"""A cancellation is heeded even where a library swallows it, as Python 3.11's `wait_for` does."""

import asyncio

import pytest

from opensqt.runtime.cancelling import ended, heeding
from tests.conditions import until


class Answer:
    """An answer that arrives with the cancellation: who waits for it gets it, and never hears of the other."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked = asyncio.Event()
        self._error = error

    async def get(self) -> int:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if self._error is not None:
                raise self._error from None
        return 7


@pytest.mark.parametrize("error", [None, LookupError("no such stream")])
async def test_a_swallowed_cancellation_is_heeded(error: Exception | None) -> None:
    """Whatever the answer was, the task that was told to end ends."""
    answer = Answer(error)

    async def loop() -> None:
        while True:
            try:
                await heeding(answer.get())
            except LookupError:
                continue

    task = asyncio.create_task(loop())
    await answer.asked.wait()
    task.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait((task,))
    assert task.cancelled()


async def test_what_nobody_cancelled_is_answered() -> None:
    """Without a cancellation the answer is passed on, and so is an error; an earlier cancellation is not repeated."""

    async def fails() -> int:
        raise LookupError

    async def good() -> int:
        return 3

    async def cleans_up() -> int:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(await heeding(good()))
        return 0

    cleaned: list[int] = []
    assert await heeding(good()) == 3
    with pytest.raises(LookupError):
        await heeding(fails())
    task = asyncio.create_task(cleans_up())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,))
    assert cleaned == [3]


async def test_a_timeout_whose_cancellation_is_swallowed_is_still_a_timeout() -> None:
    """`asyncio.timeout` cancels too: it must not be mistaken for an answer in time."""
    answer = Answer()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await heeding(answer.get())


async def test_a_task_is_told_to_end_until_it_has_ended() -> None:
    """One that swallows a few cancellations ends; one that swallows all of them is given up in bounded time."""
    swallowed = 0

    async def stubborn(times: int) -> None:
        nonlocal swallowed
        while swallowed < times:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1

    task = asyncio.create_task(stubborn(3))
    await asyncio.sleep(0)
    assert await ended(task, within_s=5)
    swallowed = 0
    forever = asyncio.create_task(stubborn(1_000_000))
    await asyncio.sleep(0)
    assert not await ended(forever, within_s=0.2)
    swallowed = 1_000_000
    forever.cancel()
    await until(forever.done)
