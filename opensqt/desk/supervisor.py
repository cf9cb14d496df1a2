"""The parent of all processes: order of start and stop, restart, death together. Knows no trading."""

import asyncio
import os
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path

from opensqt.desk.child_table import ChildTable
from opensqt.desk.spec import ProcessLine, ProcessSpec, ProcessState
from opensqt.runtime.clock import Clock

STOP_S_MAX = 8.0
KILLED_S_MAX = 2.0


class Supervisor:
    """Runs a table of processes; `table()` is what a screen shows of them."""

    def __init__(
        self,
        specs: tuple[ProcessSpec, ...],
        logs: Path,
        clock: Clock,
        changed: Callable[[ProcessLine], None] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._changed = changed
        self._children = ChildTable(specs, logs, clock, self._note)
        self._change = asyncio.Event()
        self._forced = asyncio.Event()

    def table(self) -> tuple[ProcessLine, ...]:
        """Return one line a process, in the order of start."""
        children = self._children
        return tuple(children.by_name[name].line for level in children.levels for name in level)

    @property
    def ready(self) -> bool:
        """Whether every process is ready at this moment."""
        return all(line.ready for line in self.table())

    def start(self) -> None:
        """Start every process as soon as those it depends on have been ready once."""
        for name in self._children.by_name:
            self._children.start(name)

    async def wait_ready(self) -> None:
        """Wait until every process is ready at the same time."""
        while not self.ready:
            self._change.clear()
            await self._change.wait()

    async def was_ready(self, name: str) -> None:
        """Wait until a process has been ready once."""
        await self._children.by_name[name].was_ready.wait()

    async def change(
        self, specs: tuple[ProcessSpec, ...], *, anew: Collection[str], why: str
    ) -> None:
        """Go on with another table: end who is not in it, start who is new, and let those of `anew` begin anew."""
        known = self._children.by_name
        leaving = [name for name in known if name not in {spec.name for spec in specs}]
        for name in leaving:
            known[name].ask_to_stop()
        await self._children.ended(leaving, STOP_S_MAX, self._forced)
        for name in leaving:
            known[name].kill()
        await self._children.ended(leaving, KILLED_S_MAX, asyncio.Event())
        there = set(known) - set(leaving)
        self._children.follow(specs)
        for name in there & set(anew):
            known[name].begin_anew(why)

    async def again(self, name: str) -> None:
        """Let a one-shot that has done its work do it again, and wait for it."""
        await self.was_ready(name)
        self._children.begin(self._children.by_name[name].spec)
        await self.was_ready(name)

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a process, if it runs."""
        pid = self._children.by_name[name].line.pid
        with suppress(ProcessLookupError):
            if pid is not None:
                os.kill(pid, number)

    async def stop(self, keep: str = "") -> None:
        """Stop all in reverse order, but the one to `keep`; after 8 wall seconds, or when forced, kill."""
        deadline_s = self._clock.monotonic_s() + STOP_S_MAX
        known = self._children.by_name
        for number, level in reversed(tuple(enumerate(self._children.levels))):
            children = [known[name] for name in level if name != keep]
            for child in children:
                child.ask_to_stop()
                if child.state is ProcessState.WAITING:
                    self._children.cancel(child.spec.name)
            # Who stops slowly takes nothing from those whose turn comes: an executor cancels its orders.
            later = (name for level in self._children.levels[:number] for name in level)
            left_s = deadline_s - self._clock.monotonic_s() - self._patience_s(later)
            names = [child.spec.name for child in children]
            patience_s = min(left_s, self._patience_s(names))
            await self._children.ended(names, patience_s, self._forced)
        names = [name for name in known if name != keep]
        left_s = deadline_s - self._clock.monotonic_s()
        await self._children.ended(names, left_s, self._forced)
        for name in names:
            known[name].kill()
        await self._children.ended(names, KILLED_S_MAX, asyncio.Event())
        if not keep:
            self._children.close()

    def _patience_s(self, names: Iterable[str]) -> float:
        known = self._children.by_name
        return max((known[name].spec.patience_s for name in names), default=0.0)

    def force(self) -> None:
        """Make a stop under way kill everything now."""
        self._forced.set()

    def _note(self, line: ProcessLine) -> None:
        self._change.set()
        self._changed(line)
