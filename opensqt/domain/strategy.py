"""Path-dependent choices of strategies."""

from decimal import Decimal

import msgspec


class StrategyStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a strategy began."""

    strategy: str
    run: int  # rises by one with every start
    config_hash: str
    code_version: str
    state_fingerprint: str
    time_ms: int


class AnchorSet(msgspec.Struct, frozen=True, kw_only=True):
    """The lattice of a grid was fixed."""

    strategy: str
    symbol: str
    anchor_price: Decimal
    step_price: Decimal  # distance of two levels, quote units
    reason: str
    time_ms: int


class AdoptedSlot(msgspec.Struct, frozen=True, kw_only=True):
    """One level that took over a part of an existing position."""

    level: int
    quantity: Decimal  # signed
    cost_price: Decimal


class PositionAdopted(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy took over a position that was there before it."""

    strategy: str
    venue: str
    account: str
    symbol: str
    quantity: Decimal  # signed
    entry_price: Decimal
    slots: tuple[AdoptedSlot, ...] = ()
    time_ms: int


class StrategyFaulted(msgspec.Struct, frozen=True, kw_only=True):
    """An exception stopped one strategy; the others go on."""

    strategy: str
    error: str
    time_ms: int


class SagaStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a two-leg trade."""

    strategy: str
    saga_id: str
    step: str  # entering, hedging, neutral, exiting, compensating, flat, escalated
    spot_quantity: Decimal  # signed, executed so far
    perp_quantity: Decimal  # signed, executed so far
    detail: str
    time_ms: int
