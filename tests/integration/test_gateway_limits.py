"""What one client of the page may take from all others: nothing."""

import asyncio
import contextlib
from pathlib import Path

import aiohttp
import pytest

from services.gateway.config import GatewaySettings
from tests.conditions import until
from tests.stage import staged
from tests.visitors import visited

HALF = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: "


@pytest.mark.row("K04")
async def test_half_a_request_is_not_waited_for(tmp_path: Path) -> None:
    """Who does not end the head of his request is cut off; who has asked, and listens, stays."""
    settings = GatewaySettings(head_s_max=0.2, delta_every_s=0.05, ask_every_s=0.1)
    async with staged(tmp_path) as stage, visited(stage, settings) as visitor:
        listening = await visitor.listen()
        half = [
            await asyncio.open_connection("127.0.0.1", visitor.gateway.web.port) for _ in range(20)
        ]
        for _, writer in half:
            writer.write(HALF)
        async with asyncio.timeout(10):
            for reader, writer in half:
                with contextlib.suppress(ConnectionResetError):
                    assert await reader.read() == b""
                writer.close()
        assert not listening.closed
        assert (await visitor.get("/api/snapshot"))[0] == 200


@pytest.mark.row("K04")
async def test_one_address_does_not_take_all_places(tmp_path: Path) -> None:
    """Pages have a limit for each address, below that for all; a page that closes gives its place back."""
    settings = GatewaySettings(clients_max=4, clients_max_each=2, delta_every_s=0.05)
    async with staged(tmp_path) as stage, visited(stage, settings) as visitor:
        one, _ = await visitor.listen(), await visitor.listen()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await visitor.listen()
        assert refused.value.status == 503
        await one.close()
        await until(lambda: visitor.gateway.web.clients == 1)
        await visitor.listen()
