"""What a symbol's public can read: trades, one-minute candles, the rolling day. It never holds an order."""

from collections import deque
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import Side

MINUTE_MS = 60_000
TRADES_KEPT = 1000
CANDLES_KEPT = 1500
DAY_MINUTES = 1440
RESTART_GAP = 1_000_000


class PublicTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A printed trade; `taker` is the aggressor's side."""

    trade_id: int
    price: Decimal
    quantity: Decimal
    taker: Side
    time_ms: int


class MinuteCandle(msgspec.Struct, kw_only=True):
    """A one-minute candle; times in market ms, volumes in base and quote units."""

    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO
    turnover: Decimal = ZERO
    taker_volume: Decimal = ZERO
    taker_turnover: Decimal = ZERO
    first_id: int = 0
    last_id: int = 0
    trades: int = 0

    @property
    def close_ms(self) -> int:
        """Last millisecond of the candle."""
        return self.open_ms + MINUTE_MS - 1

    def add(self, trade: PublicTrade) -> None:
        """Take a trade in."""
        worth = EXACT.multiply(trade.price, trade.quantity)
        self.high, self.low = max(self.high, trade.price), min(self.low, trade.price)
        self.close, self.last_id = trade.price, trade.trade_id
        self.volume += trade.quantity
        self.turnover += worth
        self.trades += 1
        if trade.taker is Side.BUY:
            self.taker_volume += trade.quantity
            self.taker_turnover += worth


class Tape:
    """The prints of one symbol. `fresh` is what was printed since it was last drained."""

    def __init__(self, last_id: int = RESTART_GAP) -> None:
        self.last_id = last_id
        self.trades: deque[PublicTrade] = deque(maxlen=TRADES_KEPT)
        self.candles: deque[MinuteCandle] = deque(maxlen=CANDLES_KEPT)
        self.fresh: list[PublicTrade] = []

    def next_id(self) -> int:
        """Draw the next trade id of this symbol."""
        self.last_id += 1
        return self.last_id

    def print(self, trade: PublicTrade) -> None:
        """Publish a trade."""
        self.trades.append(trade)
        self.fresh.append(trade)
        open_ms = trade.time_ms - trade.time_ms % MINUTE_MS
        self._fill_gap(open_ms)
        if not self.candles or self.candles[-1].open_ms < open_ms:
            price = trade.price
            self.candles.append(
                MinuteCandle(
                    open_ms=open_ms,
                    open=price,
                    high=price,
                    low=price,
                    close=price,
                    first_id=trade.trade_id,
                )
            )
        self.candles[-1].add(trade)

    def _fill_gap(self, open_ms: int) -> None:
        """Minutes without a trade are flat candles at the last close, as the venue has them."""
        if not self.candles:
            return
        last = self.candles[-1]
        first_ms = max(last.open_ms + MINUTE_MS, open_ms - CANDLES_KEPT * MINUTE_MS)
        for flat_ms in range(first_ms, open_ms, MINUTE_MS):
            price = last.close
            self.candles.append(
                MinuteCandle(open_ms=flat_ms, open=price, high=price, low=price, close=price)
            )

    def drain(self) -> list[PublicTrade]:
        """Hand over what was printed since the last call."""
        fresh, self.fresh = self.fresh, []
        return fresh

    def day(self) -> MinuteCandle | None:
        """The rolling 24 hours as one candle, or None before the first trade."""
        if not self.candles:
            return None
        since_ms = self.candles[-1].open_ms - DAY_MINUTES * MINUTE_MS
        minutes = [candle for candle in self.candles if candle.open_ms > since_ms]
        first, last = minutes[0], minutes[-1]
        return MinuteCandle(
            open_ms=first.open_ms,
            open=first.open,
            high=max(candle.high for candle in minutes),
            low=min(candle.low for candle in minutes),
            close=last.close,
            volume=sum((candle.volume for candle in minutes), ZERO),
            turnover=sum((candle.turnover for candle in minutes), ZERO),
            first_id=first.first_id,
            last_id=last.last_id,
            trades=sum(candle.trades for candle in minutes),
        )
