"""Bybit's rows, of answers and of private frames alike, into our values; pure. Numbers go from text to Decimal."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.account import FundingPaid, SnapshotBalance, SnapshotPosition
from opensqt.domain.instruments import Market
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import OrderView, TradeView
from opensqt.venues.bybit.errors import ENVELOPE, AnswerEnvelope
from opensqt.venues.bybit.requests import VENUE
from opensqt.venues.bybit.words import (
    WALLET,
    number,
    received_in,
    settled_in,
    side_of,
    status_of,
)
from opensqt.venues.engine.request import Unreadable, decoded

NO_TRADE = "Funding"  # docs, enum "execType"; whatever else moves a position is a trade
FUNDING = "SETTLEMENT"


class OrderRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An order; an acknowledgement names its two ids and nothing else."""

    order_id: str
    order_link_id: str = ""
    symbol: str = ""
    side: str = ""
    price: str = ""
    qty: str = ""
    cum_exec_qty: str = ""
    order_status: str = ""
    reject_reason: str = ""
    cancel_type: str = ""
    created_time: str = "0"
    updated_time: str = "0"
    category: str = ""

    @property
    def is_ack(self) -> bool:
        """Whether nothing is told of the order but its ids."""
        return not self.order_status


class TradeRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An execution."""

    symbol: str
    exec_id: str
    order_id: str
    order_link_id: str = ""
    side: str
    exec_price: str
    exec_qty: str
    exec_type: str = ""
    exec_time: str
    exec_fee: str = ""
    fee_currency: str = ""
    fee_coin: str = ""
    exec_pnl: str = ""
    is_maker: bool = False
    category: str = ""


class CoinRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a unified account holds of an asset; `total_…_im` is bound as margin."""

    coin: str
    wallet_balance: str
    locked: str = ""
    total_order_im: str = msgspec.field(name="totalOrderIM", default="")
    total_position_im: str = msgspec.field(name="totalPositionIM", default="")


class WalletRow(msgspec.Struct, frozen=True, rename="camel"):
    """A wallet."""

    account_type: str
    coin: list[CoinRow]
    account_mm_rate: str = msgspec.field(name="accountMMRate", default="")


class _PositionRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    symbol: str
    side: str
    size: str
    avg_price: str = ""
    position_idx: int = 0


class _Booking(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    symbol: str
    currency: str
    type: str
    funding: str = ""
    trade_id: str = ""
    transaction_time: str


class ListPage(msgspec.Struct, frozen=True, rename="camel"):
    """A page of a list."""

    rows: list[msgspec.Raw] = msgspec.field(name="list")
    next_page_cursor: str = ""


def envelope_of(raw: bytes) -> AnswerEnvelope:
    """Read an answer; raise `Unreadable`."""
    try:
        return ENVELOPE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(str(error)) from error


def listed(raw: bytes) -> ListPage:
    """Read the list of an answer; raise `Unreadable`."""
    return decoded(bytes(envelope_of(raw).result), ListPage)


def order_view(raw: bytes, symbols: Mapping[str, str]) -> OrderView:
    """Read one order; raise `Unreadable`."""
    wire = decoded(raw, OrderRow)
    status, reason = status_of(wire.order_status, wire.reject_reason, wire.cancel_type)
    return OrderView(
        client_order_id=wire.order_link_id,
        venue_order_id=wire.order_id,
        symbol=ours(symbols, wire.symbol),
        side=side_of(wire.side),
        price=number(wire.price),
        quantity=number(wire.qty),
        filled_quantity=number(wire.cum_exec_qty),
        status=status,
        reason=reason,
        time_ms=whole(wire.updated_time),
        evidence=raw,
    )


def trade_view(raw: bytes, market: Market, symbols: Mapping[str, str]) -> TradeView | None:
    """Read one execution, None where it is no trade; raise `Unreadable`. A list is read on from its time and id."""
    wire = decoded(raw, TradeRow)
    if wire.exec_type == NO_TRADE:
        return None
    symbol, side = ours(symbols, wire.symbol), side_of(wire.side)
    spot = market is Market.SPOT
    return TradeView(
        trade_id=wire.exec_id,
        cursor=f"{wire.exec_time}:{wire.exec_id}",
        venue_order_id=wire.order_id,
        client_order_id=wire.order_link_id,
        symbol=symbol,
        side=side,
        price=number(wire.exec_price),
        quantity=number(wire.exec_qty),
        fee=number(wire.exec_fee),
        fee_asset=wire.fee_currency
        or wire.fee_coin
        or (received_in(symbol, side) if spot else settled_in(symbol)),
        liquidity=Liquidity.MAKER if wire.is_maker else Liquidity.TAKER,
        realized_pnl=number(wire.exec_pnl),
        time_ms=whole(wire.exec_time),
        evidence=raw,
    )


def balance(row: CoinRow) -> SnapshotBalance:
    """Read what is held of an asset, and what of it neither orders nor margin bind."""
    total = number(row.wallet_balance)
    bound = (row.locked, row.total_order_im, row.total_position_im)
    free = total - sum((number(text) for text in bound), Decimal(0))
    return SnapshotBalance(wallet=WALLET, asset=row.coin, total=total, free=max(Decimal(0), free))


def position(raw: bytes, symbols: Mapping[str, str]) -> SnapshotPosition | None:
    """Read a position, None where it is flat or of a symbol that we do not know; raise `Unreadable`."""
    wire = decoded(raw, _PositionRow)
    size = number(wire.size)
    if size == 0 or wire.symbol not in symbols:
        return None
    if wire.position_idx != 0:
        raise Unreadable(f"{wire.symbol} is in hedge mode (positionIdx {wire.position_idx})")
    return SnapshotPosition(
        symbol=symbols[wire.symbol],
        quantity=size * side_of(wire.side).sign,
        entry_price=number(wire.avg_price),
    )


def funding_paid(raw: bytes, symbols: Mapping[str, str], account: str) -> FundingPaid | None:
    """Read a booking, None where it is no funding of a symbol that we know; raise `Unreadable`."""
    wire = decoded(raw, _Booking)
    if wire.type != FUNDING or wire.symbol not in symbols or not wire.funding:
        return None
    return FundingPaid(
        venue=VENUE,
        account=account,
        symbol=symbols[wire.symbol],
        asset=wire.currency,
        amount=number(wire.funding),  # docs: negative is paid, positive received
        income_id=wire.trade_id or wire.id,
        time_ms=whole(wire.transaction_time),
    )


def ours(symbols: Mapping[str, str], venue_symbol: str) -> str:
    """Return our symbol; raise `Unreadable`."""
    try:
        return symbols[venue_symbol]
    except KeyError as error:
        raise Unreadable(f"symbol {venue_symbol!r} was not asked for") from error


def whole(text: str) -> int:
    """Read a time in ms; raise `Unreadable`."""
    if not text.isdecimal():
        raise Unreadable(f"time {text!r}, expected ms")
    return int(text)
