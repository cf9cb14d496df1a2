"""The life of an order, from the decision to its end."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.instruments import Side
from opensqt.domain.intent import OrderType, Purpose, TimeInForce


class Liquidity(StrEnum):
    """Which side of a trade we were."""

    MAKER = "maker"
    TAKER = "taker"


class OrderRef(msgspec.Struct, frozen=True, kw_only=True):
    """Names one order; part of every order event."""

    client_order_id: str
    intent_id: str
    attempt: int
    strategy: str
    venue: str
    account: str
    symbol: str


class IntentPlaced(msgspec.Struct, frozen=True, kw_only=True):
    """An approved intent became an order of ours; nothing has been sent."""

    ref: OrderRef
    slot: str
    cycle: int
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: Decimal
    quantity: Decimal
    purpose: Purpose
    reduce_only: bool
    valid_until_ms: int
    time_ms: int


class Submitting(msgspec.Struct, frozen=True, kw_only=True):
    """Committed before the request leaves."""

    ref: OrderRef
    epoch: int  # of the executor's lease
    deadline_ms: int  # market time after which the venue refuses the request
    time_ms: int


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The venue holds the order."""

    ref: OrderRef
    venue_order_id: str
    evidence_hash: str
    time_ms: int


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """The venue refused the order, with proof."""

    ref: OrderRef
    code: str  # the venue's own code
    reason: str
    evidence_hash: str
    time_ms: int


class Unresolved(msgspec.Struct, frozen=True, kw_only=True):
    """A request ended without an answer that proves anything."""

    ref: OrderRef
    cause: str
    fence_ms: int  # market time after which absence can be proved
    evidence_hash: str
    time_ms: int


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """A trade of ours, or one owner's part of it. Unique by (venue, account, symbol, trade_id)."""

    ref: OrderRef  # client_order_id is empty where the venue did not say
    trade_id: str
    venue_order_id: str
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal  # positive = paid
    fee_asset: str
    liquidity: Liquidity
    realized_pnl: Decimal  # as the venue reports it, 0 on spot
    evidence_hash: str
    time_ms: int
    wallet: str = ""  # in which it was booked; empty: that of its market alone
    realized_untold: bool = False  # the venue does not report it: books reckon it by average cost


PART = "~"  # stands in no id of a venue; the first part of a trade has the id of the whole


def part_of_trade(trade_id: str, number: int) -> str:
    """Return the id of a part, from 0 on, of a trade that is divided among several owners."""
    return f"{trade_id}{PART}{number}" if number else trade_id


def whole_trade(trade_id: str) -> str:
    """Return the venue's id of the trade of which this is a part, or the whole."""
    return trade_id.partition(PART)[0]


class CancelRequested(msgspec.Struct, frozen=True, kw_only=True):
    """A wish on the order, kept until it is terminal."""

    ref: OrderRef
    cancel_intent_id: str
    reason: str
    time_ms: int


class Canceled(msgspec.Struct, frozen=True, kw_only=True):
    """The venue says that the order was cancelled."""

    ref: OrderRef
    venue_order_id: str
    filled_quantity: Decimal  # as the venue reports it
    reason: str
    evidence_hash: str
    time_ms: int


class Expired(msgspec.Struct, frozen=True, kw_only=True):
    """The order ended by itself, at the venue or before it was sent."""

    ref: OrderRef
    venue_order_id: str
    filled_quantity: Decimal
    reason: str
    evidence_hash: str
    time_ms: int


class NeverPlaced(msgspec.Struct, frozen=True, kw_only=True):
    """Proof that the venue never held the order."""

    ref: OrderRef
    proof: str
    evidence_hash: str
    time_ms: int


OrderEvent = (
    IntentPlaced
    | Submitting
    | Accepted
    | Rejected
    | Unresolved
    | Fill
    | CancelRequested
    | Canceled
    | Expired
    | NeverPlaced
)
