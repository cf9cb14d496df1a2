"""`opensqt kill` and `resume` before executors that obey, refuse or are silent: what is said is what happened."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opensqt.cli.main import main
from opensqt.desk.config_default import derive
from opensqt.desk.data_folder import UP, DataFolder
from opensqt.desk.runfile import RunFile, read_run, write_run
from opensqt.domain.clean_text import cleaned
from opensqt.domain.control import KillLatched
from opensqt.domain.subjects import KILL
from opensqt.runtime import latch
from opensqt.runtime.actions import Action
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import Start, Stream
from opensqt.runtime.bus.streams import apply
from opensqt.runtime.clock import RunClock
from opensqt.runtime.codec import decode
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.health import Health
from opensqt.runtime.telemetry.metrics import Metrics
from services.executor.config import actions_of
from tests.component.rig import SYMBOL, Rig

Capture = pytest.CaptureFixture[str]
KILLED = {"killed": True, "cancels": 2, "confirmed": 2}
AGAIN = {"killed": True, "why": "desk was killed again meanwhile (bob: real): it stays killed"}
RELEASED = {"killed": False}
NOBODY = {"killed": False, "refused": True, "why": "strategy 'grid' is nobody (known: carry)"}
SILENT: dict[str, Any] = {}
GRID = ("--strategy", "grid")


async def test_the_kill_of_a_strategy_that_nobody_heard_is_not_said_to_be_latched(
    tmp_path: Path, capsys: Capture
) -> None:
    """Neither executor nor bus took it: nothing is recorded, and the command says so and what to do."""
    async with _desk(tmp_path, main=SILENT):
        assert await _run("kill", tmp_path, *GRID) == 1
        out = capsys.readouterr().out
        assert "executor-main did not answer" in out
        assert "NOT recorded: nobody heard the kill of strategy/grid; kill the desk with" in out
        assert "latched on disk" not in out
        assert await _run("kill", tmp_path, *GRID, "--json") == 1
        last = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (last["ok"], last["detail"].split(":")[0]) == (False, "NOT recorded")
    assert latch.read(tmp_path) is None


async def test_a_kill_that_one_of_two_executors_confirmed_is_not_called_done(
    tmp_path: Path, capsys: Capture
) -> None:
    """Who confirmed is said, who did not is named, and a script sees that it is not all."""
    async with _desk(tmp_path, main=KILLED, alt=SILENT):
        assert await _run("kill", tmp_path) == 1
    out = capsys.readouterr().out
    assert "KILLED desk: executor-main cancelled 2 orders" in out
    assert "NOT confirmed by executor-alt: the kill is latched on disk" in out


async def test_the_kill_of_a_strategy_that_the_bus_took_names_its_release(
    tmp_path: Path, capsys: Capture, nats_url: str
) -> None:
    """A silent executor hears it there; only `resume --strategy` takes it back."""
    clock = RunClock()
    bus = await NatsBus.connect(nats_url, "test", monotonic_s=clock.monotonic_s)
    await apply(bus.client.jetstream())
    async with _desk(tmp_path, main=SILENT):
        run = msgspec.structs.replace(read_run(tmp_path), nats_url=nats_url)
        write_run(tmp_path, run)
        assert await _run("kill", tmp_path, *GRID) == 1
    out = capsys.readouterr().out
    assert "said on the bus: whoever hears it there kills strategy/grid, until" in out
    assert "`opensqt resume --strategy grid`" in out
    async for delivery in await bus.follow(Stream.FEED, [KILL], Start(sequence=1)):
        message = decode(delivery.data)
        assert isinstance(message, KillLatched)
        assert message.scope == "strategy/grid"
        break
    await bus.close()


async def test_the_kill_of_a_running_desk_that_nobody_heard_is_not_called_confirmed(
    tmp_path: Path, capsys: Capture
) -> None:
    """The file is there for an executor to obey; the exit code says that none has told so."""
    async with _desk(tmp_path, main=SILENT):
        assert await _run("kill", tmp_path) == 1
    out = capsys.readouterr().out
    assert "executor-main did not answer" in out
    assert "latched on disk: an executor on this folder obeys within a second" in out
    assert "NOT confirmed by any executor" in out
    assert latch.read(tmp_path) is not None


@pytest.mark.parametrize("ports", [True, False], ids=["ran once", "never ran"])
async def test_the_kill_of_a_stopped_desk_is_latched_and_good(
    tmp_path: Path, capsys: Capture, ports: bool
) -> None:
    """Nobody runs who could send anything: the file is all that is needed, and no error is shown."""
    async with _desk(tmp_path, running=False, **({"main": SILENT} if ports else {})):
        assert await _run("kill", tmp_path) == 0
        said = capsys.readouterr()
        assert said.out.startswith("latched on disk: the desk is stopped")
        assert "Errno" not in said.out + said.err
        assert said.err == ""
        assert await _run("kill", tmp_path, "--json") == 0
        (line,) = capsys.readouterr().out.splitlines()
        assert json.loads(line)["ok"] is True
    assert latch.read(tmp_path) is not None


async def test_a_damaged_run_file_stops_no_kill(tmp_path: Path, capsys: Capture) -> None:
    """The latch is written first; that nobody could be asked is said behind it."""
    async with _desk(tmp_path, main=KILLED):
        (tmp_path / "run.json").write_bytes(b"{")
        assert await _run("kill", tmp_path) == 1
    assert latch.read(tmp_path) is not None
    out = capsys.readouterr().out
    assert "NOT confirmed by any executor" in out
    assert "run.json cannot be read" in out


@pytest.mark.row("E10")
@pytest.mark.parametrize(
    "reason", ["arr\udceat d'urgence", "\ud800", "a\x00b", "x" * 100_000], ids=len
)
async def test_a_kill_goes_through_whatever_its_reason(
    tmp_path: Path, capsys: Capture, reason: str
) -> None:
    """A Latin-1 script, a cut emoji: executor and file hear it, in words that everybody takes."""
    heard: list[dict[str, Any]] = []

    async def obey(words: dict[str, Any]) -> dict[str, Any]:
        heard.append(words)
        return KILLED

    async with _desk(tmp_path, main={"/kill": obey}):
        assert await _run("kill", tmp_path, "--reason", reason) == 0
    assert "KILLED desk: executor-main cancelled 2 orders" in capsys.readouterr().out
    found = latch.read(tmp_path)
    assert found is not None
    assert [words["kill_id"] for words in heard] == [found.kill_id]
    assert found.reason == heard[0]["reason"] == cleaned(reason)


async def test_orders_that_the_venue_did_not_confirm_are_not_called_cancelled(
    tmp_path: Path, capsys: Capture
) -> None:
    """The venue is dead: what was asked of it is no more than asked."""
    async with _desk(tmp_path, main={"killed": True, "cancels": 14, "confirmed": 0}):
        assert await _run("kill", tmp_path) == 0
    out = capsys.readouterr().out
    assert "asked to cancel 14 orders, 0 confirmed by the venue so far" in out
    assert "cancelled 14" not in out


async def test_who_resumes_is_told_what_stays_killed(tmp_path: Path, capsys: Capture) -> None:
    """The desk is free, one strategy is not: the command that releases it is named."""
    still = {"killed": False, "ended": 1, "still": ["strategy/grid"]}
    async with _desk(tmp_path, main=still):
        assert await _run("resume", tmp_path) == 0
    out = capsys.readouterr().out
    assert "strategy/grid stays killed at executor-main" in out
    assert "`opensqt resume --strategy grid`" in out


async def test_the_folder_that_the_environment_names_is_killed_though_it_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pod's folder holds no file of a desk; its executor finds the latch there."""
    monkeypatch.setenv("OPENSQT_DATA", str(tmp_path))
    assert await _run("kill", tmp_path) == 1
    assert latch.read(tmp_path) is not None


@pytest.mark.parametrize("words", [(), GRID], ids=["desk", "strategy"])
@pytest.mark.parametrize("name", ["nowhere", "empty"])
async def test_a_folder_that_holds_no_desk_is_refused_and_left_alone(
    tmp_path: Path, capsys: Capture, name: str, words: tuple[str, ...]
) -> None:
    """A mistyped --data must not look like a kill."""
    (tmp_path / "empty").mkdir()
    assert await _run("kill", tmp_path / name, *words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{tmp_path / name} holds no desk, nothing was killed" in said.err
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


async def test_a_misspelt_strategy_is_refused_in_the_executors_own_words(
    tmp_path: Path, capsys: Capture
) -> None:
    """Nobody is killed, the real names are shown, and the exit code is that of a mistake."""
    rig = Rig(tmp_path)
    config = parse_config(derive([SYMBOL], market="synthetic:7"), {})
    executor = rig.executor()
    actions = actions_of(executor, config, executor._account.state)
    async with _desk(tmp_path, main=actions):
        for verb, nothing in (("kill", "killed"), ("resume", "released")):
            assert await _run(verb, tmp_path, "--strategy", "grid-prep") == 2
            said = capsys.readouterr()
            assert said.out == ""
            assert f"nothing was {nothing}: strategy 'grid-prep' is neither configured" in said.err
            assert "(known: grid-perp, manual)" in said.err


async def test_a_strategy_that_one_executor_knows_is_killed(
    tmp_path: Path, capsys: Capture
) -> None:
    """The others say that they do not know it."""
    async with _desk(tmp_path, main=NOBODY, other=KILLED):
        assert await _run("kill", tmp_path, *GRID) == 0
    out = capsys.readouterr().out
    assert "KILLED strategy/grid: executor-other cancelled 2 orders" in out
    assert "executor-main said: strategy 'grid' is nobody" in out


async def test_what_was_released_is_said_beside_who_did_not_answer(
    tmp_path: Path, capsys: Capture
) -> None:
    """Of two accounts one is free and one may still be killed."""
    async with _desk(tmp_path, main=RELEASED, other=SILENT):
        assert await _run("resume", tmp_path) == 3
    said = capsys.readouterr()
    assert said.out == "RESUMED desk: executor-main\n"
    assert "not all was released (executor-other did not answer: " in said.err
    assert "may still be killed" in said.err


async def test_who_was_killed_again_meanwhile_is_not_resumed(
    tmp_path: Path, capsys: Capture
) -> None:
    """It answered, so the desk runs: the exit code is not that of a desk that does not."""
    async with _desk(tmp_path, main=AGAIN, other=RELEASED):
        assert await _run("resume", tmp_path) == 1
    said = capsys.readouterr()
    assert said.out == "RESUMED desk: executor-other\n"
    assert "executor-main said: desk was killed again meanwhile (bob: real)" in said.err


async def test_nothing_is_released_where_nobody_answers(tmp_path: Path, capsys: Capture) -> None:
    """Only a running desk can record a release."""
    async with _desk(tmp_path, main=SILENT):
        assert await _run("resume", tmp_path) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "the latch was not released (executor-main did not answer: " in said.err


async def _run(verb: str, data: Path, *words: str) -> int:
    return await asyncio.to_thread(main, [verb, "--data", str(data), *words])


@asynccontextmanager
async def _desk(
    folder: Path, *, running: bool = True, **executors: dict[str, Any]
) -> AsyncIterator[None]:
    """Let each executor give its answer, its actions or, for `SILENT`, none at all; hold the folder as `up` does."""
    (folder / "token").write_text("a-token\n", encoding="utf-8")
    servers: dict[str, Health] = {}
    ports: dict[str, int] = {}
    for name, answer in executors.items():
        actions = (
            answer if "/kill" in answer else dict.fromkeys(("/kill", "/resume"), _says(answer))
        )
        server = Health(dict, Metrics(), actions=actions, folder=folder)
        ports[f"health.executor-{name}"] = await server.open("127.0.0.1", 0)
        servers[name] = server
        if answer is SILENT:
            await server.close()
    write_run(folder, RunFile(ports=ports))
    held = DataFolder(folder, RunClock(), verb=UP)
    if running:
        await held.open()
    try:
        yield
    finally:
        held.close()
        for server in servers.values():
            await server.close()


def _says(answer: dict[str, Any]) -> Action:
    async def act(_: dict[str, Any]) -> dict[str, Any]:
        return answer

    return act
