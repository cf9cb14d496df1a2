"""Files in columns as the data of a run: which tracks they make, and what had to be assumed for it."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from pathlib import Path

import msgspec

from opensqt.backtest.agenda import Agenda
from opensqt.backtest.column_market import ColumnMarket, RowTrack
from opensqt.backtest.layouts import DataRefused, Subject
from opensqt.backtest.market import WalkedMarket
from opensqt.backtest.rows import RowKind, Rows, decimal_of
from opensqt.backtest.series import Gaps, Grain, Series, kind_of
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.market import Candle
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.market.orderflow_instruments import rules_for

STEP_MS = 100  # as often as the desk is told the time
Rate = tuple[int, Decimal]  # market ms, fraction of the notional


class RunSpan(msgspec.Struct, frozen=True, kw_only=True):
    """From when to when a run goes, in market ms; None: as far as the data do."""

    from_ms: int | None = None
    to_ms: int | None = None
    for_ms: int | None = None

    def ends(self, begin_ms: int) -> int | None:
        """Return before which market time the run ends."""
        spans = [self.to_ms, None if self.for_ms is None else begin_ms + self.for_ms]
        return min((one for one in spans if one is not None), default=None)


class RunData(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a run needs of its data; `opened` plays it to an exchange."""

    instruments: tuple[InstrumentRules, ...]
    begin_ms: int
    opened: Callable[[Exchange, Agenda], WalkedMarket]
    sha256: str
    files: tuple[str, ...]
    models: tuple[str, ...]  # what was made of the data, a sentence each
    candles: Mapping[str, Callable[[], Iterator[Candle]]] = {}  # by symbol, where files hold them
    funding: Mapping[str, tuple[Rate, ...]] = {}
    step_ms: int = STEP_MS
    tick_age_ms_min: int = 0  # prices are told no more often than this
    gaps: Gaps | None = None
    to_ms: int | None = None


def hash_of(paths: Sequence[Path]) -> str:
    """Return the SHA-256 (hex) of files and their names."""
    found = hashlib.sha256()
    for path in sorted(paths, key=lambda path: path.name):
        with path.open("rb") as file:
            found.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


class TableData:
    """Files in columns: which tracks they make, and what had to be assumed for it."""

    def __init__(
        self, series: Sequence[Series], volume_share: Decimal, span: RunSpan, gaps: Gaps
    ) -> None:
        self._series, self._share, self._span, self._gaps = series, volume_share, span, gaps
        self._by: dict[str, dict[Subject, Series]] = {}
        for one in series:
            self._by.setdefault(one.symbol, {})[one.subject] = one
        self._models: list[str] = []
        self._grains: dict[str, Grain] = {}
        self._step_ms = STEP_MS
        self._tick_age_ms = 0

    def data(self) -> RunData:
        """Return the data of the run."""
        makers = [self._track(symbol, subjects) for symbol, subjects in self._by.items()]
        plans = [plan for plans in makers for plan in plans]
        if not plans:
            raise DataRefused("--data holds funding rates only; expected quotes, trades or candles")
        from_ms = self._span.from_ms
        begins = [_begin_ms(blocks(), from_ms) for _, _, blocks in plans]
        begin_ms = min(begins)
        to_ms = self._span.ends(begin_ms)
        paths = [file.path for one in self._series for file in one.files]

        def opened(exchange: Exchange, agenda: Agenda) -> WalkedMarket:
            tracks = [
                RowTrack(symbol, kind, _within(blocks(), from_ms, to_ms))
                for symbol, kind, blocks in plans
            ]
            return ColumnMarket(tracks, exchange, agenda)

        return RunData(
            instruments=tuple(
                rules_for(symbol, grain.price_decimals, grain.quantity_decimals)
                for symbol, grain in self._grains.items()
            ),
            begin_ms=begin_ms,
            opened=opened,
            sha256=hash_of(paths),
            files=tuple(map(str, paths)),
            models=tuple(self._models),
            candles={
                symbol: _candles_of(subjects[Subject.CANDLES])
                for symbol, subjects in self._by.items()
                if Subject.CANDLES in subjects
            },
            funding={
                symbol: tuple(_rates(subjects[Subject.FUNDING]))
                for symbol, subjects in self._by.items()
                if Subject.FUNDING in subjects
            },
            step_ms=self._step_ms,
            tick_age_ms_min=self._tick_age_ms,
            gaps=self._gaps,
            to_ms=to_ms,
        )

    def _track(
        self, symbol: str, subjects: Mapping[Subject, Series]
    ) -> list[tuple[str, RowKind, Callable[[], Iterator[Rows]]]]:
        """Return what is played of a symbol: quotes and trades, else prices of trades, else of candles."""
        quotes, trades = subjects.get(Subject.QUOTES), subjects.get(Subject.TRADES)
        candles = subjects.get(Subject.CANDLES)
        if quotes is not None:
            self._grains[symbol] = quotes.grain()
            self._models.append(
                f"Prices of {symbol}: recorded best bid and ask; deeper levels unknown."
            )
            found = [(symbol, RowKind.QUOTE, quotes.quotes)]
            if trades is not None:
                found.append((symbol, kind_of(Subject.TRADES, quoted=True), trades.trades))
            return found
        if trades is not None:
            grain = self._grains[symbol] = trades.grain()
            self._models.append(
                f"Prices of {symbol}: trades, with a quote a tick below and above each."
            )
            return [(symbol, RowKind.QUOTE, lambda: trades.last_prices(grain))]
        if candles is None:
            return []
        grain = self._grains[symbol] = candles.grain()
        self._models.append(
            f"Prices of {symbol}: candles of {candles.interval_ms // 1000} s, each walked on its shortest way"
            f" (open, low, high, close where it rose, else open, high, low, close); an order is filled when"
            f" the price has gone through it, by at most {self._share:%} of the volume."
        )
        self._step_ms = max(STEP_MS, candles.interval_ms // 4)
        self._tick_age_ms = max(self._tick_age_ms, 2 * candles.interval_ms)
        return [(symbol, RowKind.QUOTE, lambda: candles.ways(grain, self._share))]


def _begin_ms(blocks: Iterator[Rows], from_ms: int | None) -> int:
    for rows in _within(blocks, from_ms, None):
        return int(rows.time_ms[0])
    raise DataRefused("--from: all data end before it")


def _within(blocks: Iterator[Rows], from_ms: int | None, to_ms: int | None) -> Iterator[Rows]:
    """Yield the rows between two market times; nothing is read beyond the second."""
    for rows in blocks:
        begin = 0 if from_ms is None else int(rows.time_ms.searchsorted(from_ms))
        end = len(rows.time_ms) if to_ms is None else int(rows.time_ms.searchsorted(to_ms))
        if begin < end:
            yield rows.between(begin, end)
        if end < len(rows.time_ms):
            return


def _candles_of(series: Series) -> Callable[[], Iterator[Candle]]:
    def candles() -> Iterator[Candle]:
        for block in series.columns():
            columns = [
                block[name].tolist() for name in ("time", "open", "high", "low", "close", "volume")
            ]
            for open_ms, opened, high, low, close, volume in zip(*columns, strict=True):
                yield Candle(
                    venue="",
                    symbol=series.symbol,
                    interval_ms=series.interval_ms,
                    open_time_ms=open_ms,
                    open=decimal_of(opened),
                    high=decimal_of(high),
                    low=decimal_of(low),
                    close=decimal_of(close),
                    volume=decimal_of(volume),
                    closed=True,
                    time_ms=open_ms + series.interval_ms,
                )

    return candles


def _rates(series: Series) -> Iterator[Rate]:
    return chain.from_iterable(
        (
            (time_ms, decimal_of(rate))
            for time_ms, rate in zip(block["time"].tolist(), block["rate"].tolist(), strict=True)
        )
        for block in series.columns()
    )
