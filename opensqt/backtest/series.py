"""One symbol's files as rows of the market, checked: order, repeats, gaps, crossed quotes. It places no order.

Where nobody recorded quotes, they are made of prices: a tick below and a tick above, so that an order is filled only
when the price has gone through it, and never more of it than the share of what was traded there. A candle is walked on
the shortest way through its four prices: open, low, high, close where it rose, else open, high, low, close.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec
import numpy as np

from opensqt.backtest.csv_columns import Columns, CsvFile
from opensqt.backtest.layouts import DataRefused, Subject
from opensqt.backtest.rows import DECIMALS, Numbers, RowKind, Rows, grain_of
from opensqt.simulation.market.orderflow_instruments import KNOWN_DECIMALS

POINTS = 4  # of a candle's way
UNIT_OF: dict[int, int] = {
    decimals: 10 ** (DECIMALS - decimals) for decimals in range(DECIMALS + 1)
}
SORTED = "{time} is before the line before it: sort the file by time"
REPEATED = "{time} is there a second time: keep one of both lines"


class Gaps:
    """What is missing in the data: refused, or let through and told."""

    def __init__(self, *, allowed: bool) -> None:
        self.allowed = allowed
        self.count = 0
        self.first = ""

    def found(self, columns: Columns, missing: Numbers, what: str) -> None:
        """Take note of what is missing before each line; raise `DataRefused` unless that is allowed."""
        if not missing.any():
            return
        at = int(np.argmax(missing > 0))
        where = f"{columns.path} line {columns.line + at}"
        words = f"{where}: {int(missing[at])} {what} before it are missing"
        if not self.allowed:
            raise DataRefused(f"{words}; get them, or run with --allow-gaps")
        self.count += int((missing > 0).sum())
        self.first = self.first or words


class Grain(msgspec.Struct, frozen=True, kw_only=True):
    """The decimals of an instrument's prices and quantities."""

    price_decimals: int
    quantity_decimals: int

    @property
    def tick(self) -> int:
        """One tick, as a whole number of 1e-8."""
        return UNIT_OF[self.price_decimals]

    @property
    def step(self) -> int:
        """One step of quantity, as a whole number of 1e-8."""
        return UNIT_OF[self.quantity_decimals]


def grain_at(symbol: str, prices: Sequence[Numbers], quantities: Sequence[Numbers]) -> Grain:
    """Return the grain of a symbol: as it is known, but never coarser than its first rows show."""
    price_decimals = max(map(grain_of, prices))
    quantity_decimals = max(map(grain_of, quantities))
    known = KNOWN_DECIMALS.get(symbol)
    if known is not None and price_decimals <= known[0]:
        price_decimals, quantity_decimals = known
    return Grain(price_decimals=price_decimals, quantity_decimals=quantity_decimals)


class Series:
    """The files of one symbol and subject, in order of time."""

    def __init__(self, symbol: str, files: Sequence[CsvFile], gaps: Gaps) -> None:
        self.symbol = symbol
        self.files = files
        self.subject = files[0].layout.subject
        self.interval_ms = 0  # of candles
        self._gaps = gaps
        self._last: dict[str, int] = {}

    def columns(self) -> Iterator[Columns]:
        """Yield the checked lines; raise `DataRefused`."""
        self._last = {}
        for file in self.files:
            for block in file.blocks():
                if len(block["time"]):
                    self._check(block)
                    yield block
        if not self._last:
            raise DataRefused(f"{self.files[0].path} holds no line of data")

    def grain(self) -> Grain:
        """Return the decimals that the first lines show."""
        first = next(self.columns())
        prices = [
            first[name] for name in ("price", "bid", "ask", "open", "close") if name in first.found
        ]
        sizes = ("quantity", "bid_quantity", "ask_quantity", "volume")
        return grain_at(self.symbol, prices, [first[name] for name in sizes if name in first.found])

    def quotes(self) -> Iterator[Rows]:
        """Yield recorded quotes."""
        for block in self.columns():
            yield Rows(
                *(block[name] for name in ("time", "bid", "bid_quantity", "ask", "ask_quantity"))
            )

    def trades(self) -> Iterator[Rows]:
        """Yield recorded trades."""
        for block in self.columns():
            sold, quantity, price = block["sold"], block["quantity"], block["price"]
            yield Rows(block["time"], price, quantity * sold, price, quantity * (1 - sold))

    def last_prices(self, grain: Grain) -> Iterator[Rows]:
        """Yield a quote around the price of each trade."""
        for block in self.columns():
            yield around(block["time"], block["price"], block["quantity"], grain)

    def ways(self, grain: Grain, volume_share: Decimal) -> Iterator[Rows]:
        """Yield quotes along the way through each candle, which show `volume_share` of its volume."""
        numerator, denominator = volume_share.as_integer_ratio()
        for block in self.columns():
            low, high, rose = block["low"], block["high"], block["close"] >= block["open"]
            first, second = np.where(rose, low, high), np.where(rose, high, low)
            prices = np.column_stack((block["open"], first, second, block["close"])).reshape(-1)
            part = self.interval_ms // POINTS
            times = block["time"][:, None] + np.arange(POINTS, dtype=np.int64) * part
            times[:, POINTS - 1] = block["time"] + self.interval_ms - 1
            shown = block["volume"] // denominator * numerator // POINTS
            yield around(times.reshape(-1), prices, np.repeat(shown, POINTS), grain)

    def _check(self, block: Columns) -> None:
        time_ms, before = block["time"], self._last.get("time")
        earlier = _before(time_ms, before)
        block.refuse_where(time_ms < earlier, SORTED)
        match self.subject:
            case Subject.QUOTES:
                block.refuse_where(block["bid"] <= 0, "bid {bid}: expected a price above 0")
                crossed = "bid {bid} is not below ask {ask}"
                block.refuse_where(block["bid"] >= block["ask"], crossed)
            case Subject.TRADES:
                wrong = (block["price"] <= 0) | (block["quantity"] <= 0)
                block.refuse_where(wrong, "{quantity} at {price}: expected both above 0")
            case Subject.CANDLES:
                self._check_candles(block, earlier)
            case Subject.FUNDING:
                pass
        if "id" in block.found:
            self._check_ids(block)
        self._last["time"] = int(time_ms[-1])

    def _check_ids(self, block: Columns) -> None:
        ids = block["id"]
        earlier = _before(ids, self._last.get("id"))
        same = ids <= earlier
        same[0] &= "id" in self._last
        block.refuse_where(
            same, "id {id} is not above that of the line before it: a line is repeated"
        )
        if self.subject is Subject.TRADES:
            self._gaps.found(block, ids - earlier - 1, "trades")
        self._last["id"] = int(ids[-1])

    def _check_candles(self, block: Columns, earlier: Numbers) -> None:
        time_ms = block["time"]
        if not self.interval_ms:
            if len(time_ms) < 2:
                raise DataRefused(
                    f"{block.path}: one candle tells no interval; expected two or more"
                )
            self.interval_ms = int((time_ms[1:] - time_ms[:-1]).min())
        spans = time_ms - earlier
        again = spans == 0
        again[0] &= "time" in self._last
        block.refuse_where(again, REPEATED)
        low, high = block["low"], block["high"]
        inside = (low <= block["open"]) & (block["open"] <= high)
        inside &= (low <= block["close"]) & (block["close"] <= high) & (low > 0)
        words = "open {open}, high {high}, low {low}, close {close}: expected low <= open, close <= high"
        block.refuse_where(~inside, words)
        self._gaps.found(block, np.maximum(spans // self.interval_ms - 1, 0), "candles")


def around(time_ms: Numbers, prices: Numbers, quantity: Numbers, grain: Grain) -> Rows:
    """Return quotes a tick below and above prices; what is shown is in whole steps, one at least."""
    shown = np.maximum(quantity // grain.step, 1) * grain.step
    return Rows(
        time_ms, np.maximum(prices - grain.tick, grain.tick), shown, prices + grain.tick, shown
    )


def kind_of(subject: Subject, *, quoted: bool) -> RowKind:
    """Return what the rows of a file say: trades are prices where nobody recorded quotes."""
    return RowKind.TRADE if subject is Subject.TRADES and quoted else RowKind.QUOTE


def _before(numbers: Numbers, last: int | None) -> Numbers:
    """Return for each number the one before it; the first of all stands before itself, one lower where it counts."""
    first = numbers[0] if last is None else last
    return np.concatenate((np.array([first], dtype=np.int64), numbers[:-1]))
