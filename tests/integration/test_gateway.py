"""The gateway over real HTTP and WebSockets, before scripted facts: looking and listening."""

import asyncio
import json
import logging
import socket
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.market import Mark
from services.gateway.config import GatewaySettings
from services.gateway.earnings import HOUR_MS
from tests import scenes
from tests.conditions import until
from tests.simulation.strategy_facts import PERP
from tests.stage import Stage, staged
from tests.visitors import CANARIES, PATIENCE_S, RIGHT, visited


async def _heard(listening: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        found: dict[str, Any] = await listening.receive_json()
        return found


@pytest.mark.row("H04")
async def test_a_late_joiner_gets_everything_and_then_what_changes(tmp_path: Path) -> None:
    """The first message is the whole picture; a fill comes as the sections that it changed, candles untouched."""
    async with staged(tmp_path) as stage, visited(stage) as visitor:
        await until(lambda: len(visitor.gateway.look()["orders"]) == 8)
        await until(lambda: {len(r) for r in visitor.gateway.look()["candles"].values()} == {91})
        listening = await visitor.listen()
        first = await _heard(listening)
        assert first["type"] == "snapshot"
        assert len(first["orders"]) == 8
        assert first.keys() >= {"mode", "symbols", "candles", "positions", "grids", "processes"}
        ref = scenes.reference("grid-perp", PERP, "w-1")
        now_ms = stage.house.clock.market_ms()
        await stage.record(scenes.filled(ref, Side.BUY, scenes.ANCHOR - 72, now_ms))
        while "fills" not in (change := await _heard(listening)):
            assert change["type"] == "delta"
        assert change["fills"][0]["price"] == "59928"
        assert change["journal"]["fills"] == 14
        assert "candles" not in change
        await listening.close()


@pytest.mark.row("H06")
async def test_pictures_and_logs_hold_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither token nor API keys are found in any picture, file, metric, answer or log line."""
    caplog.set_level(logging.DEBUG)
    async with staged(tmp_path) as stage, visited(stage) as visitor:
        await visitor.post("kill", {"reason": "a test"}, RIGHT)
        await visitor.post("kill", {}, {"Authorization": "Bearer wrong"})
        bodies = [
            (await visitor.get(path))[1].decode()
            for path in ("/", "/static/main.js", "/api/snapshot", "/readyz", "/metrics", "/healthz")
        ]
        listening = await visitor.listen()
        bodies.append(json.dumps(await _heard(listening)))
        bodies += [str(vars(record)) for record in caplog.records]
        assert [canary for canary in CANARIES for body in bodies if canary in body] == []


@pytest.mark.row("H06")
async def test_strangers_neither_listen_nor_command(tmp_path: Path) -> None:
    """A missing or foreign origin cannot open the WebSocket, a foreign page cannot command even with the token."""
    async with staged(tmp_path) as stage, visited(stage) as visitor:
        for origin in ("", "http://evil.example", "*", "null"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await visitor.listen(origin)
            assert refused.value.status == 403
        stranger = RIGHT | {"Origin": "http://evil.example"}
        assert (await visitor.post("kill", {}, stranger))[0] == 403
        assert (await visitor.get("/api/snapshot", Host="evil.example"))[0] == 403
        assert stage.heard == []


@pytest.mark.row("H06")
async def test_the_number_of_pages_and_the_size_of_what_they_say_are_bounded(
    tmp_path: Path,
) -> None:
    """One page too many is refused with a reason; who sends too much is cut off, and its place is free again."""
    settings = GatewaySettings(clients_max=2, delta_every_s=0.05, ask_every_s=0.1)
    async with staged(tmp_path) as stage, visited(stage, settings) as visitor:
        one, two = await visitor.listen(), await visitor.listen()
        await until(lambda: visitor.gateway.web.clients == 2)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await visitor.listen()
        assert refused.value.status == 503
        await one.send_str("x" * 5000)
        async with asyncio.timeout(PATIENCE_S):
            while (await one.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        await until(lambda: visitor.gateway.web.clients == 1)
        three = await visitor.listen()
        assert (await _heard(three))["type"] == "snapshot"
        await two.send_str("words are not listened to")
        assert (await _heard(two))["type"] == "snapshot"


@pytest.mark.row("H06")
async def test_a_client_that_does_not_read_is_dropped(tmp_path: Path) -> None:
    """Somebody who takes nothing off the wire loses the link, and nobody else notices."""
    settings = GatewaySettings(
        delta_every_s=0.02, ask_every_s=0.1, slow_client_s_max=0.2, outbound_bytes_max=4096
    )
    async with staged(tmp_path) as stage, visited(stage, settings) as visitor:
        port = visitor.gateway.web.port
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.setblocking(False)
        await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=narrow, limit=1024)
        key = "dGhlIHNhbXBsZSBub25jZQ=="
        writer.write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {visitor.address}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        other = await visitor.listen()
        await until(lambda: visitor.gateway.web.clients == 2)
        busy = asyncio.create_task(_keep_moving(stage, other))
        await until(lambda: visitor.gateway.web.clients == 1, within_s=30)
        assert not other.closed
        busy.cancel()
        await asyncio.wait((busy,))
        writer.transport.abort()


async def _keep_moving(stage: Stage, reading: aiohttp.ClientWebSocketResponse) -> None:
    """Change a large part of the picture over and over, while the other client reads."""
    shift = 0
    while True:
        shift += 1
        now_ms = stage.house.clock.market_ms() + shift * 60_000
        await stage.publish(*scenes.candles(PERP, now_ms, minutes=80))
        await reading.receive()


async def test_the_picture_is_kept_and_called_old_while_the_bus_is_away(tmp_path: Path) -> None:
    """Without NATS the last picture stays and is marked; with NATS again the page is live by itself."""
    async with staged(tmp_path) as stage, visited(stage) as visitor:
        await until(lambda: len(visitor.gateway.look()["orders"]) == 8)
        stage.house.broker.down()
        await until(lambda: not visitor.gateway.look()["journal"]["live"])
        found = await visitor.picture()
        assert len(found["orders"]) == 8
        assert found["troubles"][0]["text"].startswith("the page is behind")
        await stage.house.broker.up()
        await until(lambda: bool(visitor.gateway.look()["journal"]["live"]), within_s=20)
        assert len((await visitor.picture())["orders"]) == 8


@pytest.mark.row("K11")
async def test_a_gateway_that_begins_later_knows_how_the_hours_began(tmp_path: Path) -> None:
    """The price of an hour ago is looked up in FEED, however little is drawn: the day's change is known."""
    async with staged(tmp_path) as stage:
        now_ms = stage.house.clock.market_ms()
        begin_ms = now_ms - now_ms % HOUR_MS - 23 * HOUR_MS
        ref = scenes.reference("grid-perp", PERP, "old")
        life = scenes.placed(ref, "g-1", Side.BUY, scenes.ANCHOR, begin_ms - HOUR_MS)
        held = scenes.filled(ref, Side.BUY, scenes.ANCHOR, begin_ms - HOUR_MS, Decimal(1))
        await stage.record(*life, held)
        mark = Mark(
            venue="binance",
            symbol=PERP,
            mark_price=scenes.ANCHOR + 100,
            index_price=scenes.ANCHOR,
            time_ms=begin_ms + 1_000,
        )
        await stage.publish(mark, msgspec.structs.replace(mark, time_ms=begin_ms + 9_000))
        quick = GatewaySettings(
            delta_every_s=0.05, ask_every_s=0.1, lookback_ms=0, chart_lookback_ms=0
        )
        async with stage.gateway(quick) as gateway:
            await stage.publish(
                msgspec.structs.replace(mark, mark_price=scenes.ANCHOR + 30, time_ms=now_ms)
            )
            await until(lambda: gateway.look()["money"][0]["day"] == "-70")


async def test_health_answers_on_the_port_of_the_page(tmp_path: Path) -> None:
    """Alive, ready, figures; sections can be asked for alone; unknown files are 404."""
    async with staged(tmp_path) as stage, visited(stage) as visitor:
        assert (await visitor.get("/healthz"))[0] == 200
        status, body = await visitor.get("/readyz")
        assert (status, json.loads(body)["ready"]) == (200, True)
        assert b"opensqt_" in (await visitor.get("/metrics"))[1]
        some = json.loads((await visitor.get("/api/snapshot?sections=mode,money"))[1])
        assert some.keys() == {"mode", "money"}
        assert (await visitor.get("/static/..%2fservice.py"))[0] == 404
        async with visitor.session.get(visitor.address + "/") as reply:
            assert reply.headers["Content-Security-Policy"].startswith("default-src 'self'")
            assert reply.content_type == "text/html"
