"""Measure a market: the numbers the synthetic profile was fitted to, of recordings and generator alike.

It reads frames and changes none. `fit` of the recordings gives the left columns of the table in
`synthetic_profile`, `fit` of the generator the right ones.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from opensqt.domain.instruments import Side
from opensqt.simulation.market.flow import (
    BestQuotes,
    BookDelta,
    BookSnapshot,
    Frame,
    MarketFlow,
    MarketTrade,
)
from opensqt.simulation.market.ladder import Ladder

SAMPLE_MS = 100
BPS_PER_ONE = 1e4


class SymbolFit(msgspec.Struct, frozen=True, kw_only=True):
    """What one symbol did. Rates per second of market time, moves and spreads in bps, sizes in base units.

    `volatility_*` is the root mean square of the moves of the mid over 0.1, 1 and 10 s, scaled to one minute.
    """

    frames_per_s: float
    tops_per_s: float
    trades_per_s: float
    orders_per_s: float
    trade_size_p50: float
    trade_size_p90: float
    trade_size_p99: float
    trade_size_mean: float
    top_size_p50: float
    spread_bps_mean: float
    spread_bps_p50: float
    spread_bps_p90: float
    spread_bps_p99: float
    volatility_tenth: float
    volatility_second: float
    volatility_ten: float
    move_second_p50: float
    move_second_p90: float
    move_second_p99: float
    buys_share: float


class MarketFit(msgspec.Struct, frozen=True, kw_only=True):
    """What all symbols of a flow did; the basis (perp over spot, bps) is of the first pair, or 0."""

    seconds: float
    symbols: dict[str, SymbolFit]
    basis_mean_bps: float
    basis_sd_bps: float


class SymbolRecord:
    """Collects what is measured of one symbol while frames go by."""

    def __init__(self) -> None:
        self.sides = {side: Ladder(side) for side in Side}
        self.frames = 0
        self.tops = 0
        self.sizes: list[float] = []
        self.buys = 0
        self.orders: set[tuple[int, Side]] = set()
        self.mids: list[float] = []
        self.spreads: list[float] = []
        self.top_sizes: list[float] = []
        self._top: tuple[object, ...] = ()

    def take(self, frame: Frame) -> None:
        """Fold one frame."""
        self.frames += 1
        if isinstance(frame, MarketTrade):
            self.sizes.append(float(frame.quantity))
            self.buys += frame.taker is Side.BUY
            self.orders.add((frame.time_ms, frame.taker))
            return
        self._book(frame)
        bids, asks = self.sides[Side.BUY], self.sides[Side.SELL]
        if bids.best is None or asks.best is None:
            return
        top = (bids.best, asks.best, bids.quantity(bids.best), asks.quantity(asks.best))
        if top != self._top:
            self.tops += 1
            self._top = top

    def sample(self) -> None:
        """Note mid, spread and queue as they are now."""
        bids, asks = self.sides[Side.BUY], self.sides[Side.SELL]
        if bids.best is None or asks.best is None:
            return
        bid, ask = float(bids.best), float(asks.best)
        self.mids.append((bid + ask) / 2)
        self.spreads.append((ask / bid - 1) * BPS_PER_ONE)
        self.top_sizes.append(float(bids.quantity(bids.best)))

    def fit(self, seconds: float) -> SymbolFit:
        """Sum up over this many seconds of market time."""
        moves = [abs(move) for move in _moves(self.mids, 10)]
        return SymbolFit(
            frames_per_s=self.frames / seconds,
            tops_per_s=self.tops / seconds,
            trades_per_s=len(self.sizes) / seconds,
            orders_per_s=len(self.orders) / seconds,
            trade_size_p50=_quantile(self.sizes, 0.5),
            trade_size_p90=_quantile(self.sizes, 0.9),
            trade_size_p99=_quantile(self.sizes, 0.99),
            trade_size_mean=sum(self.sizes) / max(1, len(self.sizes)),
            top_size_p50=_quantile(self.top_sizes, 0.5),
            spread_bps_mean=sum(self.spreads) / max(1, len(self.spreads)),
            spread_bps_p50=_quantile(self.spreads, 0.5),
            spread_bps_p90=_quantile(self.spreads, 0.9),
            spread_bps_p99=_quantile(self.spreads, 0.99),
            volatility_tenth=_volatility(self.mids, 1),
            volatility_second=_volatility(self.mids, 10),
            volatility_ten=_volatility(self.mids, 100),
            move_second_p50=_quantile(moves, 0.5),
            move_second_p90=_quantile(moves, 0.9),
            move_second_p99=_quantile(moves, 0.99),
            buys_share=self.buys / max(1, len(self.sizes)),
        )

    def _book(self, frame: BookSnapshot | BookDelta | BestQuotes) -> None:
        bids, asks = (
            ((frame.bid,), (frame.ask,))
            if isinstance(frame, BestQuotes)
            else (frame.bids, frame.asks)
        )
        for side, levels in ((Side.BUY, bids), (Side.SELL, asks)):
            if not isinstance(frame, BookDelta):
                self.sides[side].replace(levels)
                continue
            for price, quantity in levels:
                self.sides[side].put(price, quantity)


def fit(flow: MarketFlow, seconds: int) -> MarketFit:
    """Measure a flow over `seconds` (> 0) of market time from where it stands."""
    records = {rules.symbol: SymbolRecord() for rules in flow.instruments}
    begin_ms = sample_ms = -1
    for frame in flow.frames():
        if begin_ms < 0:
            begin_ms = frame.time_ms
            sample_ms = begin_ms + SAMPLE_MS
        if frame.time_ms > begin_ms + seconds * 1000:
            break
        while frame.time_ms >= sample_ms:
            sample_ms += SAMPLE_MS
            for record in records.values():
                record.sample()
        records[frame.symbol].take(frame)
    basis = list(_basis(records))
    mean = sum(basis) / max(1, len(basis))
    return MarketFit(
        seconds=seconds,
        symbols={symbol: record.fit(seconds) for symbol, record in records.items()},
        basis_mean_bps=mean,
        basis_sd_bps=math.sqrt(sum((value - mean) ** 2 for value in basis) / max(1, len(basis))),
    )


def _basis(records: dict[str, SymbolRecord]) -> Iterator[float]:
    for symbol, perp in records.items():
        spot = records.get(symbol.partition(":")[0])
        if spot is not None and spot is not perp:
            pairs = zip(spot.mids, perp.mids, strict=False)
            yield from ((mid / other - 1) * BPS_PER_ONE for other, mid in pairs)
            return


def _moves(mids: Sequence[float], samples: int) -> list[float]:
    taken = mids[::samples]
    return [math.log(later / earlier) * BPS_PER_ONE for earlier, later in pairwise(taken)]


def _volatility(mids: Sequence[float], samples: int) -> float:
    moves = _moves(mids, samples)
    mean = sum(move * move for move in moves) / max(1, len(moves))
    return math.sqrt(mean * 60_000 / (samples * SAMPLE_MS))


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else math.nan
