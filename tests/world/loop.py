"""The World's time and event loop: time jumps when nobody can run, and a process can be killed or frozen at any await.

Each callback belongs to the `Life` (one start of one process) in whose context it was scheduled. A dead Life's
callbacks never run again, not even a `finally`; a frozen one's wait until it is thawed, as with SIGKILL and SIGSTOP.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from decimal import Decimal
from typing import Any, TypeVar, TypeVarTuple, Unpack

US_PER_MS = 1_000
US_PER_S = 1_000_000
NS_PER_US = 1_000
LIFE: ContextVar["Life | None"] = ContextVar("life", default=None)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Stuck(RuntimeError):
    """Nobody can run and nobody sleeps: nothing would ever happen again."""


class Life:
    """One start of one process: alive, frozen or dead."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.frozen = False
        self.woken_ms = 0  # when it was last thawed
        self.turns_left = -1  # until `fate` is called; -1: never
        self.fate: Callable[[], None] | None = None
        self.aim = ""  # the place at which `fate` comes instead
        self.backlog: list[asyncio.Handle] = []

    def at(self, aim: str, fate: Callable[[], None]) -> None:
        """Call `fate` when this Life next comes to a named place (commit, send)."""
        self.aim, self.fate = aim, fate

    def reach(self, place: str) -> None:
        """Come to a place."""
        if self.aim == place and self.fate is not None:
            self.aim = ""
            self.fate()

    def after(self, turns: int, fate: Callable[[], None]) -> None:
        """Call `fate` just before the `turns`-th callback from now would run."""
        self.turns_left, self.fate = turns, fate

    def spare(self) -> None:
        """Forget the fate that waits."""
        self.aim, self.turns_left, self.fate = "", -1, None

    def may_run(self, handle: asyncio.Handle) -> bool:
        """Count one callback and tell whether it may run now."""
        if self.turns_left >= 0:
            self.turns_left -= 1
            if self.turns_left < 0 and self.fate is not None:
                self.fate()
        if self.frozen or self.dead:
            self.backlog.append(handle)
            return False
        return True


class _Handle(asyncio.Handle):
    """A callback that asks its Life before it runs; made a million times, so it holds only what it needs."""

    __slots__ = ("_life", "_work")

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], context: Context
    ) -> None:
        self._work = (context, callback, args)
        self._life: Life | None = context.get(LIFE)
        self._cancelled = False

    def cancel(self) -> None:
        """Let it not run."""
        self._cancelled = True

    def _run(self) -> None:
        life = self._life
        if self._cancelled or (life is not None and not life.may_run(self)):
            return
        context, callback, args = self._work
        context.run(callback, *args)


class WorldClock:
    """Two times that are one here; moves only when the loop has nothing else to do."""

    speed = Decimal(1)

    def __init__(self, start_ms: int) -> None:
        self._start_us = self._now_us = start_ms * US_PER_MS
        self._arrivals = 0
        self.future: Callable[[], asyncio.Future[Any]]  # the loop sets how one is made
        self._sleepers: list[tuple[int, int, asyncio.Future[None] | Callable[[], None]]] = []

    @property
    def now_ns(self) -> int:
        """True time in ns UTC."""
        return self._now_us * NS_PER_US

    def market_ms(self) -> int:
        """Return market time in ms UTC."""
        return self._now_us // US_PER_MS

    def wall_ms(self) -> int:
        """Return wall time in ms UTC."""
        return self._now_us // US_PER_MS

    def monotonic_s(self) -> float:
        """Return seconds since the beginning."""
        return (self._now_us - self._start_us) / US_PER_S

    async def sleep(self, seconds_wall: float) -> None:
        """Wait until the clock has jumped that far (at least one turn)."""
        if seconds_wall <= 0:
            await asyncio.sleep(0)
            return
        future = self.future()
        self._put(seconds_wall, future)
        await future

    def call(self, seconds_wall: float, work: Callable[[], None]) -> None:
        """Call `work`, which belongs to no process, when the clock has jumped that far."""
        self._put(seconds_wall, work)

    def _put(self, seconds_wall: float, what: asyncio.Future[None] | Callable[[], None]) -> None:
        self._arrivals += 1
        wake_us = self._now_us + max(1, round(seconds_wall * US_PER_S))
        heapq.heappush(self._sleepers, (wake_us, self._arrivals, what))

    def jump(self, seconds_max: float | None) -> None:
        """Move to the next sleeper and wake it, or by `seconds_max` if that is sooner."""
        sleepers = self._sleepers
        while sleepers and isinstance(first := sleepers[0][2], asyncio.Future) and first.done():
            heapq.heappop(sleepers)
        limit_us = None if seconds_max is None else self._now_us + round(seconds_max * US_PER_S) + 1
        if sleepers and (limit_us is None or sleepers[0][0] <= limit_us):
            wake_us, _, first = heapq.heappop(sleepers)
            self._now_us = max(self._now_us, wake_us)
            if isinstance(first, asyncio.Future):
                first.set_result(None)
            else:
                first()
        elif limit_us is not None:
            self._now_us = limit_us
        else:
            raise Stuck("the World stands still: nobody sleeps and nobody can run")


class _NoFiles:
    """What an event loop asks for files; there are none, so waiting means jumping."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock

    def select(self, seconds: float | None) -> list[object]:
        """Jump instead of waiting."""
        if seconds is None or seconds > 0:
            self._clock.jump(seconds)
        return []


class WorldLoop(asyncio.BaseEventLoop):
    """An event loop without files whose time is the World's."""

    def __init__(self, clock: WorldClock) -> None:
        super().__init__()
        self._clock = clock
        clock.future = self.create_future
        self._selector = _NoFiles(clock)
        self._queue: deque[asyncio.Handle] = vars(self)["_ready"]
        self.set_exception_handler(lambda _, __: None)

    def time(self) -> float:
        """Return the World's time in seconds."""
        return self._clock.monotonic_s()

    def call_soon(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Run a callback in the next turn, if its Life allows it then."""
        handle = _Handle(callback, args, copy_context() if context is None else context)
        self._queue.append(handle)
        return handle

    def _run_once(self) -> None:
        """Run what is ready, or jump; only where timers of asyncio wait, do it as asyncio does."""
        queue = self._queue
        if vars(self)["_scheduled"]:
            super()._run_once()  # type: ignore[misc]
            return
        if not queue:
            self._clock.jump(None)
        for _ in range(len(queue)):
            queue.popleft()._run()

    def _asyncgen_firstiter_hook(self, _: object) -> None:
        """Nobody closes what still yields at the end of a World, so nobody lists it."""

    get_debug = staticmethod(bool)  # asked thousands of times: no

    def thaw(self, life: Life) -> None:
        """Let a frozen Life go on where it stood."""
        life.frozen, life.woken_ms = False, self._clock.wall_ms()
        backlog, life.backlog = life.backlog, []
        self._queue.extend(backlog)

    def born(self, life: Life, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine as the first task of a Life."""
        context = Context()
        context.run(LIFE.set, life)
        return self.create_task(work, context=context)

    def _process_events(self, events: list[object]) -> None:
        """Files would be served here."""

    def _write_to_self(self) -> None:
        """Another thread would wake the loop here."""
