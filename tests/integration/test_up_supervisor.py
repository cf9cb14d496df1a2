"""The supervisor with small processes: order, restart, stop, and death together."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest

from opensqt.desk import child
from opensqt.desk.readiness import ask
from opensqt.desk.spec import DoneCheck, ProcessSpec, ProcessState
from opensqt.desk.supervisor import Supervisor
from opensqt.runtime.clock import RunClock
from tests.supervision import Watch, line_of, script, server, wait_gone

Started = Callable[..., AbstractAsyncContextManager[tuple[Supervisor, Watch]]]


@pytest.fixture
def started(tmp_path: Path) -> Started:
    """Start a table of processes for the length of a block."""

    @asynccontextmanager
    async def run(*specs: ProcessSpec) -> AsyncIterator[tuple[Supervisor, Watch]]:
        watch = Watch()
        supervisor = Supervisor(specs, tmp_path, RunClock(), watch)
        supervisor.start()
        try:
            yield supervisor, watch
        finally:
            supervisor.force()
            await supervisor.stop()

    return run


async def test_dependants_start_when_their_needs_are_ready_and_stop_before_them(
    started: Started,
) -> None:
    """The order of start is the order of readiness; the order of stop is the reverse."""
    async with started(server("c", "b"), server("a"), server("b", "a")) as (supervisor, watch):
        await watch.until(lambda: supervisor.ready)
        order = [(line.name, line.state) for line in watch.told]
        for first, then in (("a", "b"), ("b", "c")):
            assert order.index((first, ProcessState.READY)) < order.index(
                (then, ProcessState.STARTING)
            )
        assert [line.name for line in supervisor.table()] == ["a", "b", "c"]
        await supervisor.stop()
        stopped = [line.name for line in watch.told if line.state is ProcessState.STOPPED]
        assert stopped == ["c", "b", "a"]
        assert all(line.pid is None for line in supervisor.table())


@pytest.mark.row("K03")
@pytest.mark.parametrize("mode", ["standing", "failing"])
async def test_a_process_that_only_looks_alive_is_started_again(
    started: Started, mode: str, tmp_path: Path
) -> None:
    """One whose loop stands still, and one that is no longer ready and must not stay so, are killed and come back."""
    spec = msgspec.structs.replace(server("a", mode=mode), unready_s_max=0.2)
    async with started(spec, server("well")) as (supervisor, watch):
        await watch.until(lambda: line_of(supervisor, "a").restarts > 0)
        assert line_of(supervisor, "well").restarts == 0
    notes = (tmp_path / "a.jsonl").read_text()
    assert ("a loop" if mode == "standing" else "not ready for") in notes


async def test_a_killed_process_comes_back(started: Started) -> None:
    """Kill -9 is the normal exit: a new process is ready again, and the table counts it."""
    async with started(server("a"), server("b", "a")) as (supervisor, watch):
        await watch.until(lambda: supervisor.ready)
        before = line_of(supervisor, "a")
        other = line_of(supervisor, "b").pid
        assert before.pid is not None
        os.kill(before.pid, signal.SIGKILL)
        await watch.until(lambda: line_of(supervisor, "a").restarts == 1 and supervisor.ready)
        after = line_of(supervisor, "a")
        assert after.pid not in (None, before.pid)
        assert (line_of(supervisor, "b").pid, line_of(supervisor, "b").restarts) == (other, 0)


async def test_a_crashing_process_is_tried_again_with_a_growing_pause_and_says_why(
    started: Started,
) -> None:
    """The pauses are 0.2, 0.4 and so on; the table shows the last words."""
    crasher = script("a", "import sys; sys.exit('no such luck')")
    async with started(crasher) as (supervisor, watch):
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await watch.until(lambda: line_of(supervisor, "a").restarts == 2)
        assert loop.time() - began_s >= 0.2 + 0.4
        why = next(line.why for line in watch.told if line.state is ProcessState.BACKOFF)
        assert why == "ended with code 1: no such luck"


async def test_a_process_that_worked_for_a_while_is_started_again_at_once(
    started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pause grows from failure to failure, not from kill to kill: each one is the shortest."""
    monkeypatch.setattr(child, "STEADY_S", 0.0)
    async with started(server("a")) as (supervisor, watch):
        await watch.until(lambda: supervisor.ready)
        for count in range(3):
            os.kill(line_of(supervisor, "a").pid or 0, signal.SIGKILL)
            await watch.until(partial(_is_back, supervisor, count + 1))
    assert pauses_s(tmp_path) == [0.2, 0.2, 0.2]


def pauses_s(folder: Path) -> list[float]:
    """Return the pauses that the log names, in order."""
    (log,) = folder.glob("**/a.jsonl")
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [line["pause_s"] for line in lines if line["event"] == "starting again"]


def _is_back(supervisor: Supervisor, restarts: int) -> bool:
    return line_of(supervisor, "a").restarts == restarts and supervisor.ready


async def test_a_missing_program_is_no_end_of_the_world(started: Started) -> None:
    """A program that cannot be run is tried again too, and the line says what is wrong."""
    absent = ProcessSpec(name="a", argv=("/nowhere/absent",), env={})
    async with started(absent) as (supervisor, watch):
        await watch.until(lambda: line_of(supervisor, "a").state is ProcessState.BACKOFF)
        assert "absent" in line_of(supervisor, "a").why


async def test_a_one_shot_is_repeated_until_it_succeeds(started: Started, tmp_path: Path) -> None:
    """It fails once, then succeeds and is done; only then do its dependants start."""
    mark = tmp_path / "mark"
    code = (
        f"import os,sys; p={str(mark)!r}; e=os.path.exists(p); open(p,'w'); sys.exit(0 if e else 1)"
    )
    once = script("once", code, check=DoneCheck())
    async with started(once, server("a", "once")) as (supervisor, watch):
        await watch.until(lambda: supervisor.ready)
        assert line_of(supervisor, "once").state is ProcessState.DONE
        assert line_of(supervisor, "once").restarts == 1


async def test_a_process_that_is_not_ready_holds_back_its_dependants(started: Started) -> None:
    """503 on /readyz is not ready; the dependant waits and is never started."""
    unready = server("a", mode="unready")
    async with started(unready, server("b", "a")) as (supervisor, watch):
        async with asyncio.timeout(10):
            while (await ask(unready.check)).lag_events is None:
                assert not supervisor.ready
        assert line_of(supervisor, "b").state is ProcessState.WAITING
        await supervisor.stop()
        assert not any(line.name == "b" for line in watch.told)


@pytest.mark.row("H07")
async def test_a_stubborn_process_is_killed_at_eight_seconds(started: Started) -> None:
    """SIGTERM is ignored, SIGKILL is not: everything has ended within ten seconds."""
    async with started(server("a", mode="stubborn"), server("b", "a")) as (supervisor, watch):
        await watch.until(lambda: supervisor.ready)
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await supervisor.stop()
        assert 7.5 <= loop.time() - began_s <= 10
        assert all(line.state is ProcessState.STOPPED for line in supervisor.table())


@pytest.mark.row("H07")
async def test_stubborn_processes_take_no_time_from_one_that_still_has_to_cancel(
    started: Started, tmp_path: Path
) -> None:
    """Three that stop late come first; the one below them has the time that it was promised."""
    slow = msgspec.structs.replace(server("executor", mode="slow"), patience_s=4.5)
    chain = [
        server(name, below, mode="stubborn")
        for name, below in (("a", "executor"), ("b", "a"), ("c", "b"))
    ]
    async with started(slow, *chain) as (supervisor, watch):
        await watch.until(lambda: supervisor.ready)
        await supervisor.stop()
    assert '{"event": "all cancelled"}' in (tmp_path / "executor.jsonl").read_text()


@pytest.mark.row("H07")
async def test_a_second_signal_forces_the_end(started: Started) -> None:
    """Forced while a stop waits for a stubborn process, everything ends at once."""
    async with started(server("a", mode="stubborn")) as (supervisor, watch):
        await watch.until(lambda: supervisor.ready)
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        stopping = asyncio.create_task(supervisor.stop())
        await watch.until(lambda: line_of(supervisor, "a").state is ProcessState.STOPPING)
        supervisor.force()
        await stopping
        assert loop.time() - began_s < 3


async def test_what_a_process_says_is_kept_as_json_lines(started: Started, tmp_path: Path) -> None:
    """JSON passes unchanged, other words are wrapped, start and end are noted."""
    async with started(server("a")) as (supervisor, watch):
        await watch.until(lambda: supervisor.ready)
        assert line_of(supervisor, "a").lag_events == 3
        await supervisor.stop()
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert {"event": "hello"} in lines
    assert [line["text"] for line in lines if line["event"] == "output"] == ["plain words"]
    assert [line["event"] for line in lines if "pid" in line] == ["started", "ended"]


PARENT = """
import asyncio, sys
from pathlib import Path
from opensqt.desk.supervisor import Supervisor
from opensqt.runtime.clock import RunClock
from tests.supervision import server

async def main():
    supervisor = Supervisor((server("a"), server("b", mode="stubborn")), Path(sys.argv[1]), RunClock())
    supervisor.start()
    await supervisor.wait_ready()
    print(*(line.pid for line in supervisor.table()), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    """Kill -9 of the parent ends every child, also one that ignores SIGTERM."""
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    assert parent.stdout is not None
    pids = [int(word) for word in (await parent.stdout.readline()).split()]
    assert len(pids) == 2
    parent.kill()
    await parent.wait()
    assert all([await asyncio.to_thread(wait_gone, pid) for pid in pids])


@pytest.mark.row("B24", "F20")
async def test_a_table_changes_while_it_runs(started: Started) -> None:
    """Who is not in it any more ends, who is new starts, who is named begins anew, and nobody else notices."""
    first, other, third = server("a"), server("b", "a"), server("c", "a")
    once = script("once", "pass", check=DoneCheck())
    async with started(first, other, once) as (supervisor, watch):
        await watch.until(lambda: supervisor.ready)
        before = {line.name: line for line in supervisor.table()}
        await supervisor.change((first, third, once), anew=("a",), why="a test")
        await watch.until(lambda: line_of(supervisor, "a").restarts == 1 and supervisor.ready)
        assert [line.name for line in supervisor.table()] == ["a", "once", "c"]
        assert wait_gone(before["b"].pid or 0)
        pid = line_of(supervisor, "c").pid
        await supervisor.change((first, third, once), anew=(), why="nothing")
        await supervisor.again("once")
        assert (line_of(supervisor, "c").pid, line_of(supervisor, "a").restarts) == (pid, 1)
        done = [line for line in watch.told if line == line_of(supervisor, "once")]
        assert len(done) == 2
