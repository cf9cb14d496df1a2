"""What does not agree, what was done about it, and what the venue did by itself."""

from decimal import Decimal
from enum import StrEnum

import msgspec


class DiscrepancyKind(StrEnum):
    """What kind of disagreement was found."""

    MISSING_ORDER = "missing_order"
    UNKNOWN_ORDER = "unknown_order"
    ORPHAN_ORDER = "orphan_order"
    FILLED_QUANTITY = "filled_quantity"
    POSITION = "position"
    BALANCE = "balance"
    FUNDING = "funding"
    FEE = "fee"


class Discrepancy(msgspec.Struct, frozen=True, kw_only=True):
    """A typed disagreement between the fold and the venue, with its evidence."""

    kind: DiscrepancyKind
    venue: str
    account: str
    symbol: str
    subject: str  # client order id, asset or strategy it is about
    expected: str
    observed: str
    evidence_hash: str
    detail: str
    time_ms: int


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """A correction of a position that cites its fill window."""

    venue: str
    account: str
    symbol: str
    strategy: str
    quantity: Decimal  # signed
    evidence_hash: str
    detail: str
    time_ms: int


class Halted(msgspec.Struct, frozen=True, kw_only=True):
    """Openings are stopped in a scope."""

    scope: str  # desk, venue/account, or venue/account/symbol
    mode: str  # REDUCING or HALTED
    reason: str
    time_ms: int


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """A halt was lifted."""

    scope: str
    reason: str
    actor: str
    time_ms: int


class OrderContradicted(msgspec.Struct, frozen=True, kw_only=True):
    """Venue evidence against a terminal state."""

    client_order_id: str
    venue: str
    account: str
    symbol: str
    state: str
    evidence: str
    time_ms: int


class Liquidated(msgspec.Struct, frozen=True, kw_only=True):
    """The venue liquidated a position."""

    venue: str
    account: str
    symbol: str
    quantity: Decimal
    price: Decimal
    time_ms: int


class AutoDeleveraged(msgspec.Struct, frozen=True, kw_only=True):
    """The venue reduced a position by auto-deleveraging."""

    venue: str
    account: str
    symbol: str
    quantity: Decimal
    price: Decimal
    time_ms: int


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """The venue settled a contract."""

    venue: str
    account: str
    symbol: str
    quantity: Decimal
    price: Decimal
    time_ms: int


class Transferred(msgspec.Struct, frozen=True, kw_only=True):
    """An amount moved between wallets."""

    venue: str
    account: str
    asset: str
    amount: Decimal
    from_wallet: str
    to_wallet: str
    time_ms: int


class InstrumentChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A venue changed the rules of an instrument."""

    venue: str
    symbol: str
    field: str
    before: str
    after: str
    time_ms: int


class VenueStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A venue went into or out of maintenance."""

    venue: str
    status: str
    detail: str
    time_ms: int
