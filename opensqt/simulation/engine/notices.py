"""What the venue tells an account on its private streams, before any dialect gives it a shape. Values only."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.instruments import Market
from opensqt.simulation.engine.orders import Execution, VenueOrder


class Happening(StrEnum):
    """What happened to an order."""

    NEW = "new"
    TRADE = "trade"
    CANCELED = "canceled"
    EXPIRED = "expired"


class OrderNotice(msgspec.Struct, frozen=True, kw_only=True):
    """An order changed; `order` is a copy of it right after the change."""

    account: str
    happening: Happening
    order: VenueOrder
    execution: Execution | None = None
    time_ms: int


class SpotBalanceNotice(msgspec.Struct, frozen=True, kw_only=True):
    """Spot balances changed: asset, free, locked."""

    account: str
    balances: tuple[tuple[str, Decimal, Decimal], ...]
    time_ms: int


class PerpWalletNotice(msgspec.Struct, frozen=True, kw_only=True):
    """The perp wallet or a position changed; `reason` is ORDER or FUNDING_FEE, `change` excludes PnL and fees."""

    account: str
    reason: str
    balance: Decimal
    change: Decimal
    symbol: str
    quantity: Decimal
    entry_price: Decimal
    realized_total: Decimal
    unrealized: Decimal
    time_ms: int


Notice = OrderNotice | SpotBalanceNotice | PerpWalletNotice


def market_of(notice: Notice) -> Market:
    """Which market's private stream carries this notice."""
    match notice:
        case OrderNotice():
            return notice.order.market
        case SpotBalanceNotice():
            return Market.SPOT
        case PerpWalletNotice():
            return Market.PERP
