"""`opensqt resume` on a desk of several accounts: what was in force when it was said is released, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from opensqt.cli.main import main
from opensqt.desk.config_default import derive
from opensqt.desk.data_folder import UP, DataFolder
from opensqt.desk.runfile import RunFile, write_run
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.health import Health
from opensqt.runtime.telemetry.metrics import Metrics
from services.executor.config import actions_of
from services.executor.service import Executor
from tests.component.rig import SYMBOL, Rig

Capture = pytest.CaptureFixture[str]
CONFIG = parse_config(derive([SYMBOL], market="synthetic:7"), {})
pytestmark = pytest.mark.row("E10")


class Slow:
    """What holds the requests of one executor up, as if its process stood still."""

    def __init__(self) -> None:
        self.came = asyncio.Event()
        self.goes_on = asyncio.Event()

    async def wait(self) -> None:
        """Be there and wait."""
        self.came.set()
        await self.goes_on.wait()


async def test_a_kill_that_comes_while_a_release_is_on_its_way_stays(
    tmp_path: Path, capsys: Capture
) -> None:
    """Both accounts are killed a second time while one of them is slow: the release ends the first kill alone."""
    slow = Slow()
    async with _desk(tmp_path, slow) as (quick, late):
        assert await _run("kill", tmp_path, "--reason", "first") == 0
        release = asyncio.create_task(_run("resume", tmp_path))
        await slow.came.wait()
        await late.kill.kill("desk", "SECOND", "bob", "second")
        slow.goes_on.set()
        assert await release == 1
        assert late.status()["kill_ids"] == {"desk": ("second",)}
        assert not quick.status()["killed"]
        said = capsys.readouterr()
        assert "RESUMED desk: executor-quick" in said.out
        assert "executor-slow said: desk was killed again meanwhile (bob: SECOND)" in said.err
        assert await _run("resume", tmp_path) == 0
        assert not late.status()["killed"]


async def test_who_did_not_hear_a_kill_knows_its_release(tmp_path: Path) -> None:
    """One account heard a kill of a strategy that nobody has; both take its release, also who never heard it."""
    async with _desk(tmp_path) as (quick, late):
        await quick.kill.kill("strategy/ghost", "by the bus", "bob", "one")
        assert await _run("resume", tmp_path, "--strategy", "ghost") == 0
        assert quick.status()["kill_ids"] == late.status()["kill_ids"] == {}
        assert await _run("resume", tmp_path, "--strategy", "ghost") == 2, "nobody has that name"


async def _run(verb: str, data: Path, *words: str) -> int:
    return await asyncio.to_thread(main, [verb, "--data", str(data), *words])


@asynccontextmanager
async def _desk(folder: Path, slow: Slow | None = None) -> AsyncIterator[tuple[Executor, Executor]]:
    """Run the executors of two accounts behind their ports, one of them held up, and hold the folder as `up` does."""
    (folder / "token").write_text("a-token\n", encoding="utf-8")
    ports: dict[str, int] = {}
    executors: list[Executor] = []
    async with AsyncExitStack() as stack:
        for name in ("quick", "slow"):
            own = folder / name
            own.mkdir()
            rig = Rig(own)
            executor = await stack.enter_async_context(rig.running(rig.executor()))
            actions = dict(actions_of(executor, CONFIG, executor._account.state))
            if slow is not None and name == "slow":
                actions["/resume"] = _held_up(actions["/resume"], slow)
            server = Health(executor.status, Metrics(), actions=actions, folder=folder)
            ports[f"health.executor-{name}"] = await server.open("127.0.0.1", 0)
            stack.push_async_callback(server.close)
            executors.append(executor)
        write_run(folder, RunFile(ports=ports))
        held = DataFolder(folder, RunClock(), verb=UP)
        await held.open()
        stack.callback(held.close)
        yield executors[0], executors[1]


def _held_up(action: Any, slow: Slow) -> Any:
    async def act(words: dict[str, Any]) -> dict[str, Any]:
        await slow.wait()
        return dict(await action(words))

    return act
