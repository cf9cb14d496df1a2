"""What our own fills made: worth of each place at the price of its last trade, and results of closing orders. Pure.

The journal alone decides it, so every fold of the same journal finds the same peak and the same losses.
"""

from decimal import Decimal

import msgspec

from opensqt.domain import position
from opensqt.domain.account import FundingPaid
from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.intent import Purpose
from opensqt.domain.ledger_wallet import assets_of, quote_fee
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill
from opensqt.domain.order_index import Change
from opensqt.domain.order_state import TERMINAL, Order
from opensqt.domain.position import FLAT, Position
from opensqt.domain.received import received
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.strategy_events import PositionAdopted

Place = tuple[str, str, str]  # venue, account, symbol
Slot = tuple[str, Place, str]  # strategy, place, slot


class PlaceWorth(msgspec.Struct, frozen=True, kw_only=True):
    """What trading a place has brought (`cash`, quote units) and what is held there, at its last trade's price."""

    cash: Decimal = ZERO
    quantity: Decimal = ZERO  # base units
    price: Decimal = ZERO

    @property
    def equity(self) -> Decimal:
        """Quote units, 0 before the first trade."""
        return EXACT.add(self.cash, EXACT.multiply(self.quantity, self.price))


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What one fact changed: the equity of a place, and the results of closing orders that ended, in quote units."""

    place: Place
    equity: Decimal
    closes: tuple[Decimal, ...] = ()


class EquityBook:
    """PlaceWorth by place, cost by slot: a close is measured against what its own slot paid, fees included."""

    def __init__(self) -> None:
        self._worth: dict[Place, PlaceWorth] = {}
        self._slots: dict[Slot, Position] = {}
        self._results: dict[str, Decimal] = {}  # of closing orders that may still fill, by our id

    def fold(self, event: Event, change: Change) -> News | None:
        """Take in a fact; return what it changed, None where that is nothing."""
        if isinstance(event, FundingPaid) and event.asset in assets_of(event.symbol)[1:]:
            return self._moved(_place(event), cash=event.amount)
        if isinstance(event, Adjustment):
            # Nobody knows at which price: it is worth what it costs.
            return self._moved(_place(event), quantity=event.quantity)
        if isinstance(event, PositionAdopted):
            return self._moved(_place(event), quantity=event.quantity, price=event.entry_price)
        return self._traded(change)

    def _traded(self, change: Change) -> News | None:
        news = None
        for fill in change.booked:
            price, cash = fill.price, EXACT.minus(quote_fee(fill))
            place = (fill.ref.venue, fill.ref.account, fill.ref.symbol)
            news = self._moved(place, quantity=received(fill), price=price, cash=cash)
        for fill in (*change.booked, *change.claimed):
            self._fill_slot(fill, change.order)
        return self._closed(change, news)

    def _moved(
        self, place: Place, *, quantity: Decimal = ZERO, price: Decimal = ZERO, cash: Decimal = ZERO
    ) -> News:
        known = self._worth.get(place, PlaceWorth())
        price = price or known.price
        # What was held before any price was known is worth what it costs.
        bought = quantity if known.price else EXACT.add(known.quantity, quantity)
        paid = EXACT.multiply(bought, price)
        worth = PlaceWorth(
            cash=EXACT.add(EXACT.subtract(known.cash, paid), cash),
            quantity=EXACT.add(known.quantity, quantity),
            price=price,
        )
        self._worth[place] = worth
        return News(place=place, equity=worth.equity)

    def _fill_slot(self, fill: Fill, order: Order | None) -> None:
        if order is None or order.placed is None:
            return
        placed = order.placed
        place = (fill.ref.venue, fill.ref.account, fill.ref.symbol)
        slot = (placed.ref.strategy, place, placed.slot)
        before = self._slots.pop(slot, FLAT)
        brought, fee = received(fill), quote_fee(fill)
        after = position.trade(before, brought, fill.price)
        if before.quantity == 0 or (before.quantity > 0) == (brought > 0):
            after = msgspec.structs.replace(after, cost=EXACT.add(after.cost, fee))
        elif placed.purpose is Purpose.CLOSE:
            gained = EXACT.subtract(after.realized_pnl, before.realized_pnl)
            earlier = self._results.get(order.client_order_id, ZERO)
            self._results[order.client_order_id] = EXACT.add(earlier, EXACT.subtract(gained, fee))
        if after.quantity:
            self._slots[slot] = after

    def _closed(self, change: Change, news: News | None) -> News | None:
        """Add the result of a closing order whose end was not known before."""
        order = change.order
        if order is None or order.placed is None or order.phase not in TERMINAL:
            return news
        result = self._results.pop(order.client_order_id, None)
        if result is None:
            return news
        ref = order.placed.ref
        news = news or self._moved((ref.venue, ref.account, ref.symbol))
        return msgspec.structs.replace(news, closes=(result,))


def _place(event: FundingPaid | Adjustment | PositionAdopted) -> Place:
    return event.venue, event.account, event.symbol
