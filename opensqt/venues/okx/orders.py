"""Places, cancels and looks in OKX's words, one by one and up to twenty at once; pure."""

from collections.abc import Sequence

import msgspec

from opensqt.domain.decimals import canonical
from opensqt.domain.instruments import Market
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.venue import OrderRequest, OrderView
from opensqt.venues.engine.dialect import AnswerRow, ShownOrder
from opensqt.venues.engine.instrument import Instrument, Symbols, trimmed
from opensqt.venues.engine.rate_limit import ORDERS
from opensqt.venues.engine.request import Page, Query, RestRequest, SigningWindow, decoded
from opensqt.venues.engine.response import VenueResponse
from opensqt.venues.okx.parser import read_order
from opensqt.venues.okx.requests import (
    command,
    kind_of,
    read,
    rows_in,
    said_in,
    told_of_each,
)

DEADLINE_HEADER = "expTime"
SELF_TRADE_MODE = "cancel_taker"
TYPES = {
    TimeInForce.GTC: "limit",
    TimeInForce.IOC: "ioc",
    TimeInForce.FOK: "fok",
    TimeInForce.POST_ONLY: "post_only",
}


class _OkxAck(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to a place or a cancel; an order has a `state`."""

    ord_id: str
    cl_ord_id: str = ""
    state: str = ""


class OkxOrderEndpoints:
    """`order`, `batch-orders`, `cancel-order`, `cancel-batch-orders` and `orders-history`."""

    def place(self, at: Instrument, orders: Sequence[OrderRequest]) -> RestRequest:
        """Return a place of one order, or a batch."""
        terms = [_terms(at, order) for order in orders]
        if len(terms) == 1:
            cost = {ORDERS: 1.0, f"place/{at.venue_symbol}": 1.0}
            return command(at.market, "trade/order", terms[0], cost)
        count = float(len(terms))
        cost = {ORDERS: count, f"place_batch/{at.venue_symbol}": count}
        return command(at.market, "trade/batch-orders", terms, cost)

    def timed(self, request: RestRequest, window: SigningWindow) -> RestRequest:
        """Name the deadline in a header; the engine signs with the window's time."""
        headers = {**request.headers, DEADLINE_HEADER: str(window.deadline_ms)}
        return msgspec.structs.replace(request, headers=headers)

    def cancel(self, at: Instrument, client_order_ids: Sequence[str]) -> RestRequest:
        """Return a cancel of one order, or a batch."""
        named = [{"instId": at.venue_symbol, "clOrdId": name} for name in client_order_ids]
        if len(named) == 1:
            cost = {ORDERS: 1.0, f"cancel/{at.venue_symbol}": 1.0}
            return command(at.market, "trade/cancel-order", named[0], cost)
        count = float(len(named))
        cost = {ORDERS: count, f"cancel_batch/{at.venue_symbol}": count}
        return command(at.market, "trade/cancel-batch-orders", named, cost)

    def looks(self, at: Instrument, client_order_id: str) -> Sequence[RestRequest]:
        """Return the one query by our id."""
        params = {"instId": at.venue_symbol, "clOrdId": client_order_id}
        return (read(at.market, "trade/order", params, f"look/{at.venue_symbol}"),)

    def ended(self, at: Instrument) -> Query[Page[OrderView]]:
        """List the newest hundred orders that have ended."""

        def read_page(raw: bytes, symbols: Symbols) -> Page[OrderView]:
            return Page(rows=[read_order(row, symbols) for row in reversed(rows_in(raw))])

        request = read(at.market, "trade/orders-history", kind_of(at), "ended")
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
        ack = decoded(data, _OkxAck)
        return ShownOrder(
            venue_order_id=ack.ord_id,
            client_order_id=ack.cl_ord_id,
            order=read_order(data, symbols) if ack.state else None,
        )


def _terms(at: Instrument, order: OrderRequest) -> dict[str, str | bool]:
    """One order, self-trade mode included; what it counts in is base units (spot) or contracts."""
    spot = at.market is Market.SPOT
    terms: dict[str, str | bool] = {
        "instId": at.venue_symbol,
        "tdMode": "cash" if spot else "cross",
        "side": order.side.value,
        "clOrdId": order.client_order_id,
        "sz": canonical(trimmed(order.quantity)),
        "stpMode": SELF_TRADE_MODE,
    }
    if spot:
        terms["tgtCcy"] = "base_ccy"
    elif order.reduce_only:
        terms["reduceOnly"] = True
    if order.type is OrderType.MARKET:
        return {**terms, "ordType": "market"}
    price = canonical(trimmed(order.price))
    return {**terms, "ordType": TYPES[order.time_in_force], "px": price}
