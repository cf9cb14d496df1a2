"""One connection of a process: what has left it arrives, also when the process dies meanwhile."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from opensqt.domain.bulkhead import Bulkhead
from tests.world.loop import WorldClock

T = TypeVar("T")
MS_PER_S = 1000
DELAYS_MS = (0, 0, 0, 0, 0, 0, 1, 2, 5, 15)


class Wire:
    """One connection: what is sent over it arrives later, in order if `ordered`."""

    def __init__(self, clock: WorldClock, draw: random.Random, *, ordered: bool) -> None:
        self._clock = clock
        self._draw = draw
        self._ordered = ordered
        self._last_ms = 0

    async def carry(self, effect: Callable[[], Awaitable[T]]) -> T:
        """Let a request arrive, take effect, and its answer come back."""
        there_ms, back_ms = self._draw.choice(DELAYS_MS), self._draw.choice(DELAYS_MS)
        now_ms = self._clock.wall_ms()
        if self._ordered:
            there_ms = max(there_ms, self._last_ms - now_ms)
            self._last_ms = now_ms + there_ms
        if not there_ms and not back_ms:
            return await effect()
        answer: asyncio.Future[T] = self._clock.future()

        def arrive() -> None:
            # Whatever goes wrong at the other end is the caller's answer.
            with Bulkhead() as bulkhead:
                self._after(back_ms, partial(_answer, answer, _at_once(effect())))
            if bulkhead.error is not None:
                self._after(back_ms, partial(_fail, answer, bulkhead.error))

        self._after(there_ms, arrive)
        return await answer

    def _after(self, wait_ms: int, work: Callable[[], None]) -> None:
        if wait_ms:
            self._clock.call(wait_ms / MS_PER_S, work)
        else:
            work()


def _at_once(effect: Awaitable[T]) -> T:
    """Run what a server does with a request: it waits for nobody."""
    steps = effect.__await__()
    try:
        next(steps)
    except StopIteration as end:
        found: T = end.value
        return found
    raise RuntimeError("what happens at the other end of a wire must not wait")


def _answer(future: "asyncio.Future[T]", found: T) -> None:
    if not future.done():
        future.set_result(found)


def _fail(future: "asyncio.Future[T]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
