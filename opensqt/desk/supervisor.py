"""The parent of all processes: order of start and stop, restart, death together. Knows no trading."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from opensqt.desk.child import Child
from opensqt.desk.logfile import LogFile
from opensqt.desk.spec import ProcessLine, ProcessSpec, ProcessState, levels
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
        self._levels = levels(specs)
        self._clock = clock
        self._logs = {s.name: LogFile(logs / f"{s.name}.jsonl", s.name, clock) for s in specs}
        self._children = {
            spec.name: Child(
                spec, self._logs[spec.name], clock, lambda child: self._note(child, changed)
            )
            for spec in specs
        }
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._change = asyncio.Event()
        self._forced = asyncio.Event()

    def table(self) -> tuple[ProcessLine, ...]:
        """Return one line a process, in the order of start."""
        return tuple(self._children[name].line for level in self._levels for name in level)

    @property
    def ready(self) -> bool:
        """Whether every process is ready at this moment."""
        return all(line.ready for line in self.table())

    def start(self) -> None:
        """Start every process as soon as those it depends on have been ready once."""
        for name, child in self._children.items():
            self._tasks[name] = asyncio.create_task(self._run(child), name=name)

    async def wait_ready(self) -> None:
        """Wait until every process is ready at the same time."""
        while not self.ready:
            self._change.clear()
            await self._change.wait()

    async def stop(self, keep: str = "") -> None:
        """Stop all in reverse order, but the one to `keep`; after 8 wall seconds, or when forced, kill."""
        deadline_s = self._clock.monotonic_s() + STOP_S_MAX
        for number, level in reversed(tuple(enumerate(self._levels))):
            children = [self._children[name] for name in level if name != keep]
            for child in children:
                child.ask_to_stop()
                if child.state is ProcessState.WAITING:
                    self._tasks[child.spec.name].cancel()
            # Who stops slowly takes nothing from those whose turn comes: an executor cancels its orders.
            owed_s = self._patience_s(name for later in self._levels[:number] for name in later)
            left_s = deadline_s - self._clock.monotonic_s() - owed_s
            patience_s = min(left_s, self._patience_s(child.spec.name for child in children))
            await self._wait([child.spec.name for child in children], patience_s)
        names = [name for name in self._children if name != keep]
        await self._wait(names, deadline_s - self._clock.monotonic_s())
        for name in names:
            self._children[name].kill()
        await self._wait(names, KILLED_S_MAX, forcible=False)
        if not keep:
            for log in self._logs.values():
                log.close()

    def _patience_s(self, names: Iterable[str]) -> float:
        return max((self._children[name].spec.patience_s for name in names), default=0.0)

    def force(self) -> None:
        """Make a stop under way kill everything now."""
        self._forced.set()

    async def _run(self, child: Child) -> None:
        for name in child.spec.depends:
            await self._children[name].was_ready.wait()
        await child.run()

    async def _wait(self, names: list[str], seconds: float, *, forcible: bool = True) -> None:
        tasks = [self._tasks[name] for name in names if name in self._tasks]
        if not tasks or (forcible and self._forced.is_set()):
            return
        forced = asyncio.ensure_future(self._forced.wait())
        ended = asyncio.ensure_future(asyncio.wait(tasks))
        waiting = {ended, forced} if forcible else {ended}
        await asyncio.wait(waiting, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
        forced.cancel()
        ended.cancel()

    def _note(self, child: Child, changed: Callable[[ProcessLine], None]) -> None:
        self._change.set()
        changed(child.line)
