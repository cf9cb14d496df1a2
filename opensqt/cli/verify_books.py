"""The books against themselves: projections against a fold of the journal, and one fold against another."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from opensqt.cli.verify_evidence import Check, Event
from opensqt.cli.verify_orders import told
from opensqt.domain.ledger import Books, Table
from opensqt.domain.ledger_content import digest
from opensqt.runtime.projection import Row, rows
from opensqt.runtime.projection_port import Snapshot

DIGITS_SHOWN = 12


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """What the database holds: projections at a position, and the newest snapshot of books."""

    position: int
    tables: dict[Table, set[Row]]
    snapshot: Snapshot | None


class Folded(msgspec.Struct, frozen=True, kw_only=True):
    """What a fold of the whole journal makes, and what it made on the way."""

    position: int
    digest: str
    rows: dict[Table, set[Row]]
    at_snapshot: str
    positions: dict[tuple[str, ...], Decimal]
    parked: int


def fold(events: Sequence[Event], live: Live) -> Folded:
    """Fold the journal once, stopping where the projections and the snapshot stand."""
    books = Books()
    made: dict[Table, set[Row]] = rows(books)
    kept = live.snapshot.position if live.snapshot is not None else 0
    at_snapshot = ""
    for event in events:
        books.fold(event.position, event.message)
        if event.position == live.position:
            made = rows(books)
        if event.position == kept:
            at_snapshot = digest(books)
    return Folded(
        position=books.position,
        digest=digest(books),
        rows=made,
        at_snapshot=at_snapshot,
        positions={place: net.position.quantity for place, net in books.nets.items()},
        parked=len(books.parked),
    )


def projections_equal_fold(live: Live, folded: Folded) -> Check:
    """Every row of every projection is what the journal up to its position makes."""
    wrong: list[str] = []
    if live.position > folded.position:
        wrong.append(f"projected to {live.position}, the journal ends at {folded.position}")
    for table in Table:
        ours, theirs = folded.rows[table], live.tables[table]
        if ours != theirs:
            wrong.append(
                f"{table}: {len(ours - theirs)} rows missing or different, {len(theirs - ours)} not in the fold"
            )
    count = sum(len(found) for found in live.tables.values())
    return Check(
        check="projections_equal_fold",
        holds=not wrong,
        figure=f"{count} rows at position {live.position}",
        detail=told(wrong),
    )


def state_hash(events: Sequence[Event], live: Live, folded: Folded) -> Check:
    """Folding from the beginning and from the newest snapshot gives the same bytes."""
    wrong: list[str] = []
    snapshot = live.snapshot
    books = Books() if snapshot is None else snapshot.books
    if snapshot is not None and snapshot.sha256 != folded.at_snapshot:
        wrong.append(f"the snapshot at {snapshot.position} is not what the journal makes")
    for event in events:
        if event.position > books.position:
            books.fold(event.position, event.message)
    if digest(books) != folded.digest:
        wrong.append("two folds of the same journal differ")
    origin = "twice" if snapshot is None else f"from {snapshot.position}"
    return Check(
        check="state_hash",
        holds=not wrong,
        figure=f"{folded.digest[:DIGITS_SHOWN]} at position {folded.position}, {origin}",
        detail=told(wrong),
    )
