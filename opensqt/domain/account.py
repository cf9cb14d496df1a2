"""Balances, positions and income of an account at a venue."""

from decimal import Decimal

import msgspec

from opensqt.domain.instruments import Side


class SnapshotOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An open order as the venue shows it."""

    client_order_id: str
    venue_order_id: str
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    filled_quantity: Decimal


class SnapshotPosition(msgspec.Struct, frozen=True, kw_only=True):
    """A net position as the venue shows it."""

    symbol: str
    quantity: Decimal  # signed, base units
    entry_price: Decimal


class SnapshotBalance(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet balance as the venue shows it."""

    wallet: str
    asset: str
    total: Decimal  # wallet balance, open orders included
    free: Decimal


class VenueSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What the venue held between two instants; the raw answers are evidence."""

    venue: str
    account: str
    trigger: str  # start, reconnect, schedule, takeover
    journal_position: int  # head folded by the executor before the first request
    orders: tuple[SnapshotOrder, ...] = ()
    positions: tuple[SnapshotPosition, ...] = ()
    balances: tuple[SnapshotBalance, ...] = ()
    symbols: tuple[str, ...] = ()  # symbols covered; absence of others proves nothing
    evidence_hash: str
    started_ms: int
    time_ms: int
    # 0 to 1 (`opensqt.domain.margin_health`); None: the venue says none, or an older version did not ask.
    margin_health: Decimal | None = None


class BalanceChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet balance that the venue reported."""

    venue: str
    account: str
    wallet: str
    asset: str
    total: Decimal
    reason: str
    time_ms: int


class AssetAmount(msgspec.Struct, frozen=True, kw_only=True):
    """An amount of one asset."""

    asset: str
    amount: Decimal


class PositionStated(msgspec.Struct, frozen=True, kw_only=True):
    """What the log says a strategy holds; stated by the reconciler."""

    venue: str
    account: str
    symbol: str
    strategy: str
    quantity: Decimal  # signed
    entry_price: Decimal
    realized_pnl: Decimal
    fees: tuple[AssetAmount, ...] = ()
    funding: Decimal
    journal_position: int
    time_ms: int


class FundingPaid(msgspec.Struct, frozen=True, kw_only=True):
    """A funding payment booked by the venue."""

    venue: str
    account: str
    symbol: str
    asset: str
    amount: Decimal  # positive = received
    income_id: str
    time_ms: int
    wallet: str = ""  # empty: that of the perpetuals alone


class Deposit(msgspec.Struct, frozen=True, kw_only=True):
    """An amount that came in from outside, or the opening balance."""

    venue: str
    account: str
    wallet: str
    asset: str
    amount: Decimal
    reason: str
    time_ms: int


AccountEvent = VenueSnapshot | BalanceChanged | PositionStated | FundingPaid | Deposit
