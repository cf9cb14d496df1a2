"""Frames of Binance's user streams into our events, one by one and unconflated; pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.account import SnapshotBalance
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import BalanceView, OrderView, PrivateEvent, TradeView
from opensqt.venues.binance.parser import ENDS, forced_by, side_of, status_of
from opensqt.venues.engine.dialect import StreamEnded, UserFrame
from opensqt.venues.engine.instrument import trimmed
from opensqt.venues.engine.request import Unreadable, decoded

NO_REASON = "NONE"
TRADE = "TRADE"


class _Head(msgspec.Struct, frozen=True):
    e: str = ""
    event: msgspec.Raw = msgspec.Raw(b"")
    data: msgspec.Raw = msgspec.Raw(b"")


class _Report(msgspec.Struct, frozen=True, kw_only=True):
    """An executionReport (spot) or the `o` of an ORDER_TRADE_UPDATE (usdm); docs name the letters."""

    symbol: str = msgspec.field(name="s")
    client_id: str = msgspec.field(name="c")
    canceled_id: str = msgspec.field(name="C", default="")
    side: str = msgspec.field(name="S")
    quantity: Decimal = msgspec.field(name="q")
    price: Decimal = msgspec.field(name="p")
    execution: str = msgspec.field(name="x")
    status: str = msgspec.field(name="X")
    reject: str = msgspec.field(name="r", default=NO_REASON)
    order_id: int = msgspec.field(name="i")
    last_quantity: Decimal = msgspec.field(name="l")
    filled: Decimal = msgspec.field(name="z")
    last_price: Decimal = msgspec.field(name="L")
    fee: Decimal | None = msgspec.field(name="n", default=None)
    fee_asset: str | None = msgspec.field(name="N", default=None)
    time_ms: int = msgspec.field(name="T")
    trade_id: int = msgspec.field(name="t", default=-1)
    maker: bool = msgspec.field(name="m", default=False)
    profit: Decimal = msgspec.field(name="rp", default=ZERO)


class _PerpOrder(msgspec.Struct, frozen=True):
    o: _Report


class _SpotAsset(msgspec.Struct, frozen=True):
    a: str
    f: Decimal
    l: Decimal  # noqa: E741 - the venue's letter


class _SpotPosition(msgspec.Struct, frozen=True):
    u: int
    B: list[_SpotAsset]


class _PerpAssetUpdate(msgspec.Struct, frozen=True):
    a: str
    wb: Decimal
    cw: Decimal


class _PerpChange(msgspec.Struct, frozen=True):
    m: str
    B: list[_PerpAssetUpdate] = []


class _PerpUpdate(msgspec.Struct, frozen=True):
    T: int
    a: _PerpChange


def read_frame(market: Market, text: str, symbols: Mapping[str, str]) -> UserFrame:
    """Read one text frame: our events, the end of the stream, or None where it is none of ours.

    Raises `Unreadable` for a user event that is not as documented.
    """
    raw = text.encode()
    try:
        head = decoded(raw, _Head)
        inner = bytes(head.event) or bytes(head.data)
        if inner:
            raw, head = inner, decoded(inner, _Head)
    except Unreadable:
        return None
    if head.e in _ENDS:
        return StreamEnded(head.e)
    if head.e in _QUIET:
        return []
    reader = _READERS.get((market, head.e))
    return None if reader is None else reader(raw, symbols)


def _spot_order(raw: bytes, symbols: Mapping[str, str]) -> list[PrivateEvent]:
    return _report(decoded(raw, _Report), raw, symbols)


def _perp_order(raw: bytes, symbols: Mapping[str, str]) -> list[PrivateEvent]:
    return _report(decoded(raw, _PerpOrder).o, raw, symbols)


def _report(wire: _Report, raw: bytes, symbols: Mapping[str, str]) -> list[PrivateEvent]:
    symbol = symbols.get(wire.symbol)
    if symbol is None:
        return []  # an instrument that is listed since the start; nothing of ours can be on it
    order = OrderView(
        client_order_id=wire.canceled_id or wire.client_id,
        venue_order_id=str(wire.order_id),
        symbol=symbol,
        side=side_of(wire.side),
        price=trimmed(wire.price),
        quantity=trimmed(wire.quantity),
        filled_quantity=trimmed(wire.filled),
        status=status_of(wire.status),
        reason=_reason(wire),
        time_ms=wire.time_ms,
        evidence=raw,
    )
    if wire.execution != TRADE:
        return [order]
    return [_trade(wire, order, raw), order]


def _trade(wire: _Report, order: OrderView, raw: bytes) -> TradeView:
    return TradeView(
        trade_id=str(wire.trade_id),
        venue_order_id=order.venue_order_id,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        price=trimmed(wire.last_price),
        quantity=trimmed(wire.last_quantity),
        fee=trimmed(wire.fee or ZERO),
        fee_asset=wire.fee_asset or "",
        liquidity=Liquidity.MAKER if wire.maker else Liquidity.TAKER,
        realized_pnl=trimmed(wire.profit),
        time_ms=wire.time_ms,
        evidence=raw,
        forced=forced_by(order.client_order_id),
    )


def _reason(wire: _Report) -> str:
    if wire.status in ENDS:
        return ENDS[wire.status]
    return "" if wire.reject == NO_REASON else wire.reject


def _spot_balances(raw: bytes, symbols: Mapping[str, str]) -> list[PrivateEvent]:
    del symbols
    wire = decoded(raw, _SpotPosition)
    return [
        BalanceView(
            balance=SnapshotBalance(
                wallet=Market.SPOT.value,
                asset=row.a,
                total=trimmed(row.f + row.l),
                free=trimmed(row.f),
            ),
            reason="ORDER",
            time_ms=wire.u,
        )
        for row in wire.B
    ]


def _perp_balances(raw: bytes, symbols: Mapping[str, str]) -> list[PrivateEvent]:
    """Wallet balances; `free` is the cross wallet balance, the venue pushes no available balance."""
    del symbols
    wire = decoded(raw, _PerpUpdate)
    return [
        BalanceView(
            balance=SnapshotBalance(
                wallet=Market.PERP.value, asset=row.a, total=trimmed(row.wb), free=trimmed(row.cw)
            ),
            reason=wire.a.m,
            time_ms=wire.T,
        )
        for row in wire.a.B
    ]


_READERS: dict[tuple[Market, str], Callable[[bytes, Mapping[str, str]], list[PrivateEvent]]] = {
    (Market.SPOT, "executionReport"): _spot_order,
    (Market.SPOT, "outboundAccountPosition"): _spot_balances,
    (Market.PERP, "ORDER_TRADE_UPDATE"): _perp_order,
    (Market.PERP, "ACCOUNT_UPDATE"): _perp_balances,
}
_ENDS = frozenset({"eventStreamTerminated", "listenKeyExpired", "serverShutdown"})
# Said again, in full, by the events above (docs).
_QUIET = frozenset(
    {"balanceUpdate", "externalLockUpdate", "TRADE_LITE", "ACCOUNT_CONFIG_UPDATE", "MARGIN_CALL"}
)
