"""Gate's orders and trades into our values; pure. Sizes of perpetuals are contracts.

Spot and perpetuals are two APIs with words of their own. Perpetuals send sizes as text or as numbers, and a short side
as a negative one; numbers never pass through a float.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market, Side
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import EndReason, OrderView, TradeView
from opensqt.venues.engine.instrument import trimmed
from opensqt.venues.engine.request import Unreadable, decoded
from opensqt.venues.gate.requests import MS_PER_S, SETTLED_IN, our_id, ours

# docs, `finish_as` of both markets; "_new" and "_update" are told by the stream of perpetuals only.
LIVING = frozenset({"open", "_new", "_update"})
ENDS = {
    "liquidated": EndReason.LIQUIDATED,
    "liquidate_cancelled": EndReason.LIQUIDATED,
    "auto_deleveraged": EndReason.DELEVERAGED,
    "reduce_only": EndReason.REDUCE_ONLY,
    "position_closed": EndReason.REDUCE_ONLY,
    "reduce_out": EndReason.REDUCE_ONLY,
    "stp": EndReason.SELF_TRADE,
    "poc": EndReason.POST_ONLY,
}
EXPIRIES = frozenset({"ioc", "fok", "small", "depth_not_enough", "trader_not_enough", "unknown"})
# docs: `status` of answers, `event` of the spot stream; asked where an order does not say how it ended.
OPEN_WORDS = frozenset({"open", "put", "update"})
ENDED_WORDS = frozenset({"closed", "cancelled", "finished", "finish"})
LIQUIDITY = {"maker": Liquidity.MAKER, "taker": Liquidity.TAKER}


class _Timed(msgspec.Struct, frozen=True, kw_only=True):
    """Times of an order, in ms where they are told so, else in seconds."""

    create_time: Decimal = ZERO
    update_time: Decimal = ZERO
    finish_time: Decimal = ZERO
    create_time_ms: Decimal = ZERO
    update_time_ms: Decimal = ZERO
    finish_time_ms: Decimal = ZERO

    @property
    def time_ms(self) -> int:
        """The last of them."""
        in_s = (self.create_time, self.update_time, self.finish_time)
        in_ms = (self.create_time_ms, self.update_time_ms, self.finish_time_ms)
        return int(max(*in_ms, *(moment * MS_PER_S for moment in in_s)))


class GateSpotOrder(_Timed, frozen=True, kw_only=True):
    """A spot order; the stream has an `event` in place of a `status`."""

    id: str
    text: str = ""
    currency_pair: str
    side: Side
    price: str = ""
    amount: Decimal
    left: Decimal
    filled_amount: Decimal | None = None
    status: str = ""
    event: str = ""
    finish_as: str = ""


class GatePerpOrder(_Timed, frozen=True, kw_only=True):
    """An order of a perpetual; both sizes are negative when it sells."""

    id: int | str
    text: str = ""
    contract: str
    size: Decimal
    left: Decimal
    price: Decimal = ZERO
    status: str
    finish_as: str = ""


class GateSpotTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A spot trade of ours; the fee is in what was received unless it is paid in GT or points."""

    id: int | str
    order_id: str
    text: str = ""
    currency_pair: str
    side: Side
    role: str
    amount: Decimal
    price: Decimal
    fee: Decimal = ZERO
    fee_currency: str = ""
    gt_fee: Decimal = ZERO
    point_fee: Decimal = ZERO
    create_time_ms: Decimal


class GatePerpTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A trade of ours in a perpetual; two lists name its id differently."""

    id: int | str = ""
    trade_id: str = ""
    order_id: int | str
    text: str = ""
    contract: str
    role: str
    size: Decimal
    price: Decimal
    fee: Decimal = ZERO
    point_fee: Decimal = ZERO
    create_time: Decimal
    create_time_ms: Decimal = ZERO


def spot_order(raw: bytes, symbols: Mapping[str, str]) -> OrderView:
    """Read a spot order; raise `Unreadable`."""
    wire = decoded(raw, GateSpotOrder)
    status, reason = _state(wire.status or wire.event, wire.finish_as, wire.left)
    told = wire.filled_amount
    return OrderView(
        client_order_id=our_id(wire.text),
        venue_order_id=wire.id,
        symbol=ours(symbols, wire.currency_pair),
        side=wire.side,
        price=_number(wire.price),
        quantity=trimmed(wire.amount),
        filled_quantity=trimmed(wire.amount - wire.left if told is None else told),
        status=status,
        reason=reason,
        time_ms=wire.time_ms,
        evidence=raw,
    )


def perp_order(raw: bytes, symbols: Mapping[str, str]) -> OrderView:
    """Read an order of a perpetual; raise `Unreadable`."""
    wire = decoded(raw, GatePerpOrder)
    status, reason = _state(wire.status, wire.finish_as, wire.left)
    return OrderView(
        client_order_id=our_id(wire.text),
        venue_order_id=str(wire.id),
        symbol=ours(symbols, wire.contract),
        side=_side(wire.size),
        price=trimmed(wire.price),
        quantity=trimmed(abs(wire.size)),
        filled_quantity=trimmed(abs(wire.size) - abs(wire.left)),
        status=status,
        reason=reason,
        time_ms=wire.time_ms,
        evidence=raw,
    )


ORDER_READERS = {Market.SPOT: spot_order, Market.PERP: perp_order}


def spot_trade(raw: bytes, symbols: Mapping[str, str]) -> TradeView:
    """Read a spot trade; raise `Unreadable`."""
    wire = decoded(raw, GateSpotTrade)
    symbol = ours(symbols, wire.currency_pair)
    base, _, quote = symbol.partition("/")
    received = base if wire.side is Side.BUY else quote
    fee, asset = wire.fee, wire.fee_currency or received
    if not fee and (wire.gt_fee or wire.point_fee):
        fee, asset = (wire.gt_fee, "GT") if wire.gt_fee else (wire.point_fee, "POINT")
    return TradeView(
        trade_id=str(wire.id),
        cursor=f"{int(wire.create_time_ms)}:{wire.id}",
        venue_order_id=wire.order_id,
        client_order_id=our_id(wire.text),
        symbol=symbol,
        side=wire.side,
        price=trimmed(wire.price),
        quantity=trimmed(wire.amount),
        fee=trimmed(fee),
        fee_asset=asset,
        liquidity=_liquidity(wire.role),
        realized_pnl=ZERO,
        time_ms=int(wire.create_time_ms),
        evidence=raw,
    )


def perp_trade(raw: bytes, symbols: Mapping[str, str]) -> TradeView:
    """Read a trade of a perpetual, which says nothing of its gain; raise `Unreadable`."""
    wire = decoded(raw, GatePerpTrade)
    name, time_ms = (
        wire.trade_id or str(wire.id),
        int(wire.create_time_ms or wire.create_time * MS_PER_S),
    )
    fee, asset = wire.fee, SETTLED_IN
    if not fee and wire.point_fee:
        fee, asset = wire.point_fee, "POINT"
    return TradeView(
        trade_id=name,
        cursor=f"{time_ms}:{name}",
        venue_order_id=str(wire.order_id),
        client_order_id=our_id(wire.text),
        symbol=ours(symbols, wire.contract),
        side=_side(wire.size),
        price=trimmed(wire.price),
        quantity=trimmed(abs(wire.size)),
        fee=trimmed(fee),
        fee_asset=asset,
        liquidity=_liquidity(wire.role),
        realized_pnl=None,
        time_ms=time_ms,
        evidence=raw,
    )


TRADE_READERS = {Market.SPOT: spot_trade, Market.PERP: perp_trade}


def _state(word: str, finish_as: str, left: Decimal) -> tuple[str, str]:
    """Return status and reason of an order; raise `Unreadable` for words that are not documented."""
    if finish_as in LIVING or (not finish_as and word in OPEN_WORDS):
        return "open", ""
    if finish_as == "filled" or (not finish_as and word in ENDED_WORDS and not left):
        return "filled", ""
    if finish_as == "cancelled" or (not finish_as and word in ENDED_WORDS):
        return "canceled", ""
    if finish_as in ENDS:
        return "expired", ENDS[finish_as]
    if finish_as in EXPIRIES:
        return "expired", finish_as
    raise Unreadable(f"order status {word!r}, finished as {finish_as!r}, is not documented")


def _side(size: Decimal) -> Side:
    return Side.BUY if size > 0 else Side.SELL


def _liquidity(role: str) -> Liquidity:
    try:
        return LIQUIDITY[role]
    except KeyError as error:
        raise Unreadable(f"role {role!r}, expected maker or taker") from error


def _number(text: str) -> Decimal:
    try:
        return trimmed(Decimal(text)) if text else ZERO
    except ArithmeticError as error:
        raise Unreadable(f"number {text!r}") from error
