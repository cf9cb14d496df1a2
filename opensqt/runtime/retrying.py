"""Calls that are repeated until a server answers, and following that begins again when it ends. Gives up never."""

from collections.abc import AsyncIterable, Awaitable, Callable
from typing import TypeVar

from opensqt.runtime.bus.port import BusDown, StreamChanged
from opensqt.runtime.clock import Clock
from opensqt.runtime.journal.port import JournalDown

PAUSE_S = 0.05
PAUSE_S_MAX = 1.0

_Result = TypeVar("_Result")
_Item = TypeVar("_Item")
Told = Callable[[Exception], None]
Down = type[Exception] | tuple[type[Exception], ...]


def _nobody(_: Exception) -> None:
    """Nobody needs to know."""


async def until_answered(
    clock: Clock,
    call: Callable[[], Awaitable[_Result]],
    *,
    down: Down = JournalDown,
    pause_s: float = PAUSE_S,
    told: Told = _nobody,
) -> _Result:
    """Call again, after pauses that double up to a second, until the answer is not that the server is `down`."""
    while True:
        try:
            return await call()
        except down as error:
            told(error)
        await clock.sleep(pause_s)
        pause_s = min(pause_s * 2, max(pause_s, PAUSE_S_MAX))


async def follow_for_ever(
    clock: Clock,
    follow: Callable[[], Awaitable[AsyncIterable[_Item]]],
    take: Callable[[_Item], Awaitable[None]],
    *,
    down: Down = (BusDown, StreamChanged),
    pause_s: float,
    told: Told,
) -> None:
    """Take what is followed, item by item; where a follower ends, or its server is away, begin another one."""
    while True:
        try:
            async for item in await follow():
                await take(item)
        except down as error:
            told(error)
        await clock.sleep(pause_s)
