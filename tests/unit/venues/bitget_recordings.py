"""What was recorded of Bitget's unified account, as tests ask for it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opensqt.domain.instruments import Market

PERP, SPOT = "BTC/USDT:USDT", "BTC/USDT"
SYMBOLS = {
    Market.PERP: {"BTCUSDT": PERP, "BTCPERP": "BTC/USDC:USDC"},
    Market.SPOT: {"BTCUSDT": SPOT},
}


def comments(recordings: Path, function: str) -> list[Any]:
    """The samples in ccxt's source that one of its functions reads."""
    path = recordings / "conformance" / "ccxt_comment_samples" / "bitget.jsonl"
    rows: Iterator[Any] = (json.loads(line) for line in path.read_text().splitlines())
    return [row["payload"] for row in rows if row["function"] == function]


def answers(recordings: Path, function: str) -> list[Any]:
    """The recorded answers of the unified account that a function reads, whole."""
    found = [row for row in comments(recordings, function) if isinstance(row.get("data"), dict)]
    return [row for row in found if "category" in json.dumps(row) or "assets" in row["data"]]


def encoded(row: object) -> bytes:
    """Write a row as the venue did."""
    return json.dumps(row).encode()


def whole(data: object) -> bytes:
    """Write a good answer around some data."""
    return encoded({"code": "00000", "msg": "success", "requestTime": 1751099666579, "data": data})
