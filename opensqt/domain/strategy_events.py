"""Path-dependent choices of strategies."""

from decimal import Decimal

import msgspec

from opensqt.domain.intent import Basis


class StrategyStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a strategy began, with all that its decisions can be made again from.

    It had folded the journal up to `journal_position`, then FEED from `feed_first_sequence` on, and begins to decide
    behind `basis`, as soon as this event is told to it. What an earlier version wrote says none of that.
    """

    strategy: str
    run: int  # rises by one with every start
    config_hash: str
    code_version: str
    state_fingerprint: str  # of what it had folded
    time_ms: int
    told: str = ""  # JSON: its settings, and what the run says beside them
    journal_position: int = 0
    feed_first_sequence: int = 0
    basis: Basis | None = None
    fault: str = ""  # why it stays stopped, from an earlier run of the same process
    before: Basis | None = None  # how far that earlier run had read, where there was one


class AnchorSet(msgspec.Struct, frozen=True, kw_only=True):
    """The lattice of a grid was fixed."""

    strategy: str
    symbol: str
    anchor_price: Decimal
    step_price: Decimal  # distance of two levels, quote units
    reason: str
    time_ms: int
    geometric: bool = (
        False  # each level lies above the one below by the same share, (anchor + step) / anchor
    )
    prices: tuple[Decimal, ...] = ()  # the levels themselves, rising, where they were listed


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


class CarryOutlook(msgspec.Struct, frozen=True, kw_only=True):
    """What a carry saw when it judged a round trip, and what it expected of it.

    Prices are in quote units, returns in bps of one leg's notional. An exit is judged as the reverse of an entry: what
    it captures of the basis, less the funding that it gives up.
    """

    quantity: Decimal  # base units of the clip judged
    spot_bid: Decimal
    spot_ask: Decimal
    spot_time_ms: int
    perp_bid: Decimal
    perp_ask: Decimal
    perp_time_ms: int
    funding_rate: Decimal  # fraction per interval, positive = longs pay
    interval_hours: int
    next_funding_ms: int
    holding_hours: Decimal
    settlements: int  # of funding within the holding time
    funding_bps: Decimal
    basis_bps: Decimal
    fees_bps: Decimal  # of all four trades
    slippage_bps: Decimal  # of all four trades, through the books as seen
    return_bps: Decimal  # funding and basis less fees and slippage


class SagaStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a two-leg trade."""

    strategy: str
    saga_id: str
    step: str  # entering, hedging, neutral, exiting, compensating, flat, escalated
    spot_quantity: Decimal  # signed, executed so far
    perp_quantity: Decimal  # signed, executed so far
    detail: str
    time_ms: int
    outlook: CarryOutlook | None = None  # of an entry or exit: by what it was judged
    by_basis: bool = False  # of an exit: only the basis asked for it, so it is judged again
    # Base units: of legs that differ by as much one stands alone; 0: an older version did not say.
    tolerance_base: Decimal = Decimal(0)
    keep_base: Decimal = Decimal(0)  # of an exit: how much spot (base units) stays


class StrategyFlattened(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy that leaves the desk has nothing open any more and holds nothing that could be sold."""

    strategy: str
    retiring_ms: int  # of the `StrategyRetiring` that it follows
    time_ms: int


# What moves no position.
StrategyNote = StrategyStarted | AnchorSet | StrategyFaulted | SagaStep | StrategyFlattened
StrategyEvent = StrategyNote | PositionAdopted
