"""Marks: last price, smallest lot and a count of ticks of each symbol, for people. No trading decision reads them."""

from decimal import Decimal

from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.market import Mark, Tick
from opensqt.runtime.bus.entrance import let_in
from opensqt.runtime.bus.port import Bus, Delivery, Start, Stream
from opensqt.runtime.clock import Clock
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.projection import port
from opensqt.runtime.projection.port import ProjectionStore
from opensqt.runtime.projection.tables import instant
from opensqt.runtime.retrying import follow_for_ever
from opensqt.runtime.telemetry.logs import Log
from opensqt.runtime.telemetry.metrics import Metrics
from services.reconciler.config import NAME

HEARD = ("md.*.*.tick", "md.*.*.mark", "md.*.*.rules")
HALF = Decimal("0.5")

_log = Log("reconciler.marks")


class LastPrices:
    """Hears the market and writes its last prices once in a while; what is lost meanwhile is not missed."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        projections: ProjectionStore,
        *,
        every_s: float,
        retry_s: float,
        metrics: Metrics,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._projections = projections
        self._every_s = every_s
        self._retry_s = retry_s
        self._metrics = metrics
        self._prices: dict[tuple[str, str], tuple[Decimal, int]] = {}
        self._ticks: dict[tuple[str, str], int] = {}
        self._rules: dict[tuple[str, str], InstrumentRules] = {}
        self._marked: set[tuple[str, str]] = set()  # symbols whose venue states a mark

    async def hear(self) -> None:
        """Follow the market for ever."""
        # What FEED lost of the market is not missed; the next tick says it all.
        await follow_for_ever(
            self._clock,
            lambda: self._bus.follow(Stream.FEED, HEARD, Start()),
            self._take,
            pause_s=self._retry_s,
            told=lambda error: _log.warning("market_lost", detail=str(error)),
        )

    async def write(self) -> None:
        """Write what changed, for ever."""
        while True:
            await self._clock.sleep(self._every_s)
            await self.flush()

    async def flush(self) -> None:
        """Write what changed since the last time; what cannot be written now is written later."""
        marks = [
            port.LastPrice(
                venue=key[0],
                symbol=key[1],
                price=price,
                ticks=self._ticks.get(key, 0),
                time=instant(time_ms),
                **_smallest(self._rules.get(key)),
            )
            for key, (price, time_ms) in self._prices.items()
        ]
        if not marks:
            return
        try:
            await self._projections.mark(marks)
        except JournalDown as error:
            _log.warning("marks_not_written", detail=str(error))
            return
        for mark in marks:
            key = (mark.venue, mark.symbol)
            self._ticks[key] = self._ticks.get(key, 0) - mark.ticks

    def take(self, message: Mark | InstrumentRules | Tick) -> None:
        """Take in one message of the market."""
        if isinstance(message, Mark):
            key = (message.venue, message.symbol)
            self._marked.add(key)
            self._prices[key] = (message.mark_price, message.time_ms)
        elif isinstance(message, InstrumentRules):
            self._rules[message.venue, message.symbol] = message
        else:
            key = (message.venue, message.symbol)
            self._ticks[key] = self._ticks.get(key, 0) + 1
            if key not in self._marked:
                self._prices[key] = (
                    (message.bid_price + message.ask_price) * HALF,
                    message.time_ms,
                )

    async def _take(self, delivery: Delivery) -> None:
        now_ms, speed = self._clock.market_ms(), self._clock.speed
        found = await let_in(self._bus, NAME, delivery, now_ms, self._metrics, speed=speed)
        if found is not None and isinstance(found[0], Mark | InstrumentRules | Tick):
            self.take(found[0])


def _smallest(rules: InstrumentRules | None) -> dict[str, Decimal]:
    names = ("quantity_step", "quantity_min", "notional_min")
    return {name: getattr(rules, name) for name in names} if rules is not None else {}
