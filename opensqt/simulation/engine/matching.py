"""Price-time matching of one symbol: other people's book (the flow) and our orders in one queue. No I/O, no clock.

The fill model
- The book is the flow's L2 book plus our resting orders. On entry an order's queue position (`ahead`) is the flow's
  displayed quantity at its price; our orders at one price keep their time order among themselves.
- A trade of the flow at our price eats the queue ahead first, then us, then what stands between us and our next order.
- When the flow lowers a level by more than trades explain, people cancelled: `ahead` shrinks in proportion, or by none
  (`QueueModel`; a level and the trades that changed it may be told in either order).
- Where the flow tells its best level only, an order behind it waits for all that is shown once its level is the best.
- A trade through our price would have met us first: it fills us at our price, at most its quantity.
- A flow quote that crosses our price fills us at our price, at most its quantity, and that quantity is used up.
- A taker walks the book; the flow's liquidity it takes stays taken until the flow states that level again. Resting
  orders of other accounts are met in the same queue. Meeting an order of its own account expires the taker.
- The flow's quantities count in whole steps: dust finer than the step (spot books hold it) cannot be traded, so it is
  not in the book, and every fill is a multiple of the step.
It never fills worse than a limit price and never more than what was displayed or traded.
"""

from decimal import Decimal

from opensqt.domain.decimals import EXACT, ZERO, floor_to
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.simulation.engine.book import MergedBook
from opensqt.simulation.engine.orders import (
    USUAL_CONDUCT,
    MatchingAccounts,
    OrderRefusal,
    Reason,
    Status,
    VenueConduct,
    VenueOrder,
)
from opensqt.simulation.engine.queue_position import UNSEEN, QueueModel, QueuePosition
from opensqt.simulation.market.flow import (
    BestQuotes,
    BookDelta,
    BookSnapshot,
    Frame,
    Level,
    MarketTrade,
)


class Matcher:
    """The matching engine of one symbol."""

    def __init__(
        self,
        rules: InstrumentRules,
        ledger: MatchingAccounts,
        conduct: VenueConduct = USUAL_CONDUCT,
        queue: QueueModel = QueueModel.PROPORTIONAL,
    ) -> None:
        self.rules, self._conduct = rules, conduct
        self.book = MergedBook(rules.quantity_step)
        self._ledger = ledger
        self._standing = QueuePosition(self.book, queue)
        self._best_only = False  # what lies behind the best levels is not known

    def play(self, frame: Frame | BestQuotes, *, match_trades: bool = True) -> Decimal:
        """Apply one frame of the flow; return the part of a trade that did not meet our orders (base units)."""
        match frame:
            case BookSnapshot():
                _restate(self, Side.BUY, frame.bids, frame.time_ms)
                _restate(self, Side.SELL, frame.asks, frame.time_ms)
            case BookDelta():
                for side, levels in ((Side.BUY, frame.bids), (Side.SELL, frame.asks)):
                    for price, quantity in levels:
                        self.set_level(side, price, quantity, frame.time_ms)
            case BestQuotes():
                self._best_only = True
                _show_best(self, Side.BUY, frame.bid, frame.time_ms)
                _show_best(self, Side.SELL, frame.ask, frame.time_ms)
            case MarketTrade():
                return self._trade(frame) if match_trades else frame.quantity
        if match_trades:
            self.uncross()
        return ZERO

    def uncross(self) -> None:
        """Fill our orders that the flow's opposite best has reached, at our price."""
        for side in Side:
            self._cross(side)

    def place(self, order: VenueOrder) -> None:
        """Match an order and rest what may rest; a post-only one that would take ends, or raises `OrderRefusal`."""
        counter = self.book.best(order.side.opposite)
        if (
            order.time_in_force is TimeInForce.POST_ONLY
            and counter is not None
            and order.crosses(counter)
        ):
            if not self._conduct.takes_post_only:
                raise OrderRefusal(Reason.WOULD_TAKE)
            order.status = Status.EXPIRED_POST_ONLY
            return
        if order.time_in_force is TimeInForce.FOK and self.available(order) < order.quantity:
            order.status = Status.EXPIRED
            return
        own_met = self._take(order)
        if order.remaining == 0:
            return
        if own_met:
            order.status = Status.EXPIRED_IN_MATCH
        elif order.type is OrderType.LIMIT and order.time_in_force in (
            TimeInForce.GTC,
            TimeInForce.POST_ONLY,
        ):
            self.book.rest(order, _ahead(self.book, order, best_only=self._best_only))
        else:
            order.status = Status.EXPIRED

    def available(self, order: VenueOrder) -> Decimal:
        """What this order could take at once from other people and other accounts (base units)."""
        total = ZERO
        side = order.side.opposite
        for price, quantity in self.book.levels(side):
            own = self.book.resting[side].get(price, ())
            met_itself = any(maker.account == order.account for maker in own)
            if met_itself or not order.crosses(price) or total >= order.quantity:
                break
            total += quantity
        return total

    def set_level(self, side: Side, price: Decimal, stated: Decimal, time_ms: int) -> None:
        """Let the flow state the quantity of a level (base units)."""
        quantity = floor_to(stated, self.book.step)
        self._standing.level_changes(side, price, quantity, time_ms)
        self.book.put(side, price, quantity)

    def _trade(self, trade: MarketTrade) -> Decimal:
        side, left = trade.taker.opposite, floor_to(trade.quantity, self.book.step)
        own = self.book.resting[side]
        if not own:
            return trade.quantity
        dust = trade.quantity - left
        through = (price for price in own if (price - trade.price) * side.sign > 0)
        for price in sorted(through, reverse=side is Side.BUY):
            for maker in list(own.get(price, ())):
                left -= self.fill_maker(maker, left)
        self._standing.trade_arrives(side, trade.price, left, trade.time_ms)
        eaten = ZERO
        for maker in list(own.get(trade.price, ())):
            ahead = min(left, max(ZERO, maker.ahead - eaten))
            eaten, left = eaten + ahead, left - ahead
            left -= self.fill_maker(maker, left)
        if eaten > 0:
            self.book.advance(side, trade.price, eaten)
        return left + eaten + dust

    def _cross(self, side: Side) -> None:
        flow = self.book.flow[side.opposite]
        while (price := self.book.best_resting(side)) is not None and flow.best is not None:
            counter = flow.best
            if (price - counter) * side.sign < 0:
                return
            before = left = flow.quantity(counter)
            for maker in list(self.book.resting[side][price]):
                left -= self.fill_maker(maker, left)
            if left == before:
                return
            self.book.put(side.opposite, counter, left)

    def _take(self, order: VenueOrder) -> bool:
        """Walk the book with a taker; return whether it met an order of its own account."""
        side = order.side.opposite
        while (wanted := _fillable(order, self._ledger, self.book.step)) > 0:
            price = self.book.best(side)
            if price is None or not order.crosses(price):
                return False
            before = order.filled
            if self._take_level(order, side, price, wanted):
                return True
            if order.filled == before:
                return False
        return False

    def _take_level(self, order: VenueOrder, side: Side, price: Decimal, wanted: Decimal) -> bool:
        eaten, own_met = ZERO, False
        for maker in list(self.book.resting[side].get(price, ())):
            ahead = min(wanted, max(ZERO, maker.ahead - eaten))
            if ahead > 0:
                self._fill(order, price, ahead, maker=False)
                eaten, wanted = eaten + ahead, wanted - ahead
            own_met = wanted > 0 and maker.account == order.account
            if own_met or wanted == 0:
                break
            met = self.fill_maker(maker, wanted)
            if met > 0:
                self._fill(order, price, met, maker=False)
                wanted -= met
        flow = self.book.flow[side].quantity(price)
        if not own_met and wanted > 0 and flow > eaten:
            rest = min(wanted, flow - eaten)
            self._fill(order, price, rest, maker=False)
            eaten += rest
        self.book.advance(side, price, eaten)
        self.book.put(side, price, flow - eaten)
        return own_met

    def fill_maker(self, maker: VenueOrder, offered: Decimal) -> Decimal:
        """Fill a resting order with what is offered, as far as it may be; return how much it was (base units)."""
        quantity = min(offered, _fillable(maker, self._ledger, self.book.step))
        if quantity <= 0:
            return ZERO
        self._fill(maker, maker.price, quantity, maker=True)
        if maker.remaining == 0:
            self.book.remove(maker)
        return quantity

    def _fill(self, order: VenueOrder, price: Decimal, quantity: Decimal, *, maker: bool) -> None:
        order.filled += quantity
        order.cost += EXACT.multiply(price, quantity)
        order.status = Status.FILLED if order.remaining == 0 else Status.PARTIALLY_FILLED
        if maker:
            self.book.touch(order.side, price)
        self._ledger.matched(order, price, quantity, maker=maker)


def _fillable(order: VenueOrder, ledger: MatchingAccounts, step: Decimal) -> Decimal:
    return floor_to(min(order.remaining, ledger.fillable(order)), step)


def _restate(matcher: Matcher, side: Side, levels: tuple[Level, ...], time_ms: int) -> None:
    stated = dict(levels)
    for price in [one for one in matcher.book.flow[side].prices() if one not in stated]:
        matcher.set_level(side, price, ZERO, time_ms)
    for price, quantity in levels:
        matcher.set_level(side, price, quantity, time_ms)


def _show_best(matcher: Matcher, side: Side, level: Level, time_ms: int) -> None:
    price, quantity = level
    before = matcher.book.flow[side].best
    if before is not None and (before - price) * side.sign > 0:
        matcher.set_level(side, before, ZERO, time_ms)
    elif before is not None and before != price:
        matcher.book.put(side, before, ZERO)  # still there, and out of sight
    matcher.set_level(side, price, quantity, time_ms)


def _ahead(book: MergedBook, order: VenueOrder, *, best_only: bool) -> Decimal:
    """Return how much of the flow stands before an order that comes to rest (base units)."""
    flow = book.flow[order.side]
    behind = flow.best is not None and (flow.best - order.price) * order.side.sign > 0
    return UNSEEN if best_only and behind else flow.quantity(order.price)
