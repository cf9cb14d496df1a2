"""One order as its evidence tells it, and the row that follows; by the judge's own reading of that evidence."""

from decimal import Decimal
from typing import Any

from opensqt.domain.intent import Purpose
from opensqt.domain.order_events import (
    Accepted,
    Canceled,
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
from opensqt.oracle.average_cost import NOTHING
from opensqt.oracle.tables import Row, moment


class OrderEvidence:
    """All that was said about one client order id; of each kind of evidence the telling that counts."""

    def __init__(self) -> None:
        self._told: dict[type, Any] = {}
        self._trades: dict[str, Fill] = {}

    def hear(self, event: OrderEvent) -> None:
        """Take in one fact; of two of a kind the one that filled more counts, then the later, then the larger text."""
        if isinstance(event, Fill):
            self._trades[event.trade_id] = event
            return
        kind = type(event)
        self._told[kind] = max((event, self._told.get(kind, event)), key=_rank)

    @property
    def ref(self) -> OrderRef | None:
        """Who placed it; None while that was not told."""
        placed = self._told.get(IntentPlaced)
        return placed.ref if placed is not None else None

    @property
    def is_round_trip(self) -> bool:
        """Whether it was placed to close, and its trades add up to all of it."""
        placed = self._told.get(IntentPlaced)
        if placed is None or placed.purpose is not Purpose.CLOSE:
            return False
        traded = sum((fill.quantity for fill in self._trades.values()), NOTHING)
        return bool(traded >= placed.quantity > 0)

    def row(self) -> Row | None:
        """Return the row of the order; None while nobody has told of its placing."""
        placed = self._told.get(IntentPlaced)
        if placed is None:
            return None
        ref = placed.ref
        traded = sum((trade.quantity for trade in self._trades.values()), NOTHING)
        facts = (*self._told.values(), *self._trades.values())
        return (
            ref.client_order_id,
            self._venue_order_id(),
            ref.intent_id,
            ref.attempt,
            ref.strategy,
            ref.venue,
            ref.account,
            ref.symbol,
            placed.side.value,
            placed.type.value,
            placed.price,
            placed.quantity,
            traded,
            self._status(traded, placed.quantity),
            self._reason(),
            moment(placed.time_ms),
            moment(max(fact.time_ms for fact in facts)),
        )

    def _venue_order_id(self) -> str:
        by_trade = [self._trades[name] for name in sorted(self._trades)]
        named = [self._told[k] for k in (Accepted, Canceled, Expired) if k in self._told]
        return next((e.venue_order_id for e in (*named, *by_trade) if e.venue_order_id), "")

    def _status(self, traded: Decimal, ordered: Decimal) -> str:
        told = self._told
        expired = told.get(Expired)
        was_there = Accepted in told or bool(self._trades) or Canceled in told
        if expired is not None and (expired.venue_order_id or expired.filled_quantity):
            was_there = True
        ladder = (  # the first that is true
            ("filled", traded >= ordered),
            ("canceled", Canceled in told),
            ("expired", expired is not None),
            ("rejected", Rejected in told and not traded),
            ("never_placed", NeverPlaced in told and not was_there),
            ("partially_filled", traded > 0),
            ("live", Accepted in told),
            ("unresolved", Unresolved in told),
            ("submitting", Submitting in told),
        )
        return next((name for name, is_so in ladder if is_so), "planned")

    def _reason(self) -> str:
        told = self._told
        for kind in (Canceled, Expired):
            if kind in told:
                return str(told[kind].reason)
        if Rejected in told:
            return " ".join(word for word in (told[Rejected].code, told[Rejected].reason) if word)
        if NeverPlaced in told:
            return str(told[NeverPlaced].proof)
        doubted = Unresolved in told and Accepted not in told
        return str(told[Unresolved].cause) if doubted else ""


def _rank(event: OrderEvent) -> tuple[Decimal, int, str]:
    filled = event.filled_quantity if isinstance(event, Canceled | Expired) else NOTHING
    return filled, event.time_ms, repr(event)
