"""Places, cancels and looks in Gate's words; pure. Our id names an order only while it is pending."""

from collections.abc import Sequence
from typing import Any

import msgspec

from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.venue import OrderRequest, OrderView
from opensqt.venues.engine.dialect import AnswerRow, ShownOrder
from opensqt.venues.engine.instrument import Instrument, Symbols
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
from opensqt.venues.gate.parser import ORDER_READERS
from opensqt.venues.gate.requests import command, named, our_id, path_in, plain, read, text_of

DEADLINE_HEADER = "x-gate-exptime"
NEWEST = "100"
TIMES = {
    TimeInForce.GTC: "gtc",
    TimeInForce.IOC: "ioc",
    TimeInForce.FOK: "fok",
    TimeInForce.POST_ONLY: "poc",
}


class _GateAnswer(msgspec.Struct, frozen=True):
    """What an answer, or a row of a batch's, may say beside or in place of an order."""

    label: str | None = ""
    message: str | None = ""
    detail: str | None = ""
    succeeded: bool = True
    text: str | None = ""


_ANSWERS = msgspec.json.Decoder(_GateAnswer)
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])


class GateOrderEndpoints:
    """`orders`, `orders/ID` and `batch_orders` of both markets.

    Cancels go one by one: a batch takes our ids for half an hour only (spot), or not at all (perpetuals).
    """

    def place(self, at: Instrument, orders: Sequence[OrderRequest]) -> RestRequest:
        """Return a place of one order, or a batch; each order counts (docs say so of perpetuals)."""
        write = _spot_terms if at.market is Market.SPOT else _perp_terms
        terms = [write(at, order) for order in orders]
        cost = {ORDERS: float(len(terms)), f"place_{at.market}{_own(at)}": float(len(terms))}
        if len(terms) == 1:
            return command("POST", at.market, "orders", terms[0], cost)
        return command("POST", at.market, "batch_orders", terms, cost)

    def timed(self, request: RestRequest, window: SigningWindow) -> RestRequest:
        """Name the deadline in a header; the engine signs with the window's time."""
        headers = {**request.headers, DEADLINE_HEADER: str(window.deadline_ms)}
        return msgspec.structs.replace(request, headers=headers)

    def cancel(self, at: Instrument, client_order_ids: Sequence[str]) -> RestRequest:
        """Return a cancel of one order; raise `ValueError` for more."""
        (name,) = client_order_ids
        cost = {ORDERS: 1.0, f"cancel_{at.market}": 1.0}
        return command("DELETE", at.market, f"orders/{text_of(name)}", _pair(at), cost)

    def looks(self, at: Instrument, client_order_id: str) -> Sequence[RestRequest]:
        """Return the one query by our id."""
        path = path_in(at.market, f"orders/{text_of(client_order_id)}")
        request = read(at.market, path, _pair(at))
        section = request.section[-1]
        return (msgspec.structs.replace(request, cost={f"read/{section}/orders/ID": 1.0}),)

    def ended(self, at: Instrument) -> Query[Page[OrderView]]:
        """List the newest hundred orders that have ended."""
        params = {**named(at), "status": "finished", "limit": NEWEST}

        def read_page(raw: bytes, symbols: Symbols) -> Page[OrderView]:
            rows = decoded(raw, list[msgspec.Raw])
            views = [ORDER_READERS[at.market](bytes(row), symbols[at.market]) for row in rows]
            return Page(rows=views[::-1])

        return Query(request=read(at.market, path_in(at.market, "orders"), params), read=read_page)

    def said(self, response: VenueResponse) -> AnswerRow | None:
        """Return the answer, or the error that it is: errors have a label and a status of their own."""
        if 200 <= response.status < 300:
            return AnswerRow(data=response.evidence)
        try:
            answer = _ANSWERS.decode(response.body)
        except (msgspec.DecodeError, RecursionError):
            return None
        return _refusal(answer, response.evidence) if answer.label else None

    def rows(self, response: VenueResponse, count: int) -> Sequence[AnswerRow]:
        """Return the rows of a batch, each an order or why there is none; of one order the answer itself."""
        del count
        said = self.said(response)
        if said is None or said.code:
            return ()
        try:
            return [_row(bytes(row)) for row in _ROWS.decode(said.data)]
        except (msgspec.DecodeError, RecursionError):
            return (said,)

    def shown(self, data: bytes, symbols: Symbols, market: Market) -> ShownOrder:
        """Read the order of an answer; raise `Unreadable`."""
        order = ORDER_READERS[market](data, symbols[market])
        return ShownOrder(
            venue_order_id=order.venue_order_id,
            client_order_id=order.client_order_id,
            order=order,
        )


def _row(row: bytes) -> AnswerRow:
    try:
        answer = _ANSWERS.decode(row)
    except (msgspec.DecodeError, RecursionError) as error:
        return AnswerRow(code="unreadable", text=str(error), data=row)
    return AnswerRow(data=row) if answer.succeeded else _refusal(answer, row)


def _refusal(answer: _GateAnswer, raw: bytes) -> AnswerRow:
    label = answer.label or "unnamed"
    return AnswerRow(
        code=label,
        name=label,
        text=answer.message or answer.detail or "",
        data=raw,
        client_order_id=our_id(answer.text or ""),
    )


def _own(at: Instrument) -> str:
    """Places of spot are counted by pair, those of perpetuals together."""
    return f"/{at.venue_symbol}" if at.market is Market.SPOT else ""


def _pair(at: Instrument) -> dict[str, str]:
    """A spot order is asked for by its pair, too."""
    return named(at) if at.market is Market.SPOT else {}


def _spot_terms(at: Instrument, order: OrderRequest) -> dict[str, Any]:
    """The terms of a spot order; raise `Inexpressible` for a market buy: Gate takes only what it may cost."""
    terms = {
        "text": text_of(order.client_order_id),
        "currency_pair": at.venue_symbol,
        "account": "spot",
        "side": order.side.value,
        "amount": plain(order.quantity),
    }
    if order.type is OrderType.LIMIT:
        price, times = plain(order.price), TIMES[order.time_in_force]
        return {**terms, "type": "limit", "price": price, "time_in_force": times}
    if order.side is Side.BUY:
        raise Inexpressible(
            f"{at.symbol}: Gate counts a market buy in {at.symbol.partition('/')[2]}"
        )
    return {**terms, "type": "market", "time_in_force": "ioc"}


def _perp_terms(at: Instrument, order: OrderRequest) -> dict[str, Any]:
    """The terms of an order of a perpetual: the sign of its size is the side, a price of 0 the market's."""
    size = order.quantity * order.side.sign
    market = order.type is OrderType.MARKET
    return {
        "text": text_of(order.client_order_id),
        "contract": at.venue_symbol,
        "size": int(size) if size == int(size) else plain(size),
        "price": "0" if market else plain(order.price),
        "tif": "ioc" if market else TIMES[order.time_in_force],
        **({"reduce_only": True} if order.reduce_only else {}),
    }
