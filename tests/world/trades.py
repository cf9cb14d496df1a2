"""The trades of the journal as the judge of the World reads them, each with its order if anything names it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from opensqt.domain.order_events import Fill

Place = tuple[str, str]  # symbol, the venue's id of an order
Terms = tuple[Any, ...]  # symbol, trade id, side, quantity, price, fee, the fee's asset, profit
ZERO = Decimal(0)


def terms_of(symbol: str, trade: Any) -> Terms:
    """Return what a trade says, the journal's or the venue's."""
    money = (trade.quantity, trade.price, trade.fee, trade.fee_asset, trade.realized_pnl)
    return (symbol, trade.trade_id, trade.side.value, *money)


class Trades:
    """What was filled; trades that name no order of ours wait for the venue's id of one."""

    def __init__(self) -> None:
        self.booked: dict[tuple[str, str], Terms] = {}  # by symbol and trade id
        self._names: dict[Place, str] = {}
        self._waiting: dict[Place, list[Fill]] = {}

    def book(self, fill: Fill, blame: Callable[[str, str], None]) -> str:
        """Book a trade; return our id of its order, or an empty text while nobody has named it."""
        key = (fill.ref.symbol, fill.trade_id)
        if key in self.booked:
            blame("a fill is booked once", f"trade {fill.trade_id} of {fill.ref.symbol}")
        self.booked[key] = terms_of(fill.ref.symbol, fill)
        place = (fill.ref.symbol, fill.venue_order_id)
        name = fill.ref.client_order_id or self._names.get(place, "")
        if not name:
            self._waiting.setdefault(place, []).append(fill)
        return name

    def named(self, fact: Any) -> Decimal:
        """Hear of an order; return what was filled in trades that waited for the venue's id of it."""
        place = (fact.ref.symbol, getattr(fact, "venue_order_id", ""))
        if not place[1]:
            return ZERO
        self._names[place] = fact.ref.client_order_id
        return sum((fill.quantity for fill in self._waiting.pop(place, ())), ZERO)
