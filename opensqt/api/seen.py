"""What the books of a desk do not keep: looks at the venue, corrections, spans of positions, orders by hand. Pure."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.account import VenueSnapshot
from opensqt.domain.control import OrderedByHand
from opensqt.domain.ledger import Key, Ledger
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.verdict import RiskRefused

CORRECTIONS_MAX = 200


class SnapshotSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The newest snapshot of an account; `nets` are the books' net positions then, by symbol in base units."""

    snapshot: VenueSnapshot
    nets: Mapping[str, Decimal]


class HeldSpan(msgspec.Struct, frozen=True, kw_only=True):
    """When a net position was opened, on this side, and traded last; market ms."""

    opened_ms: int
    traded_ms: int
    side: int


class DeskSeen:
    """Folds beside the books."""

    def __init__(self) -> None:
        self.snapshots: dict[tuple[str, str], SnapshotSeen] = {}  # by venue and account
        self.spans: dict[Key, HeldSpan] = {}  # by venue, account and symbol
        self.by_hand: dict[str, OrderedByHand] = {}  # by intent
        self.refused_by_hand: dict[str, RiskRefused] = {}  # by intent
        self._corrections: deque[Adjustment] = deque(maxlen=CORRECTIONS_MAX)

    def fold(self, event: Event, booked: Iterable[Fill], books: Ledger) -> None:
        """Take in an event that the books have folded, and the trades that it booked."""
        for fill in booked:
            place = (fill.ref.venue, fill.ref.account, fill.ref.symbol)
            quantity = books.nets[place].position.quantity
            side = (quantity > 0) - (quantity < 0)
            known = self.spans.get(place)
            opened_ms = known.opened_ms if known and known.side == side else fill.time_ms
            self.spans[place] = HeldSpan(opened_ms=opened_ms, traded_ms=fill.time_ms, side=side)
        if isinstance(event, OrderedByHand):
            self.by_hand.setdefault(event.intent.intent_id, event)
        elif isinstance(event, RiskRefused) and event.intent_id in self.by_hand:
            self.refused_by_hand[event.intent_id] = event
        elif isinstance(event, Adjustment):
            self._corrections.append(event)
        elif isinstance(event, VenueSnapshot):
            account = (event.venue, event.account)
            nets = {
                place[2]: net.position.quantity
                for place, net in books.nets.items()
                if place[:2] == account
            }
            self.snapshots[account] = SnapshotSeen(snapshot=event, nets=nets)

    def corrected(self, since_ms: int) -> Collection[tuple[str, str]]:
        """Return the accounts and symbols of which a correction was booked since a market time."""
        return {(one.account, one.symbol) for one in self._corrections if one.time_ms >= since_ms}
