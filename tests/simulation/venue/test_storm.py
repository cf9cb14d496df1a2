"""SIGKILL at any instant under load: what was acknowledged is in the audit once, what was not is there at most once."""

import asyncio
import json
import os
import random
import signal
from collections import Counter
from pathlib import Path

import ccxt
import pytest

from tests.servers import free_port
from tests.simulation.venue.scripted import PERP, TestClock, d
from tests.simulation.venue.test_restart import CONFIG, start, trader


@pytest.mark.slow
async def test_no_accepted_order_is_lost_or_doubled_under_kills(tmp_path: Path) -> None:
    """Six kills at random instants while orders are placed and cancelled."""
    wall_ms, port, draw = TestClock().wall_ms(), free_port(), random.Random(11)
    origin = {"origin_market_ms": wall_ms, "origin_wall_ms": wall_ms, "speed": "1"}
    (tmp_path / "run.json").write_text(json.dumps({"clock": origin, "ports": {"venue": port}}))
    (tmp_path / "opensqt.toml").write_text(CONFIG)
    acknowledged: dict[str, str] = {}
    cancelled: set[str] = set()
    process = await start(tmp_path)
    try:
        for round_number in range(6):
            async with trader(tmp_path, port) as client:
                client.enableRateLimit = False
                fuse = draw.randint(5, 40)
                for number in range(fuse + 1):
                    if number == fuse:
                        asyncio.get_running_loop().call_later(
                            draw.random() / 500, os.kill, process.pid, signal.SIGKILL
                        )
                    client_id = f"r{round_number}n{number}"
                    try:
                        order = await client.create_order(
                            PERP,
                            "limit",
                            "buy",
                            d("0.002"),
                            d("51000"),
                            {"clientOrderId": client_id},
                        )
                        acknowledged[client_id] = order["id"]
                        await client.cancel_order(None, PERP, {"clientOrderId": client_id})
                        cancelled.add(client_id)
                    except ccxt.NetworkError:
                        break
                await process.wait()
                process = await start(tmp_path)
    finally:
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    rows = [json.loads(line) for line in (tmp_path / "venue-audit.jsonl").read_bytes().splitlines()]
    placed = [row for row in rows if row["kind"] == "place" and row["result"] == "accepted"]
    assert max(Counter(row["client_order_id"] for row in placed).values()) == 1
    assert max(Counter(row["venue_order_id"] for row in placed).values()) == 1
    known = {row["client_order_id"]: row["venue_order_id"] for row in placed}
    assert {client_id: known.get(client_id) for client_id in acknowledged} == acknowledged
    ended = [row["client_order_id"] for row in rows if row["kind"] == "cancel"]
    assert len(ended) == len(set(ended))
    assert cancelled <= set(ended)
