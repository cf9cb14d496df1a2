"""The market of a World: a seeded walk of prices that fills what it crosses, seen by the services as ticks on FEED."""

import random
from decimal import Decimal

import msgspec

from opensqt.domain import ids
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.market import BookLevel, BookTop, Funding, Tick
from opensqt.domain.messages import Event, name_of
from opensqt.domain.subjects import subject_of
from opensqt.runtime.envelope import Envelope
from tests.support.fakes.bus import MemoryBus
from tests.world.desk import Desk
from tests.world.instruments import GRIDDED, LOADED, PERP, RULES, SPOT
from tests.world.load import Load
from tests.world.neighbour import Neighbour

RULES_EVERY = 12
BEGIN = {LOADED: 50_000, GRIDDED: 2_500, SPOT: 100, PERP: 100}
RATES = (Decimal("0.0003"), Decimal("-0.0001"))  # a carry pays, then it does not
RATE_TURNS = 20  # ticks until the rate turns
INTERVAL_HOURS = 8
BAND_BPS = 80
TOP = 10  # at the best prices: no clip of a carry is larger


class MarketMaker:
    """Moves the prices; `still` lets them rest."""

    def __init__(self, desk: Desk, bus: MemoryBus, draw: random.Random) -> None:
        self._desk = desk
        self._bus = bus
        self._draw = draw
        self._at_bps = dict.fromkeys(BEGIN, 0)
        self._count = 0
        self.still = False
        self.neighbour: Neighbour | None = None

    async def run(self, load: Load) -> None:
        """Trade for ever."""
        while True:
            for rule in map(RULES.__getitem__, self._desk.symbols):
                price = self._step(rule.symbol, rule.tick_size)
                if rule.symbol == LOADED:
                    load.price = price
                    if self.neighbour is not None:
                        self.neighbour.load.price = price
                if not self._desk.market_is_silent:
                    await self._tell(rule, price)
            if PERP in self._desk.symbols and self._count % 4 == 0:
                await self._show(self._funding())
            self._count += 1
            await self._desk.clock.sleep(self._desk.setting.tick_s)

    async def _tell(self, rule: InstrumentRules, price: Decimal) -> None:
        """Let market_data hear it, or say it in its place."""
        tick = self._tick(rule.symbol, price, rule.tick_size)
        if "market_data" in self._desk.posts:
            self._desk.feed.push(_book(tick))
            return
        if self._count % RULES_EVERY == 0:
            now_ms = self._desk.clock.market_ms()
            await self._show(msgspec.structs.replace(rule, time_ms=now_ms))
        await self._show(tick)

    def _step(self, symbol: str, tick_size: Decimal) -> Decimal:
        if not self.still:
            moved = self._at_bps[symbol] + self._draw.choice((-12, -5, -2, 0, 2, 5, 12))
            self._at_bps[symbol] = max(-BAND_BPS, min(BAND_BPS, moved))
        price = Decimal(BEGIN[symbol]) * (10_000 + self._at_bps[symbol]) / 10_000
        price = (price / tick_size).to_integral_value() * tick_size
        volume = self._draw.choice((None, None, Decimal("0.003"), Decimal("0.02")))
        if not self.still or not self._desk.exchange.price(symbol):
            self._desk.exchange.trade(symbol, price, volume)
            if self.neighbour is not None:
                self.neighbour.exchange.trade(symbol, price, volume)
        return price

    def _tick(self, symbol: str, price: Decimal, tick_size: Decimal) -> Tick:
        return Tick(
            venue="binance",
            symbol=symbol,
            bid_price=price - tick_size,
            bid_quantity=Decimal(TOP),
            ask_price=price + tick_size,
            ask_quantity=Decimal(TOP),
            time_ms=self._desk.clock.market_ms(),
            book_sequence=self._count + 1,
        )

    def _funding(self) -> Funding:
        now_ms = self._desk.clock.market_ms()
        return Funding(
            venue="binance",
            symbol=PERP,
            rate=RATES[self._count // RATE_TURNS % 2],
            interval_hours=INTERVAL_HOURS,
            next_funding_ms=now_ms + INTERVAL_HOURS * 3_600_000,
            time_ms=now_ms,
        )

    async def _show(self, message: Event) -> None:
        now_ms = self._desk.clock.market_ms()
        subject = subject_of(message)
        envelope = Envelope(
            event_id=ids.event_id("market", subject, self._count),
            type=name_of(message),
            source="market",
            time_ms=now_ms,
        )
        await self._bus.publish(subject, message, envelope, confirmed=False)


def _book(tick: Tick) -> BookTop:
    bid = BookLevel(price=tick.bid_price, quantity=tick.bid_quantity)
    ask = BookLevel(price=tick.ask_price, quantity=tick.ask_quantity)
    return BookTop(
        venue=tick.venue,
        symbol=tick.symbol,
        bids=(bid,),
        asks=(ask,),
        time_ms=tick.time_ms,
        book_sequence=tick.book_sequence,
    )
