"""The children of a supervisor by name: begun, replaced, waited for. Knows their order and nothing of why."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from opensqt.desk.child import Child
from opensqt.desk.logfile import LogFile
from opensqt.desk.spec import ProcessLine, ProcessSpec, levels
from opensqt.runtime.clock import Clock


class ChildTable:
    """One child for each process of a table; `changed` is told of every difference that a person would see."""

    def __init__(
        self,
        specs: tuple[ProcessSpec, ...],
        logs: Path,
        clock: Clock,
        changed: Callable[[ProcessLine], None],
    ) -> None:
        self.levels = levels(specs)
        self._folder = logs
        self._clock = clock
        self._changed = changed
        self._logs: dict[str, LogFile] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.by_name = {spec.name: self._child(spec) for spec in specs}

    def start(self, name: str) -> None:
        """Start a process as soon as those it depends on have been ready once."""
        self._tasks[name] = asyncio.create_task(self._run(self.by_name[name]), name=name)

    def begin(self, spec: ProcessSpec) -> None:
        """Add a process, or another one in the place of one that has ended, and start it."""
        self.by_name[spec.name] = self._child(spec)
        self.start(spec.name)

    def follow(self, specs: Sequence[ProcessSpec]) -> None:
        """Take over another table: forget who is not in it and has ended, begin who is new."""
        self.levels = levels(tuple(specs))
        wanted = {spec.name for spec in specs}
        for name in set(self.by_name) - wanted:
            del self.by_name[name], self._tasks[name]
        for spec in specs:
            if spec.name not in self.by_name:
                self.begin(spec)

    def cancel(self, name: str) -> None:
        """Start a process no more that waits for others."""
        self._tasks[name].cancel()

    async def ended(self, names: Sequence[str], seconds: float, forced: asyncio.Event) -> None:
        """Wait until all of these have ended, for so many wall seconds, or until it is forced."""
        tasks = [self._tasks[name] for name in names if name in self._tasks]
        if not tasks or forced.is_set():
            return
        hurry = asyncio.ensure_future(forced.wait())
        end = asyncio.ensure_future(asyncio.wait(tasks))
        await asyncio.wait(
            {end, hurry}, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED
        )
        hurry.cancel()
        end.cancel()

    def close(self) -> None:
        """Close the logs."""
        for log in self._logs.values():
            log.close()

    def _child(self, spec: ProcessSpec) -> Child:
        log = self._logs.get(spec.name)
        if log is None:
            log = LogFile(self._folder / f"{spec.name}.jsonl", spec.name, self._clock)
            self._logs[spec.name] = log
        return Child(spec, log, self._clock, lambda child: self._changed(child.line))

    async def _run(self, child: Child) -> None:
        for name in child.spec.depends:
            await self.by_name[name].was_ready.wait()
        await child.run()
