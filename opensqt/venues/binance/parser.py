"""Binance's REST payloads to and from our values; pure. Numbers go from text to Decimal, never through float."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.account import FundingPaid, SnapshotBalance, SnapshotPosition
from opensqt.domain.decimals import ZERO, canonical
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import EndReason, OrderRequest, OrderView, TradeView
from opensqt.venues.engine.instrument import trimmed
from opensqt.venues.engine.request import Unreadable, decoded

SELF_TRADE_MODE = "EXPIRE_TAKER"  # explicit on every order; both markets know it (docs)

# docs, enums "Order status"; NEW_INSURANCE and NEW_ADL are liquidations of usdm.
STATUSES = {
    "NEW": "open",
    "PENDING_NEW": "open",
    "PARTIALLY_FILLED": "open",
    "PENDING_CANCEL": "open",
    "NEW_INSURANCE": "open",
    "NEW_ADL": "open",
    "FILLED": "filled",
    "CANCELED": "canceled",
    "EXPIRED": "expired",
    "EXPIRED_IN_MATCH": "expired",
    "REJECTED": "rejected",
}
ENDS = {
    "EXPIRED_IN_MATCH": EndReason.SELF_TRADE,
    "NEW_INSURANCE": EndReason.LIQUIDATED,
    "NEW_ADL": EndReason.DELEVERAGED,
}
# docs, ORDER_TRADE_UPDATE: how the ids begin of orders that the venue makes by itself.
FORCED = {
    "autoclose-": EndReason.LIQUIDATED,
    "adl_autoclose": EndReason.DELEVERAGED,
    "settlement_autoclose-": EndReason.SETTLED,
}
TIMES_IN_FORCE = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
    TimeInForce.POST_ONLY: "GTX",
}


class _Order(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    symbol: str
    order_id: int
    client_order_id: str
    orig_client_order_id: str = ""
    price: Decimal
    orig_qty: Decimal
    executed_qty: Decimal
    status: str
    side: str
    time: int = 0
    update_time: int = 0
    transact_time: int = 0


class _TradeRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    symbol: str
    id: int
    order_id: int
    price: Decimal
    qty: Decimal
    commission: Decimal
    commission_asset: str
    time: int
    is_buyer: bool = False  # spot
    is_maker: bool = False
    buyer: bool = False  # usdm
    maker: bool = False
    realized_pnl: Decimal = ZERO


class _SpotBalance(msgspec.Struct, frozen=True):
    asset: str
    free: Decimal
    locked: Decimal


class _SpotAccount(msgspec.Struct, frozen=True):
    balances: list[_SpotBalance]


class _PerpAsset(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    asset: str
    wallet_balance: Decimal
    available_balance: Decimal


class _PerpAccount(msgspec.Struct, frozen=True):
    assets: list[_PerpAsset]


class _Position(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    symbol: str
    position_amt: Decimal
    entry_price: Decimal


class _Income(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    symbol: str
    income: Decimal
    asset: str
    time: int
    tran_id: int


def place_params(market: Market, venue_symbol: str, request: OrderRequest) -> dict[str, str]:
    """Return the parameters of one order, self-trade mode included."""
    params = {
        "symbol": venue_symbol,
        "side": request.side.value.upper(),
        "newClientOrderId": request.client_order_id,
        "newOrderRespType": "RESULT",
        "selfTradePreventionMode": SELF_TRADE_MODE,
        "quantity": canonical(trimmed(request.quantity)),
    }
    if request.type is OrderType.MARKET:
        return {**params, "type": "MARKET", **_reducing(market, request)}
    params["price"] = canonical(trimmed(request.price))
    if request.time_in_force is TimeInForce.POST_ONLY and market is Market.SPOT:
        return {**params, "type": "LIMIT_MAKER"}
    params |= {"type": "LIMIT", "timeInForce": TIMES_IN_FORCE[request.time_in_force]}
    return {**params, **_reducing(market, request)}


def order_view(raw: bytes, symbols: Mapping[str, str]) -> OrderView:
    """Read one order; raise `Unreadable`."""
    wire = decoded(raw, _Order)
    return OrderView(
        client_order_id=wire.orig_client_order_id or wire.client_order_id,
        venue_order_id=str(wire.order_id),
        symbol=_ours(symbols, wire.symbol),
        side=side_of(wire.side),
        price=trimmed(wire.price),
        quantity=trimmed(wire.orig_qty),
        filled_quantity=trimmed(wire.executed_qty),
        status=status_of(wire.status),
        reason=ENDS.get(wire.status, ""),
        time_ms=wire.transact_time or wire.update_time or wire.time,
        evidence=raw,
    )


def order_views(raw: bytes, symbols: Mapping[str, str]) -> list[OrderView]:
    """Read a list of orders; raise `Unreadable`."""
    return [order_view(bytes(row), symbols) for row in decoded(raw, list[msgspec.Raw])]


def forced_by(client_order_id: str) -> EndReason | None:
    """Return why the venue made an order by itself, as the id says that it gives such an order; None for any other."""
    found = (why for prefix, why in FORCED.items() if client_order_id.startswith(prefix))
    return next(found, None)


def trade_views(market: Market, raw: bytes, symbols: Mapping[str, str]) -> list[TradeView]:
    """Read a list of our trades, oldest first; raise `Unreadable`."""
    found = []
    for row in decoded(raw, list[msgspec.Raw]):
        wire = decoded(bytes(row), _TradeRow)
        buys = wire.is_buyer if market is Market.SPOT else wire.buyer
        makes = wire.is_maker if market is Market.SPOT else wire.maker
        found.append(
            TradeView(
                trade_id=str(wire.id),
                venue_order_id=str(wire.order_id),
                client_order_id="",
                symbol=_ours(symbols, wire.symbol),
                side=Side.BUY if buys else Side.SELL,
                price=trimmed(wire.price),
                quantity=trimmed(wire.qty),
                fee=trimmed(wire.commission),
                fee_asset=wire.commission_asset,
                liquidity=Liquidity.MAKER if makes else Liquidity.TAKER,
                realized_pnl=trimmed(wire.realized_pnl),
                time_ms=wire.time,
                evidence=bytes(row),
            )
        )
    return sorted(found, key=lambda trade: int(trade.trade_id))


def spot_balances(raw: bytes) -> list[SnapshotBalance]:
    """Read the spot wallet; raise `Unreadable`."""
    return [
        SnapshotBalance(
            wallet=Market.SPOT.value,
            asset=row.asset,
            total=trimmed(row.free + row.locked),
            free=trimmed(row.free),
        )
        for row in decoded(raw, _SpotAccount).balances
    ]


def perp_balances(raw: bytes) -> list[SnapshotBalance]:
    """Read the usdm wallet; raise `Unreadable`."""
    return [
        SnapshotBalance(
            wallet=Market.PERP.value,
            asset=row.asset,
            total=trimmed(row.wallet_balance),
            free=trimmed(row.available_balance),
        )
        for row in decoded(raw, _PerpAccount).assets
    ]


def positions(raw: bytes, symbols: Mapping[str, str]) -> list[SnapshotPosition]:
    """Read the positions of the symbols that we know; raise `Unreadable`."""
    return [
        SnapshotPosition(
            symbol=symbols[row.symbol],
            quantity=trimmed(row.position_amt),
            entry_price=trimmed(row.entry_price),
        )
        for row in decoded(raw, list[_Position])
        if row.symbol in symbols and row.position_amt != 0
    ]


def funding_rows(
    raw: bytes, symbols: Mapping[str, str], *, venue: str, account: str
) -> list[FundingPaid]:
    """Read booked funding payments, oldest first; raise `Unreadable`."""
    rows = [
        FundingPaid(
            venue=venue,
            account=account,
            symbol=_ours(symbols, row.symbol),
            asset=row.asset,
            amount=trimmed(row.income),
            income_id=str(row.tran_id),
            time_ms=row.time,
        )
        for row in decoded(raw, list[_Income])
    ]
    return sorted(rows, key=lambda row: (row.time_ms, row.income_id))


def side_of(text: str) -> Side:
    """Read BUY or SELL; raise `Unreadable`."""
    try:
        return Side(text.lower())
    except ValueError as error:
        raise Unreadable(f"side {text!r}, expected BUY or SELL") from error


def status_of(text: str) -> str:
    """Read an order status; raise `Unreadable` for one that the documentation does not know."""
    try:
        return STATUSES[text]
    except KeyError as error:
        raise Unreadable(f"order status {text!r} is not documented") from error


def _reducing(market: Market, request: OrderRequest) -> dict[str, str]:
    return {"reduceOnly": "true"} if request.reduce_only and market is Market.PERP else {}


def _ours(symbols: Mapping[str, str], venue_symbol: str) -> str:
    try:
        return symbols[venue_symbol]
    except KeyError as error:
        raise Unreadable(f"symbol {venue_symbol!r} was not asked for") from error
