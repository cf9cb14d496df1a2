"""What many calls ask for, and the parts of many answers. Values only; a line has the fields of the command line's."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from opensqt.api.call import CallReply, CallRequest

LIMIT_MAX = 500
Limit = Annotated[int, msgspec.Meta(ge=1, le=LIMIT_MAX)]
TimeMs = Annotated[int, msgspec.Meta(ge=0)]


class OfNothing(CallRequest, frozen=True, kw_only=True):
    """Asks for all there is."""


class OfAccount(CallRequest, frozen=True, kw_only=True):
    """Asks for one account; empty where the desk has only one."""

    account: str = ""


class OfSymbol(CallRequest, frozen=True, kw_only=True):
    """Asks for one symbol, e.g. BTC/USDT:USDT; the venue may be left out where only one trades it."""

    symbol: str
    venue: str = ""


class OfSymbols(CallRequest, frozen=True, kw_only=True):
    """Asks for some symbols and venues; none means all."""

    symbols: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()

    def wants(self, venue: str, symbol: str) -> bool:
        """Tell whether a place is asked for."""
        return (not self.symbols or symbol in self.symbols) and (
            not self.venues or venue in self.venues
        )


class OfNews(OfSymbols, frozen=True, kw_only=True):
    """Asks for what comes from now on, or behind a sequence that was told."""

    after: Annotated[int, msgspec.Meta(ge=0)] = 0


class OfPeriod(OfSymbols, frozen=True, kw_only=True):
    """Asks for what was between two market times in ms; 0 is open, the end is not included."""

    start_ms: TimeMs = 0
    end_ms: TimeMs = 0

    def holds(self, time_ms: int) -> bool:
        """Tell whether a time is asked for."""
        return self.start_ms <= time_ms and (not self.end_ms or time_ms < self.end_ms)


class OfHistory(OfPeriod, frozen=True, kw_only=True):
    """Asks for a page of what was, in the order of the journal."""

    limit: Limit = 100
    cursor: str = ""


class OrderLine(CallReply, frozen=True, kw_only=True):
    """An order and what became of it."""

    client_order_id: str
    venue_order_id: str
    intent_id: str
    attempt: int
    strategy: str
    venue: str
    account: str
    symbol: str
    side: str
    type: str
    price: Decimal
    quantity: Decimal
    filled: Decimal
    status: str
    reason: str
    created_at: datetime
    updated_at: datetime


class FillLine(CallReply, frozen=True, kw_only=True):
    """A trade of ours; the fee is in units of its asset."""

    trade_id: str
    client_order_id: str
    strategy: str
    venue: str
    account: str
    symbol: str
    side: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: str
    time: datetime


class PositionLine(CallReply, frozen=True, kw_only=True):
    """The net of an account in one symbol; money in quote units, None while a price is unknown."""

    venue: str
    account: str
    symbol: str
    quantity: Decimal
    entry_price: Decimal
    current_price: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    realized_pnl: Decimal
    funding: Decimal | None = None
    fees: Decimal | None = None
    opened_at: datetime | None = None
    updated_at: datetime | None = None


class OpenOrdersReply(CallReply, frozen=True, kw_only=True):
    """Orders that may still fill."""

    orders: tuple[OrderLine, ...] = ()


class OrdersReply(CallReply, frozen=True, kw_only=True):
    """Orders; the cursor asks for the next page and is empty behind the last."""

    orders: tuple[OrderLine, ...] = ()
    next_cursor: str = ""


class FillsReply(CallReply, frozen=True, kw_only=True):
    """Fills; the cursor asks for the next page and is empty behind the last."""

    fills: tuple[FillLine, ...] = ()
    next_cursor: str = ""


class PositionsReply(CallReply, frozen=True, kw_only=True):
    """Net positions."""

    positions: tuple[PositionLine, ...] = ()
