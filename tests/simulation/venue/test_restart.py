"""The venue survives SIGKILL: orders, queue, balances, positions, ids, listen keys and audit go on."""

import asyncio
import json
import os
import signal
import ssl
import sys
from decimal import Decimal
from pathlib import Path

import aiohttp
import ccxt.pro
import pytest

from opensqt.domain.instruments import Side
from opensqt.simulation.engine.audit import AuditRow, Kind
from opensqt.simulation.engine.store import Changes, Store
from opensqt.simulation.server.paper import PaperVenue
from tests.conditions import until
from tests.servers import free_port
from tests.simulation.venue.scripted import (
    PERP,
    SPOT,
    Client,
    Loopback,
    ScriptedFlow,
    TestClock,
    book,
    d,
    play,
    setup,
    trade,
)

CONFIG = """
schema = 1
desk = "paper"
[paper]
market = "synthetic:7"
[venues.binance]
[accounts.main]
venue = "binance"
balances = { USDT = "100000", BTC = "1" }
[strategies.grid-perp]
kind = "grid"
account = "main"
symbol = "BTC/USDT:USDT"
mode = "neutral"
step_bps = "6"
levels_below = 5
levels_above = 5
order_notional_quote = "500"
"""


async def abandon(venue: PaperVenue) -> None:
    """End a venue as SIGKILL would: nothing is said, written or closed by its own will."""
    for task in venue._tasks:
        task.cancel()
    await asyncio.gather(*venue._tasks, return_exceptions=True)
    await venue.server.stop()
    venue._store.close()


async def test_orders_queue_balances_and_keys_go_on(tmp_path: Path, clock: TestClock) -> None:
    """A new process on the same folder continues where the killed one was, fills included."""
    first = PaperVenue(setup(tmp_path), ScriptedFlow(), clock)
    await first.start()
    spot, perp = Client(first, "spot", clock), Client(first, "swap", clock)
    resting = await spot.ccxt.create_order(
        SPOT, "limit", "buy", d("0.5"), d("59999"), {"clientOrderId": "q"}
    )
    play(first, trade(SPOT, "59999", "0.7", Side.SELL))
    ahead = first.exchange.open["main", SPOT][int(resting["id"])].ahead
    await perp.ccxt.create_order(PERP, "market", "buy", d("0.1"))
    key = await perp.ccxt.fapiPrivatePostListenKey()
    balance = first.exchange.settlement.accounts["main"]
    await spot.close()
    await perp.close()
    await abandon(first)

    second = PaperVenue(setup(tmp_path), ScriptedFlow(), clock)
    await second.start()
    spot, perp = Client(second, "spot", clock), Client(second, "swap", clock)
    order = second.exchange.open["main", SPOT][int(resting["id"])]
    assert (order.ahead, ahead) == (d("0.3"), d("0.3"))
    assert second.exchange.settlement.accounts["main"] == balance
    assert await perp.ccxt.fapiPrivatePostListenKey() == key
    assert (await perp.ccxt.fetch_positions())[0]["contracts"] == d("0.1")
    again = await spot.ccxt.create_order(SPOT, "limit", "buy", d("0.01"), d("59000"))
    assert int(again["id"]) > int(resting["id"])
    with pytest.raises(ccxt.InvalidOrder, match="Duplicate"):
        await spot.ccxt.create_order(
            SPOT, "limit", "buy", d("0.1"), d("59000"), {"clientOrderId": "q"}
        )
    play(second, trade(SPOT, "59999", "0.5", Side.SELL))
    fills = await spot.ccxt.fetch_my_trades(SPOT)
    assert [fill["amount"] for fill in fills] == [d("0.2")]
    await spot.close()
    await perp.close()
    await second.stop()


async def test_an_order_that_the_market_reached_meanwhile_is_filled(
    tmp_path: Path, clock: TestClock
) -> None:
    """After the restart the flow's book stands beyond our price: filled at our price."""
    first = PaperVenue(setup(tmp_path), ScriptedFlow(), clock)
    await first.start()
    play(first, book(SPOT, {}, {"60001": "0", "60002": "0"}))
    spot = Client(first, "spot", clock)
    await spot.ccxt.create_order(SPOT, "limit", "buy", d("0.5"), d("60002"))
    await spot.close()
    await abandon(first)
    second = PaperVenue(setup(tmp_path), ScriptedFlow(), clock)
    await second.start()
    spot = Client(second, "spot", clock)
    assert [(f["price"], f["amount"]) for f in await spot.ccxt.fetch_my_trades(SPOT)] == [
        (d("60002"), d("0.5"))
    ]
    await spot.close()
    await second.stop()


def test_a_torn_audit_line_is_repaired_and_none_is_lost_or_doubled(tmp_path: Path) -> None:
    """Cut anywhere, the file is whole again after the next start; a whole file is left alone."""
    path = tmp_path / "venue-audit.jsonl"
    store = Store(tmp_path / "venue", path)
    for number in range(5):
        row = AuditRow(time="t", venue="binance", account="main", kind=Kind.PLACE, code=str(number))
        store.commit(Changes(audit=[row]))
    store.close()
    whole = path.read_bytes()
    for cut in (0, 1, len(whole) // 2, len(whole) - 1, len(whole)):
        path.write_bytes(whole[:cut])
        Store(tmp_path / "venue", path).close()
        assert path.read_bytes() == whole


def test_a_disk_that_refuses_ends_the_venue_before_it_answers(tmp_path: Path) -> None:
    """No reply may leave for what a restart would not know; the next start repairs the file."""
    path = tmp_path / "venue-audit.jsonl"
    store = Store(tmp_path / "venue", path)
    store.commit(Changes(audit=[AuditRow(time="t", venue="binance", account="a", kind=Kind.PLACE)]))
    whole = path.read_bytes()
    os.close(store._audit)
    with pytest.raises(SystemExit, match="free the disk"):
        store.commit(
            Changes(audit=[AuditRow(time="t", venue="binance", account="b", kind=Kind.PLACE)])
        )
    store._base.close()
    Store(tmp_path / "venue", path).close()
    lines = path.read_bytes().splitlines()
    assert path.read_bytes().startswith(whole)
    assert [json.loads(line)["account"] for line in lines] == ["a", "b"]


@pytest.mark.row("H09")
@pytest.mark.slow
async def test_the_real_process_survives_sigkill(tmp_path: Path) -> None:
    """Placed orders are in the audit once each, and open again after kill -9 and a new start on the same port."""
    clock = TestClock()
    origin = {"origin_market_ms": clock.wall_ms(), "origin_wall_ms": clock.wall_ms(), "speed": "1"}
    port = free_port()
    (tmp_path / "run.json").write_text(json.dumps({"clock": origin, "ports": {"venue": port}}))
    (tmp_path / "opensqt.toml").write_text(CONFIG)
    process = await start(tmp_path)
    ids: list[str] = []
    try:
        for number in range(3):
            async with trader(tmp_path, port) as client:
                top = await client.fetch_order_book(SPOT)
                price = Decimal(str(top["bids"][0][0])) - 2000 - number
                client_id = f"kill{number}"
                placed = await client.create_order(
                    SPOT, "limit", "buy", d("0.001"), price, {"clientOrderId": client_id}
                )
                assert placed["status"] == "open"
                ids.append(client_id)
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            process = await start(tmp_path)
        async with trader(tmp_path, port) as client:
            assert [o["clientOrderId"] for o in await client.fetch_open_orders(SPOT)] == ids
    finally:
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    rows = [json.loads(line) for line in (tmp_path / "venue-audit.jsonl").read_text().splitlines()]
    placed_rows = [row for row in rows if row["kind"] == "place"]
    assert [(row["client_order_id"], row["result"]) for row in placed_rows] == [
        (client_id, "accepted") for client_id in ids
    ]
    assert rows[-1]["kind"] == "balance"


async def start(folder: Path) -> asyncio.subprocess.Process:
    """Start the venue's process and wait until it is ready."""
    environment = os.environ | {
        "OPENSQT_DATA": str(folder),
        "OPENSQT_CONFIG": str(folder / "opensqt.toml"),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "opensqt.cli.paper_venue",
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    line = await asyncio.wait_for(process.stderr.readline(), 20)
    assert b"venue_ready" in line, line
    return process


class trader:  # noqa: N801  reads as a verb phrase: async with trader(...)
    """An unmodified client of the real process, once it is healthy."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port

    async def __aenter__(self) -> ccxt.pro.binance:
        """Wait for health and load markets."""
        context = ssl.create_default_context(cafile=str(self._folder / "ca" / "ca.pem"))
        connector = aiohttp.TCPConnector(resolver=Loopback(self._port), ssl=context)
        self._session = aiohttp.ClientSession(connector=connector)
        await until(self._is_healthy)
        keys = json.loads((self._folder / "venue" / "keys.json").read_text())["main"]
        options = {"session": self._session, "apiKey": keys["api_key"], "secret": keys["secret"]}
        self._client = ccxt.pro.binance({**options, "options": {"defaultType": "spot"}})
        self._client.number = Decimal
        await self._client.load_markets()
        return self._client

    async def _is_healthy(self) -> bool:
        async with self._session.get("https://venue.admin/healthz") as answer:
            return answer.status == 200

    async def __aexit__(self, *_: object) -> None:
        """Close client and session."""
        await self._client.close()
        await self._session.close()
