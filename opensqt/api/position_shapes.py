"""What PositionService is asked and answers, beside what many calls share. Values only."""

from datetime import datetime
from decimal import Decimal

from opensqt.api.call import CallReply, CallRequest
from opensqt.api.requests import FillLine, OrderLine, PositionLine


class OfOrder(CallRequest, frozen=True, kw_only=True):
    """Asks for one order, by our id or the venue's."""

    order_id: str


class OrderReply(CallReply, frozen=True, kw_only=True):
    """An order and its trades."""

    order: OrderLine
    fills: tuple[FillLine, ...] = ()


class PositionReply(CallReply, frozen=True, kw_only=True):
    """The net of one symbol in each account that holds or held it, and the orders that may change it."""

    positions: tuple[PositionLine, ...] = ()
    open_orders: tuple[OrderLine, ...] = ()


class PositionSnapshot(CallReply, frozen=True, kw_only=True):
    """A position after one of our trades; the market price is that of the trade."""

    account: str
    symbol: str
    quantity: Decimal
    entry_price: Decimal
    market_price: Decimal
    unrealized_pnl: Decimal
    realized_pnl: Decimal
    trade_id: str
    time: datetime


class PositionHistoryReply(CallReply, frozen=True, kw_only=True):
    """How a position came to be, a line a trade."""

    snapshots: tuple[PositionSnapshot, ...] = ()
    next_cursor: str = ""


class SymbolPnL(CallReply, frozen=True, kw_only=True):
    """What trades realised in one symbol, quote units before fees and funding."""

    venue: str
    account: str
    symbol: str
    realized_pnl: Decimal
    num_trades: int
    winning_trades: int
    losing_trades: int
    win_rate: Decimal | None = None  # of those that closed something; None where nothing did


class RealizedPnLReply(CallReply, frozen=True, kw_only=True):
    """What was realised; the sum is None where the symbols are counted in several assets."""

    total_pnl: Decimal | None = None
    by_symbol: tuple[SymbolPnL, ...] = ()


class PositionPnL(CallReply, frozen=True, kw_only=True):
    """What a position would add if it were closed at the price of now, quote units before fees."""

    venue: str
    account: str
    symbol: str
    quantity: Decimal
    entry_price: Decimal
    current_price: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    pnl_percentage: Decimal | None = None


class UnrealizedPnLReply(CallReply, frozen=True, kw_only=True):
    """What is not realised; the sum is None while one of its parts is unknown."""

    total_pnl: Decimal | None = None
    positions: tuple[PositionPnL, ...] = ()
