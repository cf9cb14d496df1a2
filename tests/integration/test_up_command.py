"""`opensqt up` as a person starts it: one folder, refused starts, kill -9 of everything, going on after it."""

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from opensqt.desk.runfile import read_run
from tests.conditions import until
from tests.supervision import wait_gone

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
Line = dict[str, Any]


async def start(*words: str, **env: str) -> Process:
    """Start the command with pipes."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "opensqt.cli", *words),
        stdout=PIPE,
        stderr=PIPE,
        limit=1024 * 1024,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )


async def finish(*words: str, **env: str) -> tuple[int, str, str]:
    """Run the command to its end; return exit code, standard output, standard error."""
    process = await start(*words, **env)
    async with asyncio.timeout(PATIENCE_S):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def read_until(process: Process, holds: Callable[[Line], bool]) -> Line:
    """Read progress lines until one is what is waited for."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        while raw := await process.stdout.readline():
            line: Line = json.loads(raw)
            if holds(line):
                return line
    pytest.fail("the command ended without the line")


def is_ready(name: str) -> Callable[[Line], bool]:
    """Return what recognises the line that a process is ready."""
    return lambda line: line.get("name") == name and line.get("ready") is True


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that does not exist yet."""
    return tmp_path / "data"


@pytest.fixture
async def up(data: Path) -> AsyncIterator[Process]:
    """A running folder whose servers are ready."""
    process = await start("up", "--data", str(data), "--json")
    await read_until(process, is_ready("migrate"))
    yield process
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        await process.communicate()


async def test_ctrl_c_during_the_first_start_leaves_a_private_folder(data: Path) -> None:
    """Ctrl-C goes to all of the terminal's group: the birth of the database is not in it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "opensqt.cli", "up", "--data", str(data)),
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        process_group=0,
    )
    await until((data / "postgres.new" / "global" / "pg_control").exists, within_s=PATIENCE_S)
    os.killpg(process.pid, signal.SIGINT)
    async with asyncio.timeout(PATIENCE_S):
        await process.communicate()
    assert process.returncode == 0
    assert (data / "postgres" / "PG_VERSION").exists()
    assert (data / "postgres").stat().st_uid == data.stat().st_uid
    assert data.stat().st_mode & 0o777 == 0o700


@pytest.mark.row("H07")
async def test_down_stops_a_run_within_ten_seconds(up: Process, data: Path) -> None:
    """The verb waits for the end; the run says its summary last and ends with code 0."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    code, _, _ = await finish("down", "--data", str(data))
    assert code == 0
    assert loop.time() - began_s < 10
    out, _ = await up.communicate()
    last = json.loads(out.decode().splitlines()[-1])
    names = ("type", "ticks", "intents", "orders", "fills", "pnl", "fees", "restarts", "verdict")
    assert set(names) <= set(last)
    assert (last["type"], up.returncode) == ("summary", 0)
    assert (await finish("down", "--data", str(data)))[0] == 3


async def test_a_second_up_says_who_has_the_folder(up: Process, data: Path) -> None:
    """One line with process and page, exit code 2, and the first run is not disturbed."""
    code, out, err = await finish("up", "--data", str(data))
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert f"in use by process {up.pid}; its page is http://127.0.0.1:" in err
    code, out, _ = await finish("status", "--data", str(data), "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert lines[-1]["type"] == "status"
    assert {"nats", "postgres"} <= {line["name"] for line in lines if line["type"] == "process"}
    code, _, err = await finish("reset", "--yes", "--data", str(data))
    assert (code, "in use" in err) == (2, True)


async def test_kill_nine_of_the_parent_ends_all_and_the_next_start_goes_on(
    up: Process, data: Path
) -> None:
    """Nothing outlives it; the next start has the same ports and a later market time."""
    async with asyncio.timeout(PATIENCE_S):
        while not any(line.name == "migrate" and line.ready for line in read_run(data).processes):
            await read_until(up, lambda _: True)
    before = read_run(data)
    pids = [line.pid for line in before.processes if line.pid]
    up.kill()
    await up.wait()
    assert all([await asyncio.to_thread(wait_gone, pid) for pid in pids])
    assert (await finish("status", "--data", str(data)))[0] == 3
    again = await start("up", "--data", str(data), "--json")
    await read_until(again, is_ready("migrate"))
    after = read_run(data)
    assert after.ports == before.ports
    assert after.clock == before.clock
    assert after.market_ms_last >= before.market_ms_last
    again.send_signal(signal.SIGINT)
    await again.communicate()
    assert again.returncode == 0


async def test_a_kept_port_taken_by_another_program_is_one_line(up: Process, data: Path) -> None:
    """The line names port, process and fix; the folder is as it was."""
    await finish("down", "--data", str(data))
    await up.communicate()
    port = read_run(data).ports["nats"]
    with socket.create_server(("127.0.0.1", port)):
        code, _, err = await finish("up", "--data", str(data))
    assert code == 2
    assert len(err.splitlines()) == 1
    assert f"port {port} (nats) is taken" in err
    assert (data / "postgres").exists()


async def test_a_broken_configuration_is_one_line_and_leaves_nothing(
    data: Path, tmp_path: Path
) -> None:
    """The line names file, field and expectation; no folder is made."""
    path = tmp_path / "my.toml"
    assert (await finish("config", "init", "--config", str(path)))[0] == 0
    path.write_text(path.read_text().replace('step_bps = "6"', 'step_bps = "-6"'))
    code, _, err = await finish("up", "--data", str(data), "--config", str(path))
    assert (code, len(err.splitlines())) == (2, 1)
    assert 'my.toml: strategies.grid-perp.step_bps = "-6": expected' in err
    assert not data.exists()


async def test_the_advice_for_a_missing_configuration_helps(data: Path, tmp_path: Path) -> None:
    """The command that the error names writes the file that was missed, with or without its option."""
    path = tmp_path / "mine" / "my.toml"
    env = {"OPENSQT_CONFIG": str(path), "OPENSQT_DATA": str(data)}
    code, _, err = await finish("config", "check", **env)
    assert (code, f"`opensqt config init --config {path}`" in err) == (2, True)
    assert (await finish("config", "init", **env))[0] == 0
    assert (await finish("config", "check", **env))[0] == 0
    assert not data.exists()


async def test_a_first_start_that_is_refused_leaves_nothing(data: Path) -> None:
    """A NATS server that does not answer is found before anything is kept."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # bound, never listening: refused at once
        url = f"nats://127.0.0.1:{silent.getsockname()[1]}"
        code, _, err = await finish("up", "--data", str(data), OPENSQT_NATS_URL=url)
    assert (code, len(err.splitlines())) == (2, 1)
    assert "no NATS server answers" in err
    assert not data.exists()


async def test_another_market_on_a_folder_is_refused(up: Process, data: Path) -> None:
    """Orders belong to their market; the line says both ways out."""
    await finish("down", "--data", str(data))
    await up.communicate()
    code, _, err = await finish("up", "--data", str(data), "--market", "synthetic:8")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "opensqt reset" in err
    assert (await finish("reset", "--yes", "--data", str(data)))[0] == 0
    assert [path.name for path in data.iterdir()] == ["opensqt.toml"]


async def test_check_tells_break_even_and_judges_a_grid_that_loses(tmp_path: Path) -> None:
    """Break-even from maker fees on both sides; a step below it is judged false."""
    path = tmp_path / "my.toml"
    await finish("config", "init", "--config", str(path))
    words = ("config", "check", "--json", "--config", str(path))
    code, out, _ = await finish(*words)
    lines = {line.get("name"): line for line in map(json.loads, out.splitlines())}
    assert code == 0
    assert lines["grid-perp"]["break_even_bps"] == "4.01"
    assert lines["grid-spot"]["break_even_bps"] == "20.03"
    assert lines["grid-perp"]["capital_quote"] == "2500.00"
    assert lines["carry"]["cost_bps"] == "30.00"
    code, _, _ = await finish(*words, OPENSQT__STRATEGIES__GRID_PERP__STEP_BPS="4")
    assert code == 1
