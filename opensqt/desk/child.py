"""One child process: started, watched, restarted. Never outlives its parent; knows nothing of its siblings."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from opensqt.desk.liveness import LivenessWatch
from opensqt.desk.logfile import LogFile
from opensqt.desk.readiness import ask
from opensqt.desk.spec import DoneCheck, ProcessLine, ProcessSpec, ProcessState
from opensqt.runtime.clock import Clock

LAUNCHER = Path(__file__).with_name("launcher.py")
BACKOFF_S_MIN = 0.2
STEADY_S = 5.0  # ready for as long as the longest pause: its death is a new one
PROBE_S_STARTING = 0.05
PROBE_S_READY = 1.0
DRAIN_S = 2.0
LINE_BYTES_MAX = 1024 * 1024


class Child:
    """The life of one process; `changed` is called whenever a person would see a difference."""

    def __init__(
        self, spec: ProcessSpec, log: LogFile, clock: Clock, changed: Callable[["Child"], None]
    ) -> None:
        self.spec = spec
        self.state = ProcessState.WAITING
        self.restarts = 0
        self.was_ready = asyncio.Event()
        self.why = ""
        self.lag_events: int | None = None
        self._log = log
        self._clock = clock
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._stop = asyncio.Event()
        self._backoff_s = BACKOFF_S_MIN
        self._ready_at_s: float | None = None  # when this process was ready first

    @property
    def line(self) -> ProcessLine:
        """What a person sees of this process."""
        alive = self._process is not None and self._process.returncode is None
        return ProcessLine(
            name=self.spec.name,
            pid=self._process.pid if alive and self._process else None,
            state=self.state,
            ready=self.state in (ProcessState.READY, ProcessState.DONE),
            restarts=self.restarts,
            lag_events=self.lag_events,
            why="" if self.state in (ProcessState.READY, ProcessState.DONE) else self.why,
        )

    async def run(self) -> None:
        """Keep the process running until told to stop, with a back-off from 0.2 s that never gives up."""
        try:
            while not self._stop.is_set():
                if await self._run_once():
                    return
                if self._stop.is_set():
                    return
                if self._steady:
                    self._backoff_s = BACKOFF_S_MIN
                self._set(ProcessState.BACKOFF)
                self._log.note("starting again", pause_s=self._backoff_s)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), self._backoff_s)
                self._backoff_s = min(self._backoff_s * 2, self.spec.backoff_s_max)
                self.restarts += 1
        finally:
            if self.state is not ProcessState.DONE:
                self._set(ProcessState.STOPPED)

    def ask_to_stop(self) -> None:
        """Send the stop signal; the process is not started again."""
        self._stop.set()
        if self._process is not None and self._process.returncode is None:
            self._set(ProcessState.STOPPING)
            with suppress(ProcessLookupError):
                self._process.send_signal(self.spec.stop_signal)

    def begin_anew(self, why: str) -> None:
        """Kill the process, as it may be killed at any time; another one starts in its place."""
        self._log.note("killed", why=why)
        if self._process is not None:
            _kill_group(self._process.pid)

    def kill(self) -> None:
        """Kill the process and its group at once."""
        self._stop.set()
        if self._process is not None:
            _kill_group(self._process.pid)

    @property
    def _steady(self) -> bool:
        ready_at_s = self._ready_at_s
        return ready_at_s is not None and self._clock.monotonic_s() - ready_at_s >= STEADY_S

    async def _run_once(self) -> bool:
        """Start it and follow it to its end; return True for a one-shot that did its work."""
        self._ready_at_s = None
        self._set(ProcessState.STARTING)
        try:
            process = await self._start()
        except OSError as error:
            self.why = f"cannot be started: {error}"
            self._log.note("not started", error=str(error))
            return False
        self._process = process
        if self._stop.is_set():  # told to stop while it was being born
            self.ask_to_stop()
        self._log.note("started", pid=process.pid)
        probe = asyncio.create_task(self._probe())
        readers = [
            asyncio.create_task(self._read(s)) for s in (process.stdout, process.stderr) if s
        ]
        code = await process.wait()
        probe.cancel()
        _kill_group(process.pid)  # whatever it left behind
        _, lingering = await asyncio.wait([probe, *readers], timeout=DRAIN_S)
        for task in lingering:  # a stranger holds the pipe
            task.cancel()
        self._log.note("ended", pid=process.pid, code=code)
        if code == 0 and isinstance(self.spec.check, DoneCheck):
            self._set(ProcessState.DONE)
            self.was_ready.set()
            return True
        words = f": {self._log.last_words}" if self._log.last_words else ""
        self.why = "" if code == 0 and self._stop.is_set() else f"{_ending(code)}{words}"
        return False

    async def _start(self) -> asyncio.subprocess.Process:
        spec = self.spec
        self._log.last_words = ""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(LAUNCHER)),
            *(str(os.getpid()), str(int(spec.death_signal)), spec.identity),
            *spec.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LINE_BYTES_MAX,
            env=dict(spec.env),
            process_group=0,
        )

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # longer than the limit: asyncio dropped what it had
                self._log.note("line too long", bytes_max=LINE_BYTES_MAX)
                continue
            if not line:
                return
            self._log.write(line)

    async def _probe(self) -> None:
        watch = LivenessWatch(self.spec.unready_s_max)
        while True:
            answer = await ask(self.spec.check)
            self.lag_events = answer.lag_events
            if verdict := watch.judge(answer, self._clock.monotonic_s()):
                self.begin_anew(verdict)
            if answer.ready:
                if self.state is ProcessState.STARTING:
                    self._log.note("ready")
                self._set(ProcessState.READY)
                if self._ready_at_s is None:
                    self._ready_at_s = self._clock.monotonic_s()
                self.was_ready.set()
            else:
                self.why = answer.why
                if self.state is ProcessState.READY:
                    self._set(ProcessState.UNREADY)
            await self._clock.sleep(
                PROBE_S_READY if self.state is ProcessState.READY else PROBE_S_STARTING
            )

    def _set(self, state: ProcessState) -> None:
        if state is self.state or (
            self.state is ProcessState.STOPPING and state is not ProcessState.STOPPED
        ):
            return
        self.state = state
        self._changed(self)


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
