"""Places, cancels and looks in Bybit's words, one by one and in batches; pure. What is placed is only acknowledged."""

from collections.abc import Sequence
from typing import Any

import msgspec

from opensqt.domain.decimals import canonical
from opensqt.domain.instruments import Market
from opensqt.domain.intent import OrderType
from opensqt.domain.venue import OrderRequest, OrderView
from opensqt.venues.bybit.errors import ENVELOPE, UNLISTED, row_of
from opensqt.venues.bybit.parser import ListPage, OrderRow, listed, order_view
from opensqt.venues.bybit.requests import CATEGORIES, read, write
from opensqt.venues.bybit.words import SELF_TRADE, SIDES, TIMES_IN_FORCE
from opensqt.venues.engine.dialect import AnswerRow, ShownOrder
from opensqt.venues.engine.instrument import Instrument, Symbols, trimmed
from opensqt.venues.engine.rate_limit import ORDERS
from opensqt.venues.engine.request import (
    Page,
    Query,
    RestRequest,
    SigningWindow,
    Unreadable,
    decoded,
)
from opensqt.venues.engine.response import VenueResponse

RECV_WINDOW_MS_MAX = 60_000
NEWEST = "50"


class _LegCode(msgspec.Struct, frozen=True):
    code: int
    msg: str = ""


class _LegCodes(msgspec.Struct, frozen=True):
    """The second list of a batch's answer: row by row what became of the first."""

    rows: list[_LegCode] = msgspec.field(name="list", default_factory=list)


class BybitOrderEndpoints:
    """`order/create`, `order/cancel`, `order/realtime` and `order/history` of both markets."""

    def place(self, at: Instrument, orders: Sequence[OrderRequest]) -> RestRequest:
        """Return a place of one order, or a batch."""
        terms = [_terms(at, order) for order in orders]
        cost = {ORDERS: float(len(orders))}
        if len(terms) > 1:
            batch = {"category": CATEGORIES[at.market], "request": terms}
            return write(at.market, "order/create-batch", batch, cost, orders=len(terms))
        one = {"category": CATEGORIES[at.market], **terms[0]}
        return write(at.market, "order/create", one, cost, orders=1)

    def timed(self, request: RestRequest, window: SigningWindow) -> RestRequest:
        """Let the receive window end at the deadline; ccxt signs it as an option, and with the window's time."""
        span_ms = max(0, min(RECV_WINDOW_MS_MAX, window.deadline_ms - window.signed_ms))
        return msgspec.structs.replace(request, client_options={"recvWindow": span_ms})

    def cancel(self, at: Instrument, client_order_ids: Sequence[str]) -> RestRequest:
        """Return a cancel of one order, or a batch."""
        names = [{"symbol": at.venue_symbol, "orderLinkId": name} for name in client_order_ids]
        cost = {ORDERS: float(len(names))}
        if len(names) > 1:
            batch = {"category": CATEGORIES[at.market], "request": names}
            return write(at.market, "order/cancel-batch", batch, cost, orders=len(names))
        one = {"category": CATEGORIES[at.market], **names[0]}
        return write(at.market, "order/cancel", one, cost, orders=1)

    def looks(self, at: Instrument, client_order_id: str) -> Sequence[RestRequest]:
        """Return the queries by our id: of what is open or ended lately, then of what ended before."""
        params = {"category": CATEGORIES[at.market], "symbol": at.venue_symbol}
        params["orderLinkId"] = client_order_id
        paths = ("order/realtime", "order/history")
        return [read(at.market, path, params) for path in paths]

    def ended(self, at: Instrument) -> Query[Page[OrderView]]:
        """List the newest orders, which come newest first."""
        params = {"category": CATEGORIES[at.market], "symbol": at.venue_symbol, "limit": NEWEST}

        def read_page(raw: bytes, symbols: Symbols) -> Page[OrderView]:
            rows = [order_view(bytes(row), symbols[at.market]) for row in listed(raw).rows]
            return Page(rows=rows[::-1])

        return Query(request=read(at.market, "order/history", params), read=read_page)

    def said(self, response: VenueResponse) -> AnswerRow | None:
        """Return what the envelope of an answer says; errors come with a good status."""
        try:
            envelope = ENVELOPE.decode(response.body)
        except (msgspec.DecodeError, RecursionError):
            return AnswerRow(data=response.evidence) if response.status == 200 else None
        good = bytes(envelope.result)
        row = row_of(
            envelope.ret_code, envelope.ret_msg, response.evidence if envelope.ret_code else good
        )
        if response.status == 200:
            return row
        if not row.code:
            return None
        return msgspec.structs.replace(row, name="", text=f"{row.text} (HTTP {response.status})")

    def rows(self, response: VenueResponse, count: int) -> Sequence[AnswerRow]:
        """Return the rows of an answer: acknowledgements with their codes, or the orders that a look found."""
        said = self.said(response)
        if said is None or said.code:
            return ()
        try:
            found = decoded(said.data, ListPage).rows
            codes = decoded(bytes(ENVELOPE.decode(response.body).ret_ext_info), _LegCodes).rows
        except (Unreadable, msgspec.DecodeError, RecursionError):
            return (said,)
        if codes:
            return [_leg(code, bytes(row)) for code, row in zip(codes, found, strict=False)]
        if not found and count == 1:
            return (AnswerRow(code=UNLISTED, text="no order of this id", name=UNLISTED),)
        return [AnswerRow(data=bytes(row)) for row in found[:count]]

    def shown(self, data: bytes, symbols: Symbols, market: Market) -> ShownOrder:
        """Read an order, or the acknowledgement of a request about one; raise `Unreadable`."""
        wire = decoded(data, OrderRow)
        return ShownOrder(
            venue_order_id=wire.order_id,
            client_order_id=wire.order_link_id,
            order=None if wire.is_ack else order_view(data, symbols[market]),
        )


def _leg(code: _LegCode, row: bytes) -> AnswerRow:
    """Return what a batch's answer says of one order: its acknowledgement names it, also one that is refused."""
    try:
        name = decoded(row, OrderRow).order_link_id
    except Unreadable:
        return AnswerRow(code="unreadable", text="a row of a batch", data=row)
    return row_of(code.code, code.msg, row, name)


def _terms(at: Instrument, order: OrderRequest) -> dict[str, Any]:
    """Return the terms of one order; one-way mode, no borrowing and the self-trade mode are said each time."""
    terms: dict[str, Any] = {
        "symbol": at.venue_symbol,
        "side": SIDES[order.side],
        "qty": canonical(trimmed(order.quantity)),
        "orderLinkId": order.client_order_id,
        "smpType": SELF_TRADE,
    }
    if order.type is OrderType.MARKET:
        terms |= {"orderType": "Market"}
    else:
        terms |= {
            "orderType": "Limit",
            "price": canonical(trimmed(order.price)),
            "timeInForce": TIMES_IN_FORCE[order.time_in_force],
        }
    if at.market is Market.PERP:
        return {**terms, "positionIdx": 0, "reduceOnly": order.reduce_only}
    unit = {"marketUnit": "baseCoin"} if order.type is OrderType.MARKET else {}
    return {**terms, "isLeverage": 0, **unit}
