"""Writes small recordings in Binance's form, so that each rule of the player can be tried alone."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

BEGIN_MS = 1_723_161_255_000

Levels = Sequence[tuple[str, str]]


class Written:
    """The lines of one recorded file; update ids go on by themselves unless they are given."""

    def __init__(self, market: str, symbol: str = "BTCUSDT", last: int = 100) -> None:
        self.market = market
        self.symbol = symbol
        self.last = last
        self.lines: list[str] = []

    def snapshot(self, bids: Levels, asks: Levels, last: int | None = None) -> "Written":
        """Add a REST snapshot (of the last update id unless another is given)."""
        update_id = self.last if last is None else last
        return self._add({"lastUpdateId": update_id, "bids": bids, "asks": asks})

    def delta(
        self, at_ms: int, bids: Levels = (), asks: Levels = (), first: int | None = None
    ) -> "Written":
        """Add a depth frame of two updates, `at_ms` after the beginning."""
        before, start = self.last, self.last + 1 if first is None else first
        self.last = start + 1
        data = {"e": "depthUpdate", "E": BEGIN_MS + at_ms, "U": start, "u": self.last}
        if self.market == "usdm":
            data["pu"] = before if first is None else first - 1
        return self._stream("depth", {**data, "b": bids, "a": asks})

    def ticker(self, bid: tuple[str, str], ask: tuple[str, str], ahead: int = 1) -> "Written":
        """Add a bookTicker that is so many updates ahead of the last delta; it has no time."""
        top = {"b": bid[0], "B": bid[1], "a": ask[0], "A": ask[1]}
        return self._stream("bookTicker", {"u": self.last + ahead, **top})

    def trade(self, at_ms: int, price: str, quantity: str, *, sell: bool = False) -> "Written":
        """Add a trade."""
        data = {"e": "trade", "E": BEGIN_MS + at_ms, "p": price, "q": quantity, "m": sell}
        return self._stream("trade", data)

    def save(self, folder: Path, date: str = "20240808") -> Path:
        """Write the file under the name it must have."""
        path = folder / f"{self.market}_{self.symbol.lower()}_{date}.gz"
        path.write_bytes(gzip.compress("".join(self.lines).encode()))
        return path

    def _stream(self, stream: str, data: dict[str, object]) -> "Written":
        name = f"{self.symbol.lower()}@{stream}"
        return self._add({"stream": name, "data": {**data, "s": self.symbol}})

    def _add(self, body: dict[str, object]) -> "Written":
        self.lines.append(f"{len(self.lines)} {json.dumps(body)}\n")
        return self


def simple(market: str, begin_ms: int = 0, count: int = 5, drift: int = 1) -> Written:
    """A recording whose mid moves by `drift` quote units with each of `count` frames, 100 ms apart."""
    written = Written(market).delta(begin_ms)
    written.snapshot([("100.0", "5"), ("10.0", "5")], [("102.0", "5"), ("900.0", "5")])
    for number in range(1, count):
        bid, ask = 100 + number * drift, 102 + number * drift
        bids = [(f"{bid - drift}.0", "0"), (f"{bid}.0", "2")]
        asks = [(f"{ask - drift}.0", "0"), (f"{ask}.0", "3")]
        written.delta(begin_ms + number * 100, bids, asks)
        written.trade(begin_ms + number * 100 + 30, f"{ask}.0", "0.001")
    return written
