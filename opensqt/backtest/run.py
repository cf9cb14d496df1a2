"""One run: a market walked on a virtual clock before a desk. The same input makes the same trades.

Rows of the market come first, then what is planned for the same millisecond, then the time. While every strategy waits,
the market goes on at once to the next row that touches an order of ours or ends a wait.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import msgspec

from opensqt.backtest.agenda import Agenda, Rank
from opensqt.backtest.tables import RunData
from opensqt.backtest.venue_side import FundingPlan, exchange_of
from opensqt.backtest.virtual_desk import VirtualDesk
from opensqt.domain.market import Candle, Mark
from opensqt.domain.messages import Event
from opensqt.runtime.config.all import Config
from opensqt.simulation.engine.exchange import Exchange
from opensqt.strategies.kernel import StrategySpec

REFRESH_MS = 5_000  # as often as funding and marks are told again
TOLD_EVERY_ROWS = 100_000

Progress = Callable[[int, int], None]  # rows, market ms


class BacktestRun:
    """A desk before a market; `desk.books` and `exchange` hold what came of it."""

    def __init__(
        self,
        config: Config,
        specs: list[StrategySpec[Any]],
        data: RunData,
        *,
        every_row: bool = False,
    ) -> None:
        self.config, self.data = config, data
        self.agenda = Agenda(data.begin_ms)
        self.exchange = exchange_of(config, data, self.agenda)
        self.market = data.opened(self.exchange, self.agenda)
        self.desk = VirtualDesk(
            config,
            specs,
            self.market,
            self.exchange,
            self.agenda,
            step_ms=data.step_ms,
            every_row=every_row,
        )
        self._funding = FundingPlan(config, data, self.exchange, self.agenda, self.desk.post)

    def run(self, progress: Progress | None = None) -> None:
        """Go on until the data end."""
        self._begin()
        told = 0
        while self.market.next_ms is not None:
            self._next()
            if progress is not None and self.market.rows - told >= TOLD_EVERY_ROWS:
                told = self.market.rows
                progress(self.market.rows, self.agenda.now_ms)

    def _begin(self) -> None:
        for rules in self.exchange.rules.values():
            shown = msgspec.structs.replace(rules, time_ms=self.agenda.now_ms)
            self.desk.books.show(shown)
            self.desk.post(shown)
        self._funding.begin()
        self.desk.begin()
        listeners = [seat for seat in self.desk.seats if "candle" in seat.spec.kinds]
        for symbol in sorted({symbol for seat in listeners for symbol in seat.spec.symbols}):
            if symbol in self.data.candles:
                self._plan_candle(self.data.candles[symbol]())
        self.desk.deliver()

    def _next(self) -> None:
        """Play one row of the market, or do the next thing that is due before it."""
        act_ms, time_ms = self.agenda.next_ms, self._time_ms()
        until_ms = min((ms for ms in (act_ms, time_ms) if ms is not None), default=None)
        interests = None
        if self.desk.asleep:
            interests = {symbol: self.desk.interest(symbol) for symbol in self.exchange.rules}
        symbol = self.market.advance(until_ms, interests)
        if symbol:
            self.desk.look(symbol)
        elif self.market.next_ms is None:
            return  # what would happen after the last price is not known
        elif act_ms is not None and act_ms == until_ms:
            self.agenda.run_next()
        elif time_ms is not None:
            self.agenda.now_ms = time_ms
            self.desk.tell_time(time_ms, self._shown(time_ms))
        self.desk.deliver()

    def _time_ms(self) -> int | None:
        """Return when somebody has to be told the time, on the steps of the clock."""
        step_ms = self.data.step_ms
        step = self.agenda.now_ms // step_ms + 1
        if not self.desk.asleep:
            return step * step_ms
        waits = [seat.wake.time_ms for seat in self.desk.seats if seat.wake is not None]
        due_ms = min((ms for ms in waits if ms is not None), default=None)
        return None if due_ms is None else max(step, -(-due_ms // step_ms)) * step_ms

    def _shown(self, time_ms: int) -> list[Event]:
        """Return what a venue says again every few seconds: rates of funding, and marks."""
        if time_ms % REFRESH_MS:
            return []
        return [*self._funding.messages(), *marks_of(self.exchange, time_ms)]

    def _plan_candle(self, candles: Iterator[Candle]) -> None:
        for candle in candles:
            if candle.time_ms > self.agenda.now_ms:
                told = msgspec.structs.replace(candle, venue=self.exchange.settlement.venue)
                self.agenda.at(candle.time_ms, Rank.WIRE, partial(self._close, told, candles))
                return

    def _close(self, candle: Candle, candles: Iterator[Candle]) -> None:
        self.desk.post(candle)
        self._plan_candle(candles)


def marks_of(exchange: Exchange, time_ms: int) -> Iterator[Mark]:
    """Yield the marks of the perpetuals: the mid of their books."""
    for symbol, mark in exchange.settlement.marks.items():
        if ":" in symbol and mark > 0:
            yield Mark(
                venue=exchange.settlement.venue,
                symbol=symbol,
                mark_price=mark,
                index_price=mark,
                time_ms=time_ms,
            )
