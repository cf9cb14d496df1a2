"""A desk's journal in a list, with books and judge as the reconciler keeps them, and a venue that is looked at."""

from decimal import Decimal
from typing import TypeVar

from opensqt.domain.account import SnapshotOrder
from opensqt.domain.instruments import Side
from opensqt.domain.journal import NewEvent, Recorded
from opensqt.domain.ledger import Ledger
from opensqt.domain.messages import Event
from opensqt.domain.recon_events import Discrepancy, DiscrepancyKind
from services.reconciler.decide import Comparator
from tests.ledgers import (
    PERP,
    fill,
    opened,
    ref_of,
    snapshot,
)

GRACE_MS = 1500
LATER_MS = 100_000
_Kind = TypeVar("_Kind")


class Desk:
    """A journal in a list, with books and judge as the service keeps them."""

    def __init__(self) -> None:
        self.rows: list[tuple[Recorded, Event]] = []
        self.books = Ledger()
        self.judge = Comparator(grace_ms=GRACE_MS, drift_max=Decimal("0.05"))
        self.said: list[NewEvent] = []
        self.now_ms = 0

    @property
    def head(self) -> int:
        """The last position."""
        return len(self.rows)

    def write(self, *messages: Event, event_id: str = "", actor: str = "a") -> None:
        """Append facts, a millisecond apart."""
        for message in messages:
            self.now_ms += 1
            name = event_id or f"fact{self.head + 1}"
            row = recorded(self.head + 1, name, self.now_ms, actor)
            self.rows.append((row, message))
            self.fold(row, message)

    def fold(self, row: Recorded, message: Event) -> None:
        """Fold one row as the service does."""
        self.judge.pass_time(self.books, row.recorded_at_ms)
        change = self.books.fold(row.position, message)
        self.judge.after(self.books, row, message, change)

    def wait(self) -> None:
        """Let the grace pass, and append what the judge says."""
        self.settle(10_000)

    def settle(self, wall_ms: int) -> None:
        """Let time pass, and append what the judge says then."""
        self.now_ms += wall_ms
        self.judge.pass_time(self.books, self.now_ms)
        for group in self.judge.take_outbox():
            for event in group:
                self.said.append(event)
                self.write(event.message, event_id=event.event_id)

    def look(self, held: str | None, evidence: str, **more: object) -> None:
        """Let the executor take a snapshot, and judge it."""
        time_ms = self.now_ms + 10
        self.write(snapshot(self.head, held, evidence=evidence, time_ms=time_ms, **more))
        self.wait()

    def told(self, kind: type[_Kind]) -> list[_Kind]:
        """Return what was said of a kind."""
        return [event.message for event in self.said if isinstance(event.message, kind)]


def recorded(position: int, event_id: str, at_ms: int, actor: str = "a") -> Recorded:
    """Return a journal row without its bytes."""
    return Recorded(
        position=position,
        prev=0,
        event_id=event_id,
        stream="s",
        version=1,
        type="t",
        schema_version=1,
        subject="s",
        data=b"",
        data_hash=b"",
        actor=actor,
        correlation_id="",
        causation_id="",
        traceparent="",
        venue_time_ms=None,
        occurred_at_ms=at_ms,
        recorded_at_ms=at_ms,
        epoch=1,
    )


def trading(quantity: str = "1") -> Desk:
    """Return a desk that holds this much of the perpetual."""
    desk = Desk()
    ref = ref_of(1)
    desk.write(*opened(ref, quantity=quantity), fill(ref, "t1", quantity))
    return desk


def shown(client_order_id: str, venue_order_id: str = "v9", filled: str = "0") -> SnapshotOrder:
    """Return an open order as the venue shows it."""
    return SnapshotOrder(
        client_order_id=client_order_id,
        venue_order_id=venue_order_id,
        symbol=PERP,
        side=Side.BUY,
        price=Decimal(100),
        quantity=Decimal(1),
        filled_quantity=Decimal(filled),
    )


def kinds(desk: Desk) -> list[DiscrepancyKind]:
    """Return the kinds of all discrepancies told."""
    return [one.kind for one in desk.told(Discrepancy)]
