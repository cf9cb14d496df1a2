"""Calls that are repeated until a server answers, with pauses that grow, and following that begins again."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest

from opensqt.runtime.bus.port import BusDown, StreamChanged
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.retrying import follow_for_ever, until_answered


async def test_pauses_double_up_to_a_second() -> None:
    """A server that is away is asked soon, then less often, and never given up; each failure is told."""
    clock = VirtualClock()
    asked: list[int] = []
    told: list[Exception] = []

    async def call() -> str:
        asked.append(clock.wall_ms())
        if len(asked) < 9:
            raise JournalDown(f"{len(asked)}")
        return "answer"

    answered = asyncio.create_task(until_answered(clock, call, told=told.append))
    await clock.run_for(10)
    assert answered.result() == "answer"
    pauses = [after - before for before, after in itertools.pairwise(asked)]
    assert pauses == [50, 100, 200, 400, 800, 1000, 1000, 1000]
    assert [str(error) for error in told] == [str(number) for number in range(1, 9)]


async def test_what_is_no_failure_of_the_server_is_raised() -> None:
    """Only what was named as `down` is waited out."""

    async def call() -> None:
        raise BusDown("another server")

    with pytest.raises(BusDown):
        await until_answered(VirtualClock(), call)


async def test_following_begins_again_whatever_ended_it() -> None:
    """A stream that is another one, a server that is away and an end without a word each cost a pause and no item."""
    clock, taken, told = VirtualClock(), [], []
    ends = [StreamChanged("anew"), BusDown("away"), None, BusDown("at once")]

    async def items(number: int) -> AsyncIterator[int]:
        yield number
        if (end := ends[number]) is not None:
            raise end

    turns = iter(range(4))

    async def follow() -> AsyncIterator[int]:
        number = next(turns, None)
        if number is None:
            await asyncio.Event().wait()
        return items(number or 0)

    async def take(item: int) -> None:
        taken.append((item, clock.wall_ms()))

    def note(error: Exception) -> None:
        told.append(type(error))

    work = follow_for_ever(clock, follow, take, pause_s=0.2, told=note)
    task = asyncio.create_task(work)
    await clock.run_for(2)
    task.cancel()
    assert taken == [(0, 0), (1, 200), (2, 400), (3, 600)]
    assert told == [StreamChanged, BusDown, BusDown]
