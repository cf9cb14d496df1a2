"""What a storm left behind: the venue's audit and the journal's rows, as they are. Judges nothing, folds nothing."""

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import asyncpg
import msgspec

from opensqt.cli.reading import connect, opened
from opensqt.domain.messages import Event
from opensqt.domain.order_events import (
    Accepted,
    Canceled,
    CancelRequested,
    Expired,
    Fill,
    IntentPlaced,
    NeverPlaced,
    Rejected,
    Submitting,
    Unresolved,
)
from opensqt.domain.verdict import RiskApproved, RiskRefused
from opensqt.runtime.codec import decode_event
from tests.e2e import audit
from tests.e2e.audit import Row

ROWS = "SELECT position, recorded_at_ms, data FROM journal ORDER BY position"
OUTCOMES = (Accepted, Rejected, Canceled, Expired, NeverPlaced, Fill)
ENDS = (Rejected, Canceled, Expired, NeverPlaced)


class AuditTail:
    """Counts what the audit says, reading each line once."""

    def __init__(self, data: Path) -> None:
        self._path = data / audit.FILE_NAME
        self._offset = 0
        self.accepted = 0
        self.fills = 0

    def read(self) -> None:
        """Take in the lines that are new; one that is still being written waits."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        for row in map(json.loads, whole.splitlines()):
            self.accepted += row["kind"] == "place" and row["result"] == "accepted"
            self.fills += row["kind"] == "fill"


class Trail(msgspec.Struct, kw_only=True):
    """All the journal says of one order of ours; times are wall ms at which the journal had it."""

    placed: IntentPlaced | None = None
    submitted_ms: int = 0
    doubted: bool = False
    known_ms: int = 0  # the first fact that proves that it was placed, or that it was not
    ends: list[Event] = []
    fills: dict[str, Fill] = {}
    cancels: set[str] = set()  # intents


class Record(msgspec.Struct, kw_only=True):
    """Both sides after a storm."""

    audit: list[Row]
    orders: dict[str, Trail]
    verdicts: dict[str, RiskApproved | RiskRefused]
    strays: list[Fill]
    adjustments: list[Event]

    def places(self, *, accepted: bool = False) -> Iterator[Row]:
        """Yield the audit's rows of places."""
        for row in self.audit:
            if row["kind"] == "place" and (not accepted or row["result"] == "accepted"):
                yield row

    def attempts(self) -> dict[str, list[str]]:
        """Return the client ids of each place intent."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for name, trail in self.orders.items():
            if trail.placed is not None:
                found[trail.placed.ref.intent_id].append(name)
        return found

    def moved(self) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        """Return the signed fills by market and symbol: the audit's and the journal's."""
        venue: defaultdict[str, Decimal] = defaultdict(Decimal)
        ours: defaultdict[str, Decimal] = defaultdict(Decimal)
        for row in self.audit:
            if row["kind"] == "fill":
                sign = 1 if row["side"] == "buy" else -1
                venue[row["market"]] += sign * Decimal(row["quantity"])
        fills = [fill for trail in self.orders.values() for fill in trail.fills.values()]
        for fill in (*fills, *self.strays):
            market = "perp" if ":" in fill.ref.symbol else "spot"
            ours[market] += fill.side.sign * fill.quantity
        return venue, ours


async def read_record(data: Path) -> Record:
    """Read a stopped folder."""
    async with opened(data) as source:
        connection = await connect(source.dsn)
        try:
            rows = await connection.fetch(ROWS)
        finally:
            connection.terminate()
    record = Record(audit=audit.rows(data), orders={}, verdicts={}, strays=[], adjustments=[])
    for row in rows:
        _note(record, row)
    return record


def _note(record: Record, row: asyncpg.Record) -> None:
    message, time_ms = decode_event(row["data"]), int(row["recorded_at_ms"])
    if isinstance(message, RiskApproved | RiskRefused):
        record.verdicts[message.intent_id] = message
        return
    if type(message).__name__ == "Adjustment":
        record.adjustments.append(message)
        return
    if not isinstance(message, (IntentPlaced, Submitting, Unresolved, CancelRequested, *OUTCOMES)):
        return
    name = message.ref.client_order_id
    if not name and isinstance(message, Fill):
        record.strays.append(message)
        return
    trail = record.orders.setdefault(name, Trail())
    match message:
        case IntentPlaced():
            trail.placed = message
        case Submitting():
            trail.submitted_ms = time_ms
        case Unresolved():
            trail.doubted = True
        case CancelRequested():
            trail.cancels.add(message.cancel_intent_id)
        case _:
            trail.known_ms = trail.known_ms or time_ms
    if isinstance(message, Fill):
        trail.fills[message.trade_id] = message
    elif isinstance(message, ENDS):
        trail.ends.append(message)
