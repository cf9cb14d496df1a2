"""The life of one order as a fold of evidence: any order of arrival, any repetition, the same state.

It judges what is known; evidence of the venue is never refused.
"""

from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.cached import cached
from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.order_events import (
    Accepted,
    Canceled,
    CancelRequested,
    Expired,
    Fill,
    IntentPlaced,
    NeverPlaced,
    OrderEvent,
    OrderRef,
    Rejected,
    Submitting,
    Unresolved,
)


class OrderStatus(StrEnum):
    """Where an order stands, derived from all evidence."""

    UNKNOWN = "unknown"  # nothing of ours: evidence without IntentPlaced, or nothing at all
    PLANNED = "planned"
    SUBMITTING = "submitting"
    UNRESOLVED = "unresolved"
    LIVE = "live"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    NEVER_PLACED = "never_placed"


TERMINAL = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
        OrderStatus.REJECTED,
        OrderStatus.NEVER_PLACED,
    }
)
AT_VENUE = frozenset({OrderStatus.LIVE, OrderStatus.PARTIALLY_FILLED})
IN_DOUBT = frozenset({OrderStatus.SUBMITTING, OrderStatus.UNRESOLVED})


class Order(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All evidence about one order. Equal evidence makes equal orders, in whatever order it came."""

    client_order_id: str
    placed: IntentPlaced | None = None
    submitting: Submitting | None = None
    accepted: Accepted | None = None
    rejected: Rejected | None = None
    unresolved: Unresolved | None = None
    cancel_requested: CancelRequested | None = None
    canceled: Canceled | None = None
    expired: Expired | None = None
    never_placed: NeverPlaced | None = None
    fills: tuple[Fill, ...] = ()  # by trade id, each once

    @property
    def quantity(self) -> Decimal:
        """Ordered base units; 0 while IntentPlaced has not been seen."""
        return self.placed.quantity if self.placed is not None else ZERO

    @cached
    def filled(self) -> Decimal:
        """Base units of the fills seen, each trade once."""
        return sum([fill.quantity for fill in self.fills], ZERO)

    @cached
    def reported(self) -> Decimal:
        """Base units that the venue says were filled, at least those seen."""
        ends = (self.canceled, self.expired)
        return max([self.filled, *(end.filled_quantity for end in ends if end is not None)])

    @cached
    def venue_order_id(self) -> str:
        """The venue's own id of the order; empty while nobody has told it."""
        told = (self.accepted, self.canceled, self.expired, *self.fills)
        return next((one.venue_order_id for one in told if one and one.venue_order_id), "")

    @cached
    def notional(self) -> Decimal:
        """Quote units of the fills seen."""
        return sum((EXACT.multiply(fill.price, fill.quantity) for fill in self.fills), ZERO)

    @cached
    def phase(self) -> OrderStatus:
        """Where the order stands."""
        return _phase(self)

    @cached
    def terminal(self) -> bool:
        """True when the order can no longer fill."""
        return self.phase in TERMINAL

    @cached
    def remaining(self) -> Decimal:
        """Base units that may still come as fills, at worst."""
        whole = self.reported if self.terminal else self.quantity
        return max(whole - self.filled, ZERO)

    @cached
    def settled(self) -> bool:
        """True when the order is terminal and every fill that the venue reported has been seen."""
        return self.terminal and self.filled >= self.reported

    @property
    def owed(self) -> bool:
        """True when the order is terminal and the venue reported more than its trades have shown."""
        return self.terminal and not self.settled

    @property
    def contradictions(self) -> tuple[str, ...]:
        """Name each piece of evidence that denies another; empty for a sound life."""
        return _contradictions(self)

    @property
    def contradicted(self) -> bool:
        """True when evidence stands against a terminal state or against the order's size."""
        return bool(self.contradictions)


_PLACES: dict[type[OrderEvent], str] = {
    IntentPlaced: "placed",
    Submitting: "submitting",
    Accepted: "accepted",
    Rejected: "rejected",
    Unresolved: "unresolved",
    CancelRequested: "cancel_requested",
    Canceled: "canceled",
    Expired: "expired",
    NeverPlaced: "never_placed",
}


def begin(client_order_id: str) -> Order:
    """Return an order of which nothing is known."""
    return Order(client_order_id=client_order_id)


def fold(order: Order, event: OrderEvent) -> Order:
    """Add one piece of evidence; repeated or late evidence is welcome, another order's is a `ValueError`."""
    if event.ref.client_order_id != order.client_order_id:
        raise ValueError(
            f"{type(event).__name__} of {event.ref.client_order_id!r} cannot be folded into order"
            f" {order.client_order_id!r}"
        )
    if isinstance(event, Fill):
        return msgspec.structs.replace(order, fills=_with_fill(order.fills, event))
    place = _PLACES[type(event)]
    known = getattr(order, place)
    if known is not None and _weight(known) >= _weight(event):
        return order
    return msgspec.structs.replace(order, **{place: event})


def ref_of(order: Order) -> OrderRef:
    """Return the ref that our own decision gave an order, else that of any evidence."""
    told = (order.placed, *(getattr(order, place) for place in _PLACES.values()), *order.fills)
    ref: OrderRef = next(one.ref for one in told if one is not None)
    return ref


def last_ms(order: Order) -> int:
    """Return the market time of the newest evidence of the venue, 0 without any."""
    ends = (order.accepted, order.rejected, order.canceled, order.expired, order.never_placed)
    return max([one.time_ms for one in (*ends, *order.fills) if one is not None], default=0)


def with_fills(order: Order, fills: tuple[Fill, ...]) -> Order:
    """Return an order with trades under a better name; each stands once, by its id."""
    by_trade = {fill.trade_id: fill for fill in (*order.fills, *fills)}
    return msgspec.structs.replace(order, fills=tuple(by_trade[one] for one in sorted(by_trade)))


def _with_fill(fills: tuple[Fill, ...], fill: Fill) -> tuple[Fill, ...]:
    by_trade = {known.trade_id: known for known in fills}
    known = by_trade.get(fill.trade_id)
    if known is not None and _weight(known) >= _weight(fill):
        return fills
    by_trade[fill.trade_id] = fill
    return tuple(by_trade[trade_id] for trade_id in sorted(by_trade))


def _weight(event: OrderEvent) -> tuple[Decimal, int, str]:
    """Rank two tellings of the same evidence: the larger fill, then the later, then any fixed choice."""
    filled = event.filled_quantity if isinstance(event, Canceled | Expired) else ZERO
    return filled, event.time_ms, repr(event)


def _present(order: Order) -> bool:
    """Tell whether the venue ever showed that it held the order."""
    ended = order.expired
    return (
        order.accepted is not None
        or bool(order.fills)
        or order.canceled is not None
        or (ended is not None and (ended.filled_quantity > 0 or ended.venue_order_id != ""))
    )


def _phase(order: Order) -> OrderStatus:
    filled = order.filled
    if order.placed is not None and filled >= order.quantity:
        return OrderStatus.FILLED
    if order.canceled is not None:
        return OrderStatus.CANCELED
    if order.expired is not None:
        return OrderStatus.EXPIRED
    if order.rejected is not None and filled == 0:
        return OrderStatus.REJECTED
    if order.never_placed is not None and not _present(order):
        return OrderStatus.NEVER_PLACED
    if filled > 0:
        return OrderStatus.PARTIALLY_FILLED
    if order.accepted is not None:
        return OrderStatus.LIVE
    if order.unresolved is not None:
        return OrderStatus.UNRESOLVED
    if order.submitting is not None:
        return OrderStatus.SUBMITTING
    return OrderStatus.PLANNED if order.placed is not None else OrderStatus.UNKNOWN


def _contradictions(order: Order) -> tuple[str, ...]:
    filled = order.filled
    found: list[str] = []
    if order.placed is not None and filled > order.quantity:
        found.append(f"filled {filled} of {order.quantity}")
    if order.placed is not None and order.reported > order.quantity:
        found.append(f"reported {order.reported} filled of {order.quantity}")
    if order.rejected is not None and filled > 0:
        found.append(f"rejected, yet filled {filled}")
    if order.never_placed is not None and _present(order):
        found.append("never placed, yet the venue held it")
    for name, end in (("canceled", order.canceled), ("expired", order.expired)):
        if end is not None and filled > end.filled_quantity:
            found.append(f"{name} with {end.filled_quantity} filled, yet filled {filled}")
    return tuple(found)
