"""Whatever bytes come to a port: it answers or closes, and answers the next one who asks as it should."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from opensqt.runtime.health import Health
from opensqt.runtime.telemetry.metrics import Metrics
from services.gateway.config import GatewaySettings
from tests.fuzz.mangled import RUNS_SERVED, mangled
from tests.stage import Stage
from tests.visitors import visited

REQUESTS = (
    b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /kill HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\nContent-Length: 2\r\n\r\n{}",
    (
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Origin: http://localhost\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        b"\x81\x85\x00\x00\x00\x00hello\x89\x80\x00\x00\x00\x00"
    ),
    b"POST /api/kill HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
)
ANSWER_S_MAX = 5.0
"""The longest that a port may keep a stranger who has said all that he says."""


async def said_to(port: int, data: bytes) -> bytes:
    """Say these bytes, then nothing more, and return what is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = b""
    with contextlib.suppress(OSError):
        writer.write(data)
        await writer.drain()
        writer.write_eof()
        async with asyncio.timeout(ANSWER_S_MAX):
            heard = await reader.read()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return heard


async def tried(port: int) -> int:
    """Say all kinds of bytes to a port and return how often."""
    runs = 0

    @settings(
        max_examples=RUNS_SERVED,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(mangled(*REQUESTS))
    def collect(data: bytes) -> None:
        found.append(data)

    found: list[bytes] = []
    collect()
    for data in found:
        await said_to(port, data)
        runs += 1
    return runs


@pytest.fixture
async def health() -> AsyncIterator[int]:
    """The port of a process."""
    server = Health(lambda: {"ready": True}, Metrics())
    yield await server.open("127.0.0.1", 0)
    await server.close()


@pytest.mark.row("K04", "G12")
async def test_a_health_port(health: int) -> None:
    """It answers the next one."""
    assert await tried(health) >= RUNS_SERVED
    assert (await said_to(health, REQUESTS[0])).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.row("K04", "G12")
async def test_the_page_and_its_socket(tmp_path: Path) -> None:
    """HTTP and WebSocket: the page is there for the next one, and nobody of the strangers stays."""
    stage = Stage(tmp_path)
    await stage.open()
    async with visited(stage, GatewaySettings(token_file=tmp_path / "token")) as visitor:
        assert await tried(visitor.gateway.web.port) >= RUNS_SERVED
        assert (await visitor.get("/api/snapshot"))[0] == 200
        assert visitor.gateway.web.clients == 0
    await stage.close()
