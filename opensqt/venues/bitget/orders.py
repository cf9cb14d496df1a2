"""Places, cancels and looks in Bitget's words, one by one and up to twenty at once; pure."""

from collections.abc import Sequence

from opensqt.domain.decimals import canonical
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import OrderType
from opensqt.domain.venue import OrderRequest, OrderView
from opensqt.venues.bitget.account import listed
from opensqt.venues.bitget.parser import BitgetOrder, order_view
from opensqt.venues.bitget.requests import category_of, read, said_in, told_of_each, write
from opensqt.venues.bitget.words import CROSS, SELF_TRADE, TIMES_IN_FORCE
from opensqt.venues.engine.dialect import AnswerRow, ShownOrder
from opensqt.venues.engine.instrument import Instrument, Symbols, trimmed
from opensqt.venues.engine.rate_limit import ORDERS
from opensqt.venues.engine.request import (
    Inexpressible,
    Page,
    Query,
    RestRequest,
    SigningWindow,
    decoded,
)
from opensqt.venues.engine.response import VenueResponse

COUNTS_MONEY = "a market buy of spot counts money at Bitget, not base units: place a limit order with time in force IOC"


class BitgetOrderEndpoints:
    """`place-order`, `cancel-order`, their batches, `order-info` and `history-orders` of all categories."""

    def place(self, at: Instrument, orders: Sequence[OrderRequest]) -> RestRequest:
        """Return a place of one order, or a batch."""
        terms = [_terms(at, order) for order in orders]
        cost = {ORDERS: float(len(orders))}
        if len(terms) == 1:
            return write(at.market, "place-order", terms[0], cost)
        return write(at.market, "place-batch", terms, cost)

    def timed(self, request: RestRequest, window: SigningWindow) -> RestRequest:
        """Nothing can be said: the venue refuses what was signed half a minute ago, and `POLICY` reckons with it."""
        del window
        return request

    def cancel(self, at: Instrument, client_order_ids: Sequence[str]) -> RestRequest:
        """Return a cancel of one order, or a batch."""
        place = {"category": category_of(at), "symbol": at.venue_symbol}
        named = [{**place, "clientOid": name} for name in client_order_ids]
        cost = {ORDERS: float(len(named))}
        if len(named) == 1:
            return write(at.market, "cancel-order", named[0], cost)
        return write(at.market, "cancel-batch", named, cost)

    def looks(self, at: Instrument, client_order_id: str) -> Sequence[RestRequest]:
        """Return the one query by our id, whatever has become of the order."""
        params = {"clientOid": client_order_id}
        return (read(at.market, "trade/order-info", params, rate="read"),)

    def ended(self, at: Instrument) -> Query[Page[OrderView]]:
        """List the newest orders that have ended."""
        params = {"category": category_of(at), "symbol": at.venue_symbol}

        def read_page(raw: bytes, symbols: Symbols) -> Page[OrderView]:
            return Page(rows=[order_view(row, symbols) for row in listed(raw).rows[::-1]])

        request = read(at.market, "trade/history-orders", params, rate="read")
        return Query(request=request, read=read_page)

    def said(self, response: VenueResponse) -> AnswerRow | None:
        """Return the error that an answer is, or the answer."""
        return said_in(response)

    def rows(self, response: VenueResponse, count: int) -> Sequence[AnswerRow]:
        """Return the rows of an answer, each an order, an acknowledgement or an error."""
        del count
        return told_of_each(response)

    def shown(self, data: bytes, symbols: Symbols, market: Market) -> ShownOrder:
        """Read the order of an answer, or the bare acknowledgement of one; raise `Unreadable`."""
        del market
        wire = decoded(data, BitgetOrder)
        return ShownOrder(
            venue_order_id=wire.order_id,
            client_order_id=wire.client_oid or "",
            order=order_view(data, symbols) if wire.order_status else None,
        )


def _terms(at: Instrument, order: OrderRequest) -> dict[str, str]:
    """Return the terms of one order; margin mode and self-trade mode are said each time.

    Docs, place-order: "for market buy orders, the unit is quote coin". Of perpetuals that is not so.
    """
    if (at.market, order.type, order.side) == (Market.SPOT, OrderType.MARKET, Side.BUY):
        raise Inexpressible(COUNTS_MONEY)
    terms = {
        "category": category_of(at),
        "symbol": at.venue_symbol,
        "qty": canonical(trimmed(order.quantity)),
        "side": order.side.value,
        "clientOid": order.client_order_id,
        "stpMode": SELF_TRADE,
    }
    if order.type is OrderType.MARKET:
        terms["orderType"] = "market"
    else:
        terms |= {
            "orderType": "limit",
            "price": canonical(trimmed(order.price)),
            "timeInForce": TIMES_IN_FORCE[order.time_in_force],
        }
    if at.market is Market.SPOT:
        return terms
    return {**terms, "marginMode": CROSS, "reduceOnly": "yes" if order.reduce_only else "no"}
