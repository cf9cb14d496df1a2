"""Tulip's payloads and what they are in our words, sizes in contracts."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain.instruments import Market, Side
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import (
    EndReason,
    OrderView,
    TradeView,
)
from opensqt.venues.engine.depth_book import Level
from opensqt.venues.engine.instrument import Symbols
from opensqt.venues.engine.request import RestRequest, decoded

STATUSES = {"live": "open", "full": "filled", "gone": "canceled", "denied": "rejected"}
ENDS = {"no_margin": EndReason.FUNDS}


class Said(msgspec.Struct, frozen=True):
    """Every answer of Tulip."""

    ok: bool
    why: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


class Ack(msgspec.Struct, frozen=True):
    """An order's name, and nothing about what became of it."""

    order: str
    client: str


class Order(msgspec.Struct, frozen=True):
    """An order with its size in contracts."""

    order: str
    client: str
    market: str
    side: str
    price: Decimal
    contracts: Decimal
    done: Decimal
    state: str
    time: int
    end: str = ""


class Trade(msgspec.Struct, frozen=True):
    """A trade of ours; its id tells no order, its cursor does."""

    id: str
    order: str
    client: str
    market: str
    side: str
    price: Decimal
    contracts: Decimal
    fee: Decimal
    time: int
    cursor: str


class Held(msgspec.Struct, frozen=True):
    """A position."""

    market: str
    contracts: Decimal
    entry: Decimal


class Purse(msgspec.Struct, frozen=True):
    """The one wallet of both markets."""

    coins: dict[str, Decimal]
    held: list[Held]


class Fees(msgspec.Struct, frozen=True):
    """The account's fees."""

    maker: Decimal
    taker: Decimal


class Push(msgspec.Struct, frozen=True):
    """A frame of the account's stream."""

    watching: str = ""
    order: Order | None = None
    trade: Trade | None = None
    closing: str = ""


class Book(msgspec.Struct, frozen=True):
    """A frame of a book."""

    book: str = ""
    watching: str = ""
    whole: bool = False
    n: int = 0
    after: int = 0
    bids: list[Level] = []
    asks: list[Level] = []


def ask(
    at: Market, path: str, params: Mapping[str, Any], *, verb: str = "GET", bucket: str = "reads"
) -> RestRequest:
    """Return a signed request."""
    return RestRequest(
        section=("private",), verb=verb, path=path, market=at, params=params, cost={bucket: 1.0}
    )


def data_of(raw: bytes) -> bytes:
    """Return what a good answer holds."""
    return bytes(decoded(raw, Said).data)


def order_view(order: Order, symbols: Symbols) -> OrderView:
    """Return an order in our words, its sizes in contracts."""
    return OrderView(
        client_order_id=order.client,
        venue_order_id=order.order,
        symbol=ours(order.market, symbols),
        side=Side.BUY if order.side == "b" else Side.SELL,
        price=order.price,
        quantity=order.contracts,
        filled_quantity=order.done,
        status=STATUSES[order.state],
        reason=ENDS.get(order.end, ""),
        time_ms=order.time,
        evidence=msgspec.json.encode(order),
    )


def trade_view(trade: Trade, symbols: Symbols) -> TradeView:
    """Return a trade in our words."""
    return TradeView(
        trade_id=trade.id,
        cursor=trade.cursor,
        venue_order_id=trade.order,
        client_order_id=trade.client,
        symbol=ours(trade.market, symbols),
        side=Side.BUY if trade.side == "b" else Side.SELL,
        price=trade.price,
        quantity=trade.contracts,
        fee=trade.fee,
        fee_asset="USDT",
        liquidity=Liquidity.MAKER,
        realized_pnl=Decimal(0),
        time_ms=trade.time,
        evidence=msgspec.json.encode(trade),
    )


def ours(name: str, symbols: Symbols) -> str:
    """Return our symbol: names are unique over Tulip's markets."""
    return next(names[name] for names in symbols.values() if name in names)
