"""The books against the oracle: projections and the services' own fold, held against the judge's count of the journal.

Halts and kills alone are compared with the services' fold: the judge counts none yet.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from opensqt.cli.verify_evidence import Check, JudgedEvent
from opensqt.cli.verify_orders import told
from opensqt.domain.ledger import Ledger, LedgerTable
from opensqt.domain.ledger_content import digest
from opensqt.oracle.journal_account import JournalAccount
from opensqt.oracle.tables import COLUMNS, Row, rows_hash
from opensqt.runtime.projection.port import Snapshot
from opensqt.runtime.projection.tables import rows

DIGITS_SHOWN = 12

Rows = Mapping[str, set[Row]]


class StoredBooks(msgspec.Struct, frozen=True, kw_only=True):
    """What the database holds: projections at a position, and the newest snapshot of books."""

    position: int
    tables: Rows
    snapshot: Snapshot | None


class Folded(msgspec.Struct, frozen=True, kw_only=True):
    """What the whole journal makes: by the judge's count, and by the services' fold."""

    position: int
    digest: str  # of the services' fold, from the beginning
    digest_from_snapshot: str
    at_snapshot: str
    services: Rows  # at the end
    judged: Rows  # at the end
    projected: Rows  # where the projections stand
    positions: dict[tuple[str, ...], Decimal]
    ownerless: int


def fold(events: Sequence[JudgedEvent], live: StoredBooks) -> Folded:
    """Count the journal once, stopping where the projections and the snapshot stand."""
    books, account = Ledger(), JournalAccount()
    snapshot = live.snapshot
    resumed = Ledger() if snapshot is None else snapshot.books
    kept = resumed.position
    at_snapshot = ""
    projected = _projected(account, books)
    for event in events:
        books.fold(event.position, event.message)
        account.hear(event.message)
        if event.position > resumed.position:
            resumed.fold(event.position, event.message)
        if event.position == live.position:
            projected = _projected(account, books)
        if event.position == kept:
            at_snapshot = digest(books)
    return Folded(
        position=books.position,
        digest=digest(books),
        digest_from_snapshot=digest(resumed),
        at_snapshot=at_snapshot,
        services={table.value: found for table, found in rows(books).items()},
        judged=account.rows(),
        projected=projected,
        positions={place: net.position.quantity for place, net in books.nets.items()},
        ownerless=account.ownerless,
    )


def projections_equal_fold(live: StoredBooks, folded: Folded) -> Check:
    """Every row of every projection is what the judge counts in the journal up to its position."""
    wrong: list[str] = []
    if live.position > folded.position:
        wrong.append(f"projected to {live.position}, the journal ends at {folded.position}")
    wrong += _differing(folded.projected, live.tables)
    count = sum(len(found) for found in live.tables.values())
    return Check(
        check="projections_equal_fold",
        holds=not wrong,
        figure=f"{count} rows at position {live.position}",
        detail=told(wrong),
    )


def state_hash(live: StoredBooks, folded: Folded) -> Check:
    """The services' fold hashes as the judge's count does, from the beginning and from the newest snapshot."""
    wrong: list[str] = []
    snapshot = live.snapshot
    if snapshot is not None and snapshot.sha256 != folded.at_snapshot:
        wrong.append(f"the snapshot at {snapshot.position} is not what the journal makes")
    if folded.digest_from_snapshot != folded.digest:
        wrong.append("two folds of the same journal differ")
    hash_ = rows_hash(folded.judged)
    if rows_hash(folded.services) != hash_:
        wrong += [
            f"fold of the services: {one}" for one in _differing(folded.judged, folded.services)
        ]
    origin = "twice" if snapshot is None else f"from {snapshot.position}"
    return Check(
        check="state_hash",
        holds=not wrong,
        figure=f"{hash_[:DIGITS_SHOWN]} at position {folded.position}, {origin}",
        detail=told(wrong),
    )


def _projected(account: JournalAccount, books: Ledger) -> Rows:
    """Return the rows that projections should hold now."""
    return {**account.rows(), LedgerTable.HALTS.value: rows(books)[LedgerTable.HALTS]}


def _differing(judged: Rows, found: Rows) -> list[str]:
    """Name the tables whose rows are not those of the judge, with the first row that is wrong."""
    wrong: list[str] = []
    for table, ours in judged.items():
        theirs = found.get(table, set())
        if ours == theirs:
            continue
        missing, more = ours - theirs, theirs - ours
        text = f"{table}: {len(missing)} rows missing or different, {len(more)} not in the journal"
        wrong.append(f"{text} ({_first(table, missing, more)})")
    return wrong


def _first(table: str, missing: set[Row], more: set[Row]) -> str:
    """Say in which columns the first differing row is wrong."""
    if not missing:
        return f"for example {min(more, key=str)[:4]}"
    row = min(missing, key=str)
    names = COLUMNS.get(table, ())
    alike = sorted(
        more, key=lambda other: (sum(a != b for a, b in zip(row, other, strict=True)), str(other))
    )
    if not alike:
        return f"for example {row[:4]}"
    columns = zip(names, row, alike[0], strict=False)
    told_ = [
        f"{name} {theirs} instead of {ours}" for name, ours, theirs in columns if ours != theirs
    ]
    return f"for example {row[0]}: {', '.join(told_)}"
