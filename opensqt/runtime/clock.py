"""The one clock of a process: wall time that nobody can set, and market time, which is made of it.

The only module that reads the system's clocks; it never decides anything, never jumps and never goes backwards.
"""

import asyncio
import heapq
import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import msgspec

from opensqt.runtime.slewed_time import SlewedTime

RUN_FILE = "run.json"
US_PER_MS = 1_000
US_PER_S = 1_000_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
QUEUE_OF_TURNS = (
    "_ready"  # of asyncio's own event loop: who can run; empty when all wait for something
)
SETTLE_ROUNDS = 64  # turns of the event loop that a woken sleeper and those behind it get


class Clock(Protocol):
    """One clock with two scales: wall time (leases, deadlines) and market time (timestamps, candles, `now`)."""

    @property
    def speed(self) -> Decimal:
        """Market seconds per wall second."""

    def market_ms(self) -> int:
        """Return market time in ms UTC; never decreases."""

    def wall_ms(self) -> int:
        """Return wall time in ms UTC; never decreases and never jumps."""

    def monotonic_s(self) -> float:
        """Return the same wall time in seconds, from any start, finer than ms: for measuring spans."""

    async def sleep(self, seconds_wall: float) -> None:
        """Wait this many wall seconds."""


class ClockOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """What `run.json` keeps of a clock: market = origin_market + (wall - origin_wall) * speed."""

    origin_market_ms: int
    origin_wall_ms: int
    speed: Decimal = Decimal(1)

    def market_ms(self, wall_ms: int) -> int:
        """Return the market time in ms that belongs to this wall time in ms."""
        return self.origin_market_ms + int((wall_ms - self.origin_wall_ms) * self.speed)

    def wall_ms(self, market_ms: int) -> int:
        """Return the wall time in ms at which market time reaches `market_ms`."""
        return self.origin_wall_ms + int((market_ms - self.origin_market_ms) / self.speed)


IDENTITY = ClockOrigin(origin_market_ms=0, origin_wall_ms=0)


def counter_ns() -> int:
    """Return ns on a counter that nobody sets; on Linux it counts while the machine sleeps, as on macOS."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def continue_origin(
    before: ClockOrigin | None,
    *,
    market_ms_min: int,
    speed: Decimal,
    wall_ms: int,
) -> ClockOrigin:
    """Return the origin for a new start, such that market time never falls behind what was shown.

    `market_ms_min` is the last market time seen (or where the market begins). The same speed keeps the
    origin; another speed, or a system clock that was set back, begins a new one at the present.
    """
    if before is None:
        return ClockOrigin(origin_market_ms=market_ms_min, origin_wall_ms=wall_ms, speed=speed)
    present_ms = before.market_ms(wall_ms)
    if before.speed == speed and present_ms >= market_ms_min:
        return before
    return ClockOrigin(
        origin_market_ms=max(present_ms, market_ms_min), origin_wall_ms=wall_ms, speed=speed
    )


class RunClock:
    """The clock of a process of a run; without an origin (production) market time is wall time.

    It begins at the host's time and is slewed towards it: a host's time that is set later moves it by 500 ppm at most.
    """

    def __init__(
        self,
        origin: ClockOrigin = IDENTITY,
        *,
        host: Callable[[], int] = time.time_ns,
        counter: Callable[[], int] = counter_ns,
    ) -> None:
        self.origin = origin
        self._host = host
        self._counter = counter
        self._time = SlewedTime(host(), counter())

    @property
    def speed(self) -> Decimal:
        """Market seconds per wall second."""
        return self.origin.speed

    @property
    def host_ahead_ms(self) -> int:
        """By how much the host's time is ahead of ours: what we have not been corrected by yet."""
        self._now_ns()
        return int(self._time.host_ahead_ns / NS_PER_MS)

    def market_ms(self) -> int:
        """Return market time in ms UTC; never decreases."""
        return self.origin.market_ms(self.wall_ms())

    def wall_ms(self) -> int:
        """Return wall time in ms UTC; never decreases and never jumps."""
        return self._now_ns() // NS_PER_MS

    def monotonic_s(self) -> float:
        """Return the same wall time in seconds: for measuring spans."""
        return self._now_ns() / NS_PER_S

    async def sleep(self, seconds_wall: float) -> None:
        """Wait this many wall seconds."""
        await asyncio.sleep(seconds_wall)

    def _now_ns(self) -> int:
        return self._time.read(self._host(), self._counter())


def read_origin(data: Path | None) -> ClockOrigin | None:
    """Read the clock's origin from a data folder's `run.json`; None where there is none."""
    if data is None:
        return None
    try:
        run = json.loads((data / RUN_FILE).read_bytes())
    except FileNotFoundError:
        return None
    return msgspec.convert(run["clock"], ClockOrigin) if run.get("clock") else None


def open_clock(data: Path | None) -> RunClock:
    """Return the clock of the run in this data folder; no folder or no `run.json` means market = wall."""
    return RunClock(read_origin(data) or IDENTITY)


class VirtualClock:
    """A clock that moves only when told; sleepers wake in order of time, then of arrival."""

    def __init__(self, origin: ClockOrigin = IDENTITY, wall_ms: int = 0) -> None:
        self.origin = origin
        self._start_us = wall_ms * US_PER_MS
        self._now_us = self._start_us
        self._arrivals = 0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []

    @property
    def speed(self) -> Decimal:
        """Market seconds per wall second."""
        return self.origin.speed

    def market_ms(self) -> int:
        """Return market time in ms UTC."""
        return self.origin.market_ms(self.wall_ms())

    def wall_ms(self) -> int:
        """Return wall time in ms UTC."""
        return self._now_us // US_PER_MS

    def monotonic_s(self) -> float:
        """Return wall seconds since this clock was made."""
        return (self._now_us - self._start_us) / US_PER_S

    async def sleep(self, seconds_wall: float) -> None:
        """Wait until this clock has been moved on by that many wall seconds (at least one turn)."""
        if seconds_wall <= 0:
            await asyncio.sleep(0)
            return
        self._arrivals += 1
        wake_us = self._now_us + max(1, round(seconds_wall * US_PER_S))
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (wake_us, self._arrivals, future))
        await future

    def next_wake_ms(self) -> int | None:
        """Return the wall time in ms of the next sleeper, or None when nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] // US_PER_MS if self._sleepers else None

    def advance(self, seconds_wall: float) -> None:
        """Move on at once and wake everyone who is due, in order, without a turn in between."""
        self._now_us += round(seconds_wall * US_PER_S)
        while self._sleepers and self._sleepers[0][0] <= self._now_us:
            self._wake()

    async def run_for(self, seconds_wall: float) -> None:
        """Move on sleeper by sleeper, giving the event loop its turns after each of them."""
        end_us = self._now_us + round(seconds_wall * US_PER_S)
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end_us:
            self._now_us = max(self._now_us, self._sleepers[0][0])
            self._wake()
            await self.settle()
        self._now_us = end_us
        await self.settle()

    async def settle(self) -> None:
        """Give whoever can run turns of the event loop until nobody can, a bounded number of them."""
        # Other loops than asyncio's own keep their queue to themselves: there every turn is given.
        queue = getattr(asyncio.get_running_loop(), QUEUE_OF_TURNS, None)
        for _ in range(SETTLE_ROUNDS):
            await asyncio.sleep(0)
            if queue is not None and not queue:
                return

    def _wake(self) -> None:
        future = heapq.heappop(self._sleepers)[2]
        if not future.done():
            future.set_result(None)
