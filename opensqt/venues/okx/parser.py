"""OKX's orders, trades, balances, positions and bills into our values; pure. Quantities of perpetuals are contracts.

Numbers go from text to Decimal; an empty text is none. What we pay is negative at OKX, and positive here.
"""

from decimal import Decimal, InvalidOperation

import msgspec

from opensqt.domain.account import FundingPaid, SnapshotBalance, SnapshotPosition
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Side
from opensqt.domain.margin_health import of_equity_multiple
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import EndReason, OrderView, TradeView
from opensqt.venues.engine.instrument import Symbols, trimmed
from opensqt.venues.engine.request import Unreadable, decoded
from opensqt.venues.okx.policy import VENUE, WALLET

# docs, "Order details"; what is partly filled and cancelled is `canceled`.
STATUSES = {
    "live": "open",
    "partially_filled": "open",
    "filled": "filled",
    "canceled": "canceled",
    "mmp_canceled": "canceled",
}
# docs, `cancelSource`; 31 and 32 are seen in public clients, too. Others are told by their number.
NO_REASON = ("", "0", "1")  # the system's, unnamed; our own cancel
ENDS = {
    "2": EndReason.REDUCE_ONLY,
    "3": EndReason.LIQUIDATED,
    "4": EndReason.FUNDS,
    "6": EndReason.DELEVERAGED,
    "9": EndReason.FUNDS,
    "17": EndReason.REDUCE_ONLY,
    "22": EndReason.REDUCE_ONLY,
    "23": EndReason.REDUCE_ONLY,
    "31": EndReason.POST_ONLY,
    "32": EndReason.SELF_TRADE,
}
LIQUIDITY = {"M": Liquidity.MAKER, "T": Liquidity.TAKER}


class OkxOrder(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An order, as answers, lists and frames show it; frames name the trade that they tell."""

    inst_id: str
    ord_id: str
    cl_ord_id: str = ""
    side: str
    px: str = ""
    sz: Decimal
    acc_fill_sz: str = ""
    state: str
    cancel_source: str = ""
    u_time: str
    trade_id: str = ""
    fill_px: str = ""
    fill_sz: str = ""
    fill_fee: str = ""
    fill_fee_ccy: str = ""
    fill_pnl: str = ""
    fill_time: str = ""
    exec_type: str = ""


class _Fill(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    inst_id: str
    trade_id: str
    ord_id: str
    cl_ord_id: str = ""
    bill_id: str
    side: str
    fill_px: str
    fill_sz: str
    fee: str = ""
    fee_ccy: str = ""
    fill_pnl: str = ""
    exec_type: str
    fill_time: str


class _Balance(msgspec.Struct, frozen=True, rename="camel"):
    ccy: str
    cash_bal: str
    avail_bal: str = ""
    avail_eq: str = ""
    mgn_ratio: str = ""


class _Account(msgspec.Struct, frozen=True, rename="camel"):
    details: list[_Balance] = []
    u_time: str = ""
    mgn_ratio: str = ""


class _OkxPosition(msgspec.Struct, frozen=True, rename="camel"):
    inst_id: str
    pos: str
    avg_px: str = ""


class _Bill(msgspec.Struct, frozen=True, rename="camel"):
    inst_id: str
    bill_id: str
    ccy: str
    bal_chg: Decimal
    ts: str


def order_view(wire: OkxOrder, raw: bytes, symbols: Symbols) -> OrderView:
    """Return an order as the venue counts it; raise `Unreadable`."""
    if wire.state not in STATUSES:
        raise Unreadable(f"order state {wire.state!r} is not documented")
    source = wire.cancel_source
    unnamed = "" if source in NO_REASON else f"cancel_source_{source}"
    return OrderView(
        client_order_id=wire.cl_ord_id,
        venue_order_id=wire.ord_id,
        symbol=symbol_of(wire.inst_id, symbols),
        side=side_of(wire.side),
        price=number(wire.px),
        quantity=trimmed(wire.sz),
        filled_quantity=number(wire.acc_fill_sz),
        status=STATUSES[wire.state],
        reason=ENDS.get(source, unnamed),
        time_ms=moment(wire.u_time),
        evidence=raw,
    )


def read_order(raw: bytes, symbols: Symbols) -> OrderView:
    """Read an order; raise `Unreadable`."""
    return order_view(decoded(raw, OkxOrder), raw, symbols)


def told_trade(wire: OkxOrder, raw: bytes, symbols: Symbols) -> TradeView:
    """Return the trade that a frame tells with its order: `fillFee` is of it, `fee` of the whole order."""
    view = _trade_view(wire, raw, symbols)
    return msgspec.structs.replace(view, fee=-number(wire.fill_fee), fee_asset=wire.fill_fee_ccy)


def read_trade(raw: bytes, symbols: Symbols) -> TradeView:
    """Read a trade of a list; the list is read on by the id of its bill. Raises `Unreadable`."""
    wire = decoded(raw, _Fill)
    view = _trade_view(wire, raw, symbols)
    fee = -number(wire.fee)
    return msgspec.structs.replace(view, fee=fee, fee_asset=wire.fee_ccy, cursor=wire.bill_id)


def _trade_view(wire: OkxOrder | _Fill, raw: bytes, symbols: Symbols) -> TradeView:
    """Return a trade without its fee, which lists and frames name differently."""
    return TradeView(
        trade_id=wire.trade_id,
        venue_order_id=wire.ord_id,
        client_order_id=wire.cl_ord_id,
        symbol=symbol_of(wire.inst_id, symbols),
        side=side_of(wire.side),
        price=number(wire.fill_px),
        quantity=number(wire.fill_sz),
        fee=ZERO,
        fee_asset="",
        liquidity=liquidity_of(wire.exec_type),
        realized_pnl=number(wire.fill_pnl),
        time_ms=moment(wire.fill_time),
        evidence=raw,
    )


def read_balances(raw: bytes) -> tuple[list[SnapshotBalance], int]:
    """Read the one wallet and the market time of its last change in ms; raise `Unreadable`."""
    wire = decoded(raw, _Account)
    balances = [
        SnapshotBalance(
            wallet=WALLET,
            asset=row.ccy,
            total=number(row.cash_bal),
            free=number(row.avail_bal or row.avail_eq),
        )
        for row in wire.details
    ]
    return balances, moment(wire.u_time or "0")


def read_margin_health(raw: bytes) -> Decimal | None:
    """Read the margin of the account, or of its worst asset where each stands for itself; raise `Unreadable`."""
    wire = decoded(raw, _Account)
    told = [wire.mgn_ratio] if wire.mgn_ratio else [row.mgn_ratio for row in wire.details]
    known = [of_equity_multiple(number(text)) for text in told if text]
    return min((one for one in known if one is not None), default=None)


def read_position(raw: bytes, symbols: Symbols) -> SnapshotPosition | None:
    """Read a position in contracts, None where it is flat or none of ours; raise `Unreadable`."""
    wire = decoded(raw, _OkxPosition)
    symbol, quantity = _known(wire.inst_id, symbols), number(wire.pos)
    if symbol is None or quantity == 0:
        return None
    return SnapshotPosition(symbol=symbol, quantity=quantity, entry_price=number(wire.avg_px))


def read_funding(raw: bytes, symbols: Symbols, account: str) -> FundingPaid:
    """Read a bill about funding; raise `Unreadable`."""
    wire = decoded(raw, _Bill)
    return FundingPaid(
        venue=VENUE,
        account=account,
        symbol=symbol_of(wire.inst_id, symbols),
        asset=wire.ccy,
        amount=trimmed(wire.bal_chg),
        income_id=wire.bill_id,
        time_ms=moment(wire.ts),
    )


def symbol_of(venue_symbol: str, symbols: Symbols) -> str:
    """Return our symbol: a name is of one market only, whatever a frame says of its type. Raises `Unreadable`."""
    found = _known(venue_symbol, symbols)
    if found is None:
        raise Unreadable(f"symbol {venue_symbol!r} was not asked for")
    return found


def _known(venue_symbol: str, symbols: Symbols) -> str | None:
    found = (named[venue_symbol] for named in symbols.values() if venue_symbol in named)
    return next(found, None)


def side_of(text: str) -> Side:
    """Read buy or sell; raise `Unreadable`."""
    try:
        return Side(text)
    except ValueError as error:
        raise Unreadable(f"side {text!r}, expected buy or sell") from error


def liquidity_of(text: str) -> Liquidity:
    """Read M or T; raise `Unreadable`."""
    try:
        return LIQUIDITY[text]
    except KeyError as error:
        raise Unreadable(f"execType {text!r}, expected M or T") from error


def number(text: str) -> Decimal:
    """Read a number, 0 where the text is empty; raise `Unreadable`."""
    try:
        return trimmed(Decimal(text)) if text else ZERO
    except InvalidOperation as error:
        raise Unreadable(f"number {text!r}") from error


def moment(text: str) -> int:
    """Read a time in ms; raise `Unreadable`."""
    if not text.isdigit():
        raise Unreadable(f"time {text!r}, expected ms")
    return int(text)
