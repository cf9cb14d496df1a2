"""What does not agree, what was done about it, and what the venue did by itself."""

from decimal import Decimal
from enum import StrEnum

import msgspec

_REVERSES = "reverses"  # how the detail of one that takes another back began before there was a field for it


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
    """A correction of a position that cites its fill window.

    A trade that is found in the window of an earlier one counts by itself; the one that `reverses` takes that back.
    """

    venue: str
    account: str
    symbol: str
    strategy: str
    quantity: Decimal  # signed
    evidence_hash: str
    detail: str
    time_ms: int
    # Event id of the adjustment that it takes back, empty for none. None in a row from before it was stated.
    takes_back: str | None = None

    @property
    def reverses(self) -> bool:
        """True when it takes an earlier adjustment back."""
        if self.takes_back is None:
            return self.detail.startswith(_REVERSES)
        return bool(self.takes_back)


def reversed_by(made: Adjustment, event_id: str, trade_id: str) -> Adjustment:
    """Return the adjustment that takes one back (`event_id`) because a trade of its window was found."""
    detail = f"{_REVERSES} {event_id}: trade {trade_id} was found"
    return msgspec.structs.replace(
        made, quantity=-made.quantity, detail=detail, takes_back=event_id
    )


class Halted(msgspec.Struct, frozen=True, kw_only=True):
    """Openings are stopped in a scope; with `breaker`, because that breaker opened."""

    scope: str  # desk, strategy/NAME, venue/account, or venue/account/symbol
    mode: str  # REDUCING or HALTED
    reason: str
    time_ms: int
    breaker: str = ""  # empty: no breaker did it
    actor: str = ""  # of a breaker: who opened it
    until_ms: int = 0  # of a breaker: market time of its next trial; 0: it has none

    @property
    def name(self) -> str:
        """What tells this halt from others: each scope has one of each breaker, and one of all other causes."""
        return halt_name(self.scope, self.breaker)


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """A halt was lifted. A breaker that is `half_open` is on trial: the next bad sign opens it again."""

    scope: str
    reason: str
    actor: str
    time_ms: int
    breaker: str = ""  # which breaker closed; empty: what else had halted the scope
    half_open: bool = False

    @property
    def name(self) -> str:
        """The name of the halt that this ends."""
        return halt_name(self.scope, self.breaker)


def halt_name(scope: str, breaker: str) -> str:
    """Return the name of what a breaker halts, or of what else halts a scope."""
    return f"{scope} {breaker}" if breaker else scope


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
    """The venue liquidated a position, or a part of it."""

    venue: str
    account: str
    symbol: str
    quantity: Decimal  # that the trade brought, signed base units
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


ReconEvent = Discrepancy | Adjustment | Halted | Resumed | OrderContradicted

# A position that the venue traded by itself; its trades are booked as such, and what it leaves may only shrink.
ForcedTrade = Liquidated | AutoDeleveraged | Settled
FORCED_WORDS: dict[type[ForcedTrade], str] = {
    Liquidated: "liquidated",
    AutoDeleveraged: "auto-deleveraged",
    Settled: "settled",
}
# What a venue did by itself; notices move nothing in any book.
VenueNotice = ForcedTrade | InstrumentChanged | VenueStatus
VenueEvent = VenueNotice | Transferred
