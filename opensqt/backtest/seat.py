"""One strategy of a run: what it has heard of the market, and whether it waits. Takes no decision itself.

A strategy that waits is told nothing of prices that cannot matter to it. Before it hears anything else it is shown what
it would know by then: the last prices, and the time.
"""

from collections.abc import Sequence
from typing import Any

from opensqt.backtest.market import WalkedMarket
from opensqt.domain.intent import Basis
from opensqt.domain.market import BookLevel, BookTop, Tick, Time
from opensqt.domain.messages import Event
from opensqt.strategies.decision import Decision, WakeCondition
from opensqt.strategies.kernel import StrategyInstance, StrategySpec

FIRST_RUN = 1


class StrategySeat:
    """A strategy instance that may be passed over while it waits."""

    def __init__(self, spec: StrategySpec[Any], market: WalkedMarket, *, every_row: bool) -> None:
        self.spec = spec
        self.instance = StrategyInstance(spec)
        self.instance.own_run = FIRST_RUN
        self._market, self._every_row = market, every_row
        self._seen: dict[str, int] = {}  # of each symbol's quotes
        self._told_ms = 0

    @property
    def wake(self) -> WakeCondition | None:
        """What it waits for; None while every event is a reason to look again."""
        return (
            self.instance.last.wake if self.instance.started and not self.instance.fault else None
        )

    @property
    def asleep(self) -> bool:
        """Whether prices and time may pass without it."""
        return self.wake is not None and not self._every_row

    def is_woken(self, tick: Tick) -> bool:
        """Tell whether it has to look at a price."""
        wake = self.wake
        if wake is None or self._every_row or wake.symbol != tick.symbol:
            return True
        mid = (tick.bid_price + tick.ask_price) / 2
        low, high = wake.price_min, wake.price_max
        return (low is not None and mid <= low) or (high is not None and mid >= high)

    def is_new(self, tick: Tick) -> bool:
        """Tell whether it has not been shown this price."""
        return tick.book_sequence != self._seen.get(tick.symbol)

    def show_tick(self, tick: Tick, basis: Basis) -> list[Decision]:
        """Let it look at a price, and at the best levels where it listens to books."""
        return [self.hear(shown, basis) for shown in self._shown(tick)]

    def freshen(self, time_ms: int, *, but: str = "") -> None:
        """Show it what passed while it waited: the last prices, `but` one, and the last time that was told."""
        for symbol in self.spec.symbols:
            tick = self._market.tick(symbol)
            if tick is not None and symbol != but and self.is_new(tick):
                for shown in self._shown(tick):
                    self.instance.see(shown)
        if time_ms > self._told_ms:
            self._told_ms = time_ms
            self.instance.see(Time(time_ms=time_ms))

    def hear(self, message: Event, basis: Basis) -> Decision:
        """Let it fold a message and decide; what it decides has been folded."""
        if isinstance(message, Time):
            self._told_ms = message.time_ms
        self.instance.see(message)
        if not self.instance.started or (self.instance.fault and not isinstance(message, Time)):
            return Decision()
        return self.instance.act(message, basis)

    def _shown(self, tick: Tick) -> Sequence[Tick | BookTop]:
        self._seen[tick.symbol] = tick.book_sequence
        if "book" not in self.spec.kinds:
            return (tick,)
        bid = BookLevel(price=tick.bid_price, quantity=tick.bid_quantity)
        ask = BookLevel(price=tick.ask_price, quantity=tick.ask_quantity)
        top = BookTop(
            venue=tick.venue,
            symbol=tick.symbol,
            bids=(bid,),
            asks=(ask,),
            time_ms=tick.time_ms,
            book_sequence=tick.book_sequence,
        )
        return (tick, top)
