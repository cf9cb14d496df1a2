"""Bitget's rows, of answers and of private frames alike, into our values; pure. Numbers go from text to Decimal."""

import msgspec

from opensqt.domain.account import FundingPaid, SnapshotBalance, SnapshotPosition
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market, Side
from opensqt.domain.venue import OrderView, TradeView
from opensqt.venues.bitget.policy import WALLET
from opensqt.venues.bitget.requests import SPOT, VENUE
from opensqt.venues.bitget.words import (
    LIQUIDITY,
    SIGNS,
    moment,
    number,
    side_of,
    status_of,
    symbol_in,
)
from opensqt.venues.engine.instrument import Symbols
from opensqt.venues.engine.request import Unreadable, decoded

FUNDING = (
    "CONTRACT_MAIN_SETTLE_FEE_USER_"  # docs, types of financial records: with IN or OUT behind it
)
HEDGE = "hedge_mode"


class BitgetOrder(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An order; an acknowledgement names its two ids and nothing else."""

    order_id: str
    client_oid: str | None = None
    category: str = ""
    symbol: str = ""
    side: str = ""
    order_type: str = ""
    price: str | None = None
    qty: str | None = None
    cum_exec_qty: str | None = None
    order_status: str = ""
    cancel_reason: str | None = None
    updated_time: str = "0"


class _Fee(msgspec.Struct, frozen=True, rename="camel"):
    fee_coin: str | None = None
    fee: str | None = None


class BitgetTrade(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An execution: lists name the time of its creation, frames that of the trade."""

    exec_id: str
    order_id: str
    client_oid: str | None = None
    category: str
    symbol: str
    side: str
    exec_price: str
    exec_qty: str
    exec_pnl: str | None = None
    trade_scope: str = ""
    fee_detail: list[_Fee] = []
    exec_time: str = ""
    created_time: str = ""


class BitgetCoin(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a unified account holds of an asset; what orders and margin bind of it is not available."""

    coin: str
    balance: str
    available: str = ""


class _HeldRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    category: str
    symbol: str
    hold_mode: str = ""
    pos_side: str = ""
    total: str
    avg_price: str | None = None


class _Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    category: str = ""
    symbol: str | None = None
    coin: str
    type: str
    amount: str
    ts: str


def order_view(raw: bytes, symbols: Symbols) -> OrderView:
    """Read one order; raise `Unreadable`. A market buy of spot counts money: what it has got stands for its size."""
    wire = decoded(raw, BitgetOrder)
    status, reason = status_of(wire.order_status, wire.cancel_reason or "")
    side, filled = side_of(wire.side), number(wire.cum_exec_qty)
    of_money = (wire.category.upper(), wire.order_type, side) == (SPOT, "market", Side.BUY)
    return OrderView(
        client_order_id=wire.client_oid or "",
        venue_order_id=wire.order_id,
        symbol=_ours(symbols, wire.category, wire.symbol),
        side=side,
        price=number(wire.price),
        quantity=filled if of_money else number(wire.qty),
        filled_quantity=filled,
        status=status,
        reason=reason,
        time_ms=moment(wire.updated_time),
        evidence=raw,
    )


def trade_view(raw: bytes, symbols: Symbols) -> TradeView:
    """Read one execution; raise `Unreadable`. A fee that is paid is positive; a list is read on from time and id."""
    wire = decoded(raw, BitgetTrade)
    if wire.trade_scope not in LIQUIDITY:
        raise Unreadable(f"tradeScope {wire.trade_scope!r}, expected maker or taker")
    fees = [one for one in wire.fee_detail if one.fee_coin]
    coins = {one.fee_coin or "" for one in fees if number(one.fee)} or {
        one.fee_coin or "" for one in fees[:1]
    }
    if len(coins) > 1:
        raise Unreadable(f"a fee in several coins: {', '.join(sorted(coins))}")
    time_text = wire.exec_time or wire.created_time
    return TradeView(
        trade_id=wire.exec_id,
        cursor=f"{time_text}:{wire.exec_id}",
        venue_order_id=wire.order_id,
        client_order_id=wire.client_oid or "",
        symbol=_ours(symbols, wire.category, wire.symbol),
        side=side_of(wire.side),
        price=number(wire.exec_price),
        quantity=number(wire.exec_qty),
        fee=sum((number(one.fee) for one in fees), ZERO),
        fee_asset=next(iter(coins), ""),
        liquidity=LIQUIDITY[wire.trade_scope],
        realized_pnl=number(wire.exec_pnl),
        time_ms=moment(time_text),
        evidence=raw,
    )


def balance(row: BitgetCoin) -> SnapshotBalance:
    """Read what is held of an asset, and what of it neither orders nor margin bind."""
    free = max(ZERO, number(row.available))
    return SnapshotBalance(wallet=WALLET, asset=row.coin, total=number(row.balance), free=free)


def position(raw: bytes, symbols: Symbols) -> SnapshotPosition | None:
    """Read a position, None where it is flat or of a symbol that we do not know; raise `Unreadable`."""
    wire = decoded(raw, _HeldRow)
    symbol, size = symbol_in(symbols, wire.category, wire.symbol), number(wire.total)
    if size == 0 or symbol is None:
        return None
    if wire.hold_mode == HEDGE or wire.pos_side not in SIGNS:
        raise Unreadable(
            f"{wire.symbol} is held {wire.pos_side!r} in {wire.hold_mode or 'no mode'}"
        )
    return SnapshotPosition(
        symbol=symbol,
        quantity=abs(size) * SIGNS[wire.pos_side],
        entry_price=number(wire.avg_price),
    )


def funding_paid(raw: bytes, symbols: Symbols, account: str) -> FundingPaid | None:
    """Read a booking, None where it is no funding of a symbol that we know; raise `Unreadable`."""
    wire = decoded(raw, _Record)
    symbol = symbols[Market.PERP].get(wire.symbol or "")
    if not wire.type.startswith(FUNDING) or symbol is None:
        return None
    return FundingPaid(
        venue=VENUE,
        account=account,
        symbol=symbol,
        asset=wire.coin,
        amount=number(wire.amount),  # recorded: what is paid is negative
        income_id=wire.id,
        time_ms=moment(wire.ts),
    )


def _ours(symbols: Symbols, category: str, venue_symbol: str) -> str:
    symbol = symbol_in(symbols, category, venue_symbol)
    if symbol is None:
        raise Unreadable(f"symbol {venue_symbol!r} of {category!r} was not asked for")
    return symbol
