"""The process runtime against real servers: start, readiness, drain, force, crash, kill at a step."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import nats
import pytest

from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.streams import apply
from opensqt.runtime.clock import RunClock
from tests.conditions import until
from tests.proxy import Proxy
from tests.servers import NatsServer, free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20.0
CONFIG = """
schema = 1
desk = "paper"
[venues.binance]
[accounts.main]
venue = "binance"
balances = { USDT = "1000" }
[strategies.grid]
kind = "grid"
account = "main"
symbol = "BTC/USDT"
mode = "long"
step_bps = "25"
levels_below = 2
levels_above = 2
order_notional_quote = "100"
"""


class Running:
    """One dummy process and what it wrote."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port
        self.lines: list[dict[str, Any]] = []

    async def until_logged(self, event: str) -> dict[str, Any]:
        """Read its log up to this event."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE_S):
            while line := await self.process.stderr.readline():
                self.lines.append(json.loads(line))
                if self.lines[-1]["event"] == event:
                    return self.lines[-1]
        pytest.fail(f"no {event} in {self.lines}")

    async def ended(self) -> int:
        """Wait for its exit code."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()

    async def get(self, path: str) -> tuple[int, str]:
        """Ask its health server."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        reply = (await reader.read()).decode()
        writer.close()
        return int(reply.split(" ")[1]), reply.partition("\r\n\r\n")[2]

    async def until_ready(self) -> dict[str, Any]:
        """Wait until it runs, then poll until it is ready; another process can only be polled."""
        if "running" not in [line["event"] for line in self.lines]:
            await self.until_logged("running")
        await until(self._is_ready, within_s=PATIENCE_S)
        found: dict[str, Any] = json.loads((await self.get("/readyz"))[1])
        return found

    async def _is_ready(self) -> bool:
        return (await self.get("/readyz"))[0] == 200


class Starter:
    """Starts dummy processes and ends them."""

    def __init__(self, folder: Path, nats_url: str, postgres_dsn: str) -> None:
        self.folder = folder
        self.environ = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PYTHONPATH": str(ROOT),
            "OPENSQT_DATA": str(folder),
            "OPENSQT_CONFIG": str(folder / "opensqt.toml"),
            "OPENSQT_NATS_URL": nats_url,
            "OPENSQT_POSTGRES_DSN": postgres_dsn,
        }
        self.started: list[Running] = []
        (folder / "opensqt.toml").write_text(CONFIG)

    async def start(self, **environ: str) -> Running:
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("dummy_service.py")),
            env={**self.environ, "OPENSQT_HEALTH_PORT": str(port), **environ},
            stderr=asyncio.subprocess.PIPE,
        )
        self.started.append(Running(process, port))
        return self.started[-1]


async def with_streams(url: str) -> None:
    """Apply the desk's streams."""
    bus = await NatsBus.connect(url, "test", monotonic_s=RunClock().monotonic_s)
    await apply(bus.client.jetstream())
    await bus.close()


@pytest.fixture
async def starter(tmp_path: Path, nats_url: str, postgres_dsn: str) -> AsyncIterator[Starter]:
    """Real servers with streams and schema."""
    await with_streams(nats_url)
    found = Starter(tmp_path, nats_url, postgres_dsn)
    yield found
    for running in found.started:
        if running.process.returncode is None:
            running.process.kill()
            await running.process.wait()


async def test_a_process_gets_ready_and_drains(starter: Starter) -> None:
    """Ready after its work has begun, exit 0 after SIGTERM, every line is JSON with the process's name."""
    running = await starter.start()
    status = await running.until_ready()
    assert (status["name"], status["sequence"]) == ("strategy-dummy", 1)
    assert (await running.get("/healthz"))[0] == 200
    assert "opensqt_orders_unresolved" in (await running.get("/metrics"))[1]
    assert (await running.get("/nonsense"))[0] == 404
    running.process.send_signal(signal.SIGTERM)
    await running.until_logged("stopped")
    assert await running.ended() == 0
    assert {line["process"] for line in running.lines} == {"strategy-dummy"}


async def test_a_process_at_work_does_not_search_its_modules_for_garbage(starter: Starter) -> None:
    """Once it is ready, what lives is left out of collections, which halt all work."""
    running = await starter.start()
    await running.until_ready()

    async def is_frozen() -> bool:
        return bool(json.loads((await running.get("/status"))[1])["frozen"])

    await until(is_frozen, within_s=PATIENCE_S)


async def test_the_services_api_shows_the_process(starter: Starter, nats_url: str) -> None:
    """`nats micro` finds the process and its status endpoint answers."""
    running = await starter.start()
    await running.until_ready()
    client = await nats.connect(nats_url)
    info = await client.request("$SRV.INFO.strategy-dummy", b"", timeout=2)
    status = await client.request("svc.strategy-dummy.status", b"", timeout=2)
    await client.close()
    assert json.loads(info.data)["name"] == "strategy-dummy"
    assert json.loads(status.data)["ready"] is True


async def test_an_exception_is_one_line_and_exit_1(starter: Starter) -> None:
    """Crash-only: the error of a task is logged with its words, and the process ends."""
    running = await starter.start(TEST_MODE="fail")
    line = await running.until_logged("died")
    assert await running.ended() == 1
    assert line["failures"][0]["error"] == "ValueError"
    assert line["failures"][0]["detail"] == "the lattice is upside down"


async def test_a_second_signal_forces(starter: Starter) -> None:
    """A service that does not drain ends at the second signal."""
    running = await starter.start(TEST_MODE="hang")
    await running.until_ready()
    running.process.send_signal(signal.SIGTERM)
    await running.until_logged("stopping")
    running.process.send_signal(signal.SIGTERM)
    assert await running.ended() == 130


async def test_missing_nats_is_waited_for(
    tmp_path: Path, postgres_dsn: str, nats_server: NatsServer
) -> None:
    """A process started before NATS stays, says what it waits for, and starts when NATS is there."""
    await with_streams(nats_server.url)
    nats_server.kill()
    starter = Starter(tmp_path, nats_server.url, postgres_dsn)
    running = await starter.start()
    await running.until_logged("nats trouble, trying again")
    code, body = await running.get("/readyz")
    assert (code, json.loads(body)["why"]) == (503, "waiting for NATS")
    nats_server.start()
    await running.until_ready()
    running.process.send_signal(signal.SIGTERM)
    assert await running.ended() == 0


async def test_missing_postgres_is_waited_for(tmp_path: Path, nats_url: str) -> None:
    """A process started before Postgres stays alive and not ready, and says in one line what it waits for."""
    await with_streams(nats_url)
    starter = Starter(tmp_path, nats_url, "postgresql://opensqt@127.0.0.1:1/opensqt")
    running = await starter.start()
    line = await running.until_logged("waiting")
    assert line["for_what"] == "Postgres"
    code, body = await running.get("/readyz")
    assert (code, json.loads(body)["why"]) == (503, "waiting for Postgres")
    assert (await running.get("/healthz"))[0] == 200
    running.process.send_signal(signal.SIGTERM)
    assert await running.ended() == 0


async def test_stop_while_waiting_ends_at_once(tmp_path: Path, postgres_dsn: str) -> None:
    """A process that still waits for its servers obeys SIGTERM."""
    starter = Starter(tmp_path, "nats://127.0.0.1:1", postgres_dsn)
    running = await starter.start()
    await running.until_logged("nats trouble, trying again")
    running.process.send_signal(signal.SIGTERM)
    assert await running.ended() == 0


async def test_crash_at_kills_between_two_effects(starter: Starter) -> None:
    """OPENSQT_CRASH_AT kills with SIGKILL at the named step: the message before it is there."""
    running = await starter.start(OPENSQT_CRASH_AT="strategy.journal.head.before")
    assert await running.ended() == -signal.SIGKILL


async def test_crash_at_is_refused_outside_paper(starter: Starter) -> None:
    """No crash step where money is at stake."""
    running = await starter.start(
        OPENSQT_CRASH_AT="strategy.journal.head.before", OPENSQT__RUN__PROFILE="live"
    )
    line = await running.until_logged("not started")
    assert await running.ended() == 2
    assert line["detail"]


async def test_broken_configuration_is_one_line_and_exit_2(starter: Starter) -> None:
    """A configuration that cannot be used names the field."""
    running = await starter.start(OPENSQT__RISK__OPEN_ORDERS_MAX="many")
    line = await running.until_logged("not started")
    assert await running.ended() == 2
    assert "open_orders_max" in line["detail"]


@pytest.mark.row("K03")
async def test_a_process_whose_bus_connection_is_closed_for_good_ends(
    starter: Starter, nats_url: str
) -> None:
    """The client never connects again after such an error: another process does."""
    async with Proxy(nats_url).open() as wire:
        running = await starter.start(OPENSQT_NATS_URL=wire.address)
        await running.until_ready()
        wire.say(b"-ERR 'Maximum Connections Exceeded'\r\n")
        died = await running.until_logged("died")
        assert await running.ended() == 1
    assert "maximum connections exceeded" in str(died["failures"]).lower()
