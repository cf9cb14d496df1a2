"""What the page knows: the books of the desk and the last moments of the market, folded. Pure; it decides nothing.

The books are the shared fold of the journal; kept beside them is only what a person looks at now.
"""

from collections import deque
from decimal import Decimal

from opensqt.api.seen import DeskSeen
from opensqt.domain.control import CallAudited
from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.ledger import Key, Ledger, LedgerTable
from opensqt.domain.level_positions import adopted, corrected, traded
from opensqt.domain.market import (
    BookTop,
    Candle,
    FeedStatus,
    Funding,
    Mark,
    MarketEvent,
    Tick,
    Time,
    Trade,
)
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill
from opensqt.domain.order_state import Order
from opensqt.domain.position import FLAT, Position
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.strategy_events import PositionAdopted
from opensqt.domain.verdict import RiskRefused
from opensqt.strategies.planner import level_of
from services.gateway.activity import ActivityLine, line_of
from services.gateway.earnings import HOUR_MS, HOURS, Earnings

MINUTE_MS = 60_000
CANDLES_MAX = 240
FILLS_MAX = 200
REFUSALS_MAX = 20
TAPE_MAX = 80
CALLS_MAX = 1000

Place = tuple[str, str]  # venue, symbol

_Quoted = MarketEvent | Time


class Quotes:
    """The last words of the market about each symbol."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.ticks: dict[Place, Tick] = {}
        self.marks: dict[Place, Mark] = {}
        self.fundings: dict[Place, Funding] = {}
        self.rules: dict[Place, InstrumentRules] = {}
        self.feeds: dict[tuple[str, str, str], FeedStatus] = {}

    def fold(self, message: _Quoted) -> None:
        """Take in one market message."""
        match message:
            case Tick():
                self.ticks[message.venue, message.symbol] = message
            case Mark():
                self.marks[message.venue, message.symbol] = message
            case Funding():
                self.fundings[message.venue, message.symbol] = message
            case InstrumentRules():
                self.rules[message.venue, message.symbol] = message
            case FeedStatus():
                self.feeds[message.venue, message.symbol, message.channel] = message
            case Time():
                self.now_ms = max(self.now_ms, message.time_ms)
            case _:
                _not_mine: Trade | BookTop | Candle = message

    def price(self, place: Place) -> Decimal | None:
        """Return mark, else middle, in quote units; None while nothing was heard."""
        mark = self.marks.get(place)
        if mark is not None:
            return mark.mark_price
        tick = self.ticks.get(place)
        return middle(tick) if tick is not None else None

    def prices(self) -> dict[Place, Decimal]:
        """Return the price of each symbol that was heard of."""
        found = ((place, self.price(place)) for place in {**self.ticks, **self.marks})
        return {place: price for place, price in found if price is not None}


class HourPrices:
    """The price with which each of the last hours began: the first mark in its first minute, else tick or candle."""

    def __init__(self) -> None:
        self._prices: dict[int, dict[Place, tuple[bool, Decimal]]] = {}

    def fold(self, message: MarketEvent) -> None:
        """Take in a mark, a tick or a candle, where it tells how an hour began."""
        match message:
            case Mark():
                self._begin(message, message.time_ms, message.mark_price, is_mark=True)
            case Tick():
                self._begin(message, message.time_ms, middle(message))
            case Candle():
                self._begin(message, message.open_time_ms, message.open)
            case _:
                _not_mine: Trade | BookTop | Funding | FeedStatus | InstrumentRules = message

    def at(self, hour_ms: int) -> dict[Place, Decimal]:
        """Return the prices with which an hour began, as far as they were heard."""
        return {place: price for place, (_, price) in self._prices.get(hour_ms, {}).items()}

    def _begin(
        self, said: Mark | Tick | Candle, time_ms: int, price: Decimal, *, is_mark: bool = False
    ) -> None:
        if time_ms % HOUR_MS >= MINUTE_MS:
            return
        hour = self._prices.setdefault(time_ms - time_ms % HOUR_MS, {})
        known = hour.get((said.venue, said.symbol))
        if known is None or (is_mark and not known[0]):
            hour[said.venue, said.symbol] = (is_mark, price)
        while len(self._prices) > HOURS:
            del self._prices[min(self._prices)]


class Chart:
    """One-minute candles by symbol; where none came yet, the tick draws a provisional one."""

    def __init__(self) -> None:
        self.hours = HourPrices()
        self._rows: dict[Place, dict[int, Candle]] = {}
        self._drawn: set[tuple[Place, int]] = set()

    def fold(self, message: MarketEvent) -> None:
        """Take in a candle, or let a tick move the provisional one."""
        self.hours.fold(message)
        if isinstance(message, Candle) and message.interval_ms == MINUTE_MS:
            place = (message.venue, message.symbol)
            self._drawn.discard((place, message.open_time_ms))
            self._put(place, message)
        elif isinstance(message, Tick):
            self._draw(message)

    def rows(self, place: Place) -> list[Candle]:
        """Return the candles of a symbol, oldest first."""
        return list(self._rows.get(place, {}).values())

    def _draw(self, tick: Tick) -> None:
        place, price = (tick.venue, tick.symbol), middle(tick)
        open_ms = tick.time_ms - tick.time_ms % MINUTE_MS
        known = self._rows.get(place, {}).get(open_ms)
        if known is not None and (place, open_ms) not in self._drawn:
            return
        self._drawn.add((place, open_ms))
        self._put(
            place,
            Candle(
                venue=tick.venue,
                symbol=tick.symbol,
                interval_ms=MINUTE_MS,
                open_time_ms=open_ms,
                open=known.open if known else price,
                high=max(known.high, price) if known else price,
                low=min(known.low, price) if known else price,
                close=price,
                volume=ZERO,
                closed=False,
                time_ms=tick.time_ms,
            ),
        )

    def _put(self, place: Place, candle: Candle) -> None:
        rows = self._rows.setdefault(place, {})
        late = bool(rows) and candle.open_time_ms < next(reversed(rows))
        is_new = candle.open_time_ms not in rows
        rows[candle.open_time_ms] = candle
        if late and is_new:
            self._rows[place] = rows = dict(sorted(rows.items()))
        while len(rows) > CANDLES_MAX:
            oldest = next(iter(rows))
            del rows[oldest]
            self._drawn.discard((place, oldest))


class GatewayState:
    """Everything the page shows, by folding FEED; made anew when FEED begins again."""

    def __init__(self) -> None:
        self.books = Ledger()
        self.quotes = Quotes()
        self.fills: deque[Fill] = deque(maxlen=FILLS_MAX)
        self.fills_count = 0
        self.refusals: deque[RiskRefused] = deque(maxlen=REFUSALS_MAX)
        self.tape: deque[ActivityLine] = deque(maxlen=TAPE_MAX)
        self.levels: dict[str, dict[int, Position]] = {}
        self.earnings = Earnings()
        self.seen = DeskSeen()
        self.calls: deque[tuple[str, CallAudited]] = deque(maxlen=CALLS_MAX)  # with their ids

    @property
    def living(self) -> list[Order]:
        """Return our orders that may still fill."""
        return self.books.index.open.living()

    def fold(self, event: Event, position: int, event_id: str = "") -> None:
        """Take in one event of FEED; `position` 0 for what is not in the journal."""
        if isinstance(event, _Quoted):
            self.quotes.fold(event)
        if position:
            self._recorded(event, position)
            if isinstance(event, CallAudited):
                self.calls.append((event_id, event))
        if isinstance(event, RiskRefused):
            self.refusals.append(event)
        line = line_of(event, position)
        if line is not None:
            self.tape.append(line)

    def _recorded(self, event: Event, position: int) -> None:
        change = self.books.fold(position, event)
        for fill in (*change.booked, *change.claimed):
            self.earnings.fill(_key(fill), fill)
            self._level(fill)
        self.seen.fold(event, change.booked, self.books)
        self.fills.extend(change.booked)
        self.fills_count += len(change.booked)
        if isinstance(event, PositionAdopted | Adjustment):
            self._corrected(event)
        for table, key in self.books.take_touched():
            if table is LedgerTable.POSITIONS:
                self.earnings.net(key, self.books.nets[key], event.time_ms)
            elif table is LedgerTable.FUNDING:
                paid = self.books.funding[key]
                self.earnings.funding((paid.venue, paid.account, paid.symbol), paid.asset)

    def _level(self, fill: Fill) -> None:
        order = self.books.orders.get(fill.ref.client_order_id)
        placed = order.placed if order is not None else None
        level = level_of(placed.slot) if placed is not None else None
        if level is not None:
            levels = self.levels.setdefault(fill.ref.strategy, {})
            levels.update(traded(levels, level, fill))

    def _corrected(self, event: PositionAdopted | Adjustment) -> None:
        levels = self.levels.setdefault(event.strategy, {})
        if isinstance(event, Adjustment):
            changed, _ = corrected(levels, event.quantity)
            levels.update(changed)
            return
        for slot in event.slots:
            levels[slot.level] = adopted(levels.get(slot.level, FLAT), slot)


def _key(fill: Fill) -> Key:
    return (fill.ref.venue, fill.ref.account, fill.ref.symbol, fill.trade_id)


def middle(tick: Tick) -> Decimal:
    """Return the middle of a tick in quote units."""
    return EXACT.multiply(EXACT.add(tick.bid_price, tick.ask_price), Decimal("0.5"))
