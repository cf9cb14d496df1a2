"""Places, cancels and looks in Binance's words: one by one, and in batches where the market has them (USDⓈ-M); pure."""

from collections.abc import Sequence

import msgspec

from opensqt.domain.instruments import Market
from opensqt.domain.venue import EndReason, OrderRequest, OrderView
from opensqt.venues.binance.errors import row_of
from opensqt.venues.binance.parser import forced_by, order_view, order_views, place_params
from opensqt.venues.binance.requests import signed
from opensqt.venues.binance.weights import (
    ALL_ORDERS_WEIGHTS,
    BATCH_WEIGHT,
    CANCEL_WEIGHT,
    LOOK_WEIGHTS,
    PLACE_WEIGHTS,
)
from opensqt.venues.engine.dialect import AnswerRow, ShownOrder
from opensqt.venues.engine.instrument import Instrument, Symbols
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

ALL_ORDERS_LIMIT = "1000"
RECV_WINDOW_MS_MAX = 60_000


class BinanceOrderEndpoints:
    """`order`, `batchOrders` and `allOrders` of both markets."""

    def place(self, at: Instrument, orders: Sequence[OrderRequest]) -> RestRequest:
        """Return a place of one order, or a batch (USDⓈ-M)."""
        terms = [place_params(at.market, at.venue_symbol, order) for order in orders]
        if len(terms) > 1:
            cost = {ORDERS: BATCH_WEIGHT, at.market.value: BATCH_WEIGHT}
            return signed(at.market, "batchOrders", {"batchOrders": terms}, cost, verb="POST")
        cost = {ORDERS: 1.0, at.market.value: PLACE_WEIGHTS[at.market]}
        return signed(at.market, "order", terms[0], cost, verb="POST")

    def timed(self, request: RestRequest, window: SigningWindow) -> RestRequest:
        """Let `recvWindow` end at the deadline; the engine signs with the window's time."""
        span_ms = max(0, min(RECV_WINDOW_MS_MAX, window.deadline_ms - window.signed_ms))
        params = {**request.params, "recvWindow": str(span_ms)}
        return msgspec.structs.replace(request, params=params)

    def cancel(self, at: Instrument, client_order_ids: Sequence[str]) -> RestRequest:
        """Return a cancel of one order, or a batch (USDⓈ-M)."""
        cost = {ORDERS: 1.0, at.market.value: CANCEL_WEIGHT}
        if len(client_order_ids) > 1:
            params = {
                "symbol": at.venue_symbol,
                "origClientOrderIdList": list(client_order_ids),
            }
            return signed(at.market, "batchOrders", params, cost, verb="DELETE")
        one = {"symbol": at.venue_symbol, "origClientOrderId": client_order_ids[0]}
        return signed(at.market, "order", one, cost, verb="DELETE")

    def looks(self, at: Instrument, client_order_id: str) -> Sequence[RestRequest]:
        """Return the one query by our id."""
        params = {"symbol": at.venue_symbol, "origClientOrderId": client_order_id}
        return (signed(at.market, "order", params, {at.market.value: LOOK_WEIGHTS[at.market]}),)

    def ended(self, at: Instrument) -> Query[Page[OrderView]]:
        """List the newest thousand orders, which come by their ids."""
        params = {"symbol": at.venue_symbol, "limit": ALL_ORDERS_LIMIT}
        cost = {at.market.value: ALL_ORDERS_WEIGHTS[at.market]}

        def read(raw: bytes, symbols: Symbols) -> Page[OrderView]:
            views = order_views(raw, symbols[at.market])
            return Page(rows=sorted(views, key=lambda view: int(view.venue_order_id)))

        return Query(request=signed(at.market, "allOrders", params, cost), read=read)

    def said(self, response: VenueResponse) -> AnswerRow | None:
        """Return the order or the error that an answer is."""
        row = row_of(response.evidence)
        if not row.code and response.status != 200:
            return None
        if row.code and response.status == 200:
            # An error in a good answer is not the refusal that the documentation promises.
            return msgspec.structs.replace(
                row, name="", text=f"{row.text} (not with an error status)"
            )
        return row

    def rows(self, response: VenueResponse, count: int) -> Sequence[AnswerRow]:
        """Return the rows of a batch's answer, each an order or an error; a single answer is one row."""
        said = self.said(response)
        if said is None or said.code:
            return ()
        if count == 1 and not response.body.lstrip().startswith("["):
            return (said,)
        try:
            return [row_of(bytes(raw)) for raw in decoded(said.data, list[msgspec.Raw])]
        except Unreadable:
            return ()

    def shown(self, data: bytes, symbols: Symbols, market: Market) -> ShownOrder:
        """Read the order of an answer; raise `Unreadable`."""
        order = order_view(data, symbols[market])
        return ShownOrder(
            venue_order_id=order.venue_order_id,
            client_order_id=order.client_order_id,
            order=order,
        )


def forced(at: Instrument, venue_order_id: str) -> Query[EndReason | None]:
    """Ask for an order by the venue's id: a list of trades does not say the name that it gave it."""
    params = {"symbol": at.venue_symbol, "orderId": venue_order_id}

    def read(raw: bytes, symbols: Symbols) -> EndReason | None:
        return forced_by(order_view(raw, symbols[at.market]).client_order_id)

    cost = {at.market.value: LOOK_WEIGHTS[at.market]}
    return Query(request=signed(at.market, "order", params, cost), read=read)
