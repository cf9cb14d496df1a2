"""The reconciler's judgement: the same journal always gives the same events with the same ids. Pure: no clock, no I/O.

A snapshot is judged at the first instant by which everything that the venue did meanwhile must be in the journal. One
pass raises an alert; two agreeing passes may adjust or halt. It never cancels and never invents.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from opensqt.domain.account import VenueSnapshot
from opensqt.domain.control import KillReleased
from opensqt.domain.decimals import EXACT, ZERO, canonical
from opensqt.domain.journal import NewEvent, Recorded
from opensqt.domain.ledger import Key, Ledger
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill
from opensqt.domain.order_index import Change
from opensqt.domain.recon_events import DiscrepancyKind, Halted
from opensqt.domain.reconciliation import (
    Finding,
    Track,
    differences,
    drift,
    is_doubtful,
    missing_orders,
    shown_orders,
)
from services.reconciler import events
from services.reconciler.state import (
    Movers,
    OpenDiscrepancy,
    Origin,
    PendingSnapshot,
    ReconcilerState,
    RestoredBackup,
    StatedHolding,
    origin_of,
    position_key,
)

PASSES = 2

Group = tuple[NewEvent, ...]


class Comparator:
    """Judges snapshots in journal order; what it says waits in an outbox until the journal holds it."""

    def __init__(self, *, grace_ms: int, drift_max: Decimal, young_ms: int = 0) -> None:
        self._grace_ms = grace_ms
        self._young_ms = young_ms  # market: as long as a venue may not show an order that it took
        self._drift_max = drift_max
        self._state = ReconcilerState()
        self._outbox: dict[str, Group] = {}
        self._on_the_way: set[str] = set()
        self._backup = RestoredBackup()
        self._movers = Movers()
        self._origin = Origin()  # the row of which something is said now
        self._halted: Mapping[str, Halted] = {}  # by name, as the books had them last
        self._read_anew: NewEvent | None = None
        self.judged = 0

    def pass_time(self, books: Ledger, wall_ms: int) -> None:
        """Judge the snapshots whose grace had passed at an instant up to which the journal is folded."""
        due = [w for w in self._state.waiting if w.recorded_ms + self._grace_ms <= wall_ms]
        for waiting in due:
            self._state.waiting.remove(waiting)
            self._compare(books, waiting)

    def after(self, books: Ledger, row: Recorded, message: Event, change: Change) -> None:
        """Take in a row that the books have folded, and what it changed of orders there."""
        self._origin = origin_of(row)
        self._outbox.pop(row.event_id, None)
        self._on_the_way.discard(row.event_id)
        halted, self._halted = self._halted, books.controls.halts
        self._state.fold(books, row.position, row.event_id, message, change)
        self._movers.fold(books, self._origin, message)
        backup = self._backup
        backup.fold(books, row, message)
        if backup.cause == row.event_id:
            # What explained these looks may be what the backup has lost; the next one is judged.
            self._state.waiting.clear()
        self._read_anew = (
            _told_of(
                self._origin,
                events.read_anew(backup.halt, backup.cause, backup.switched + 1, backup.read_ms),
            )
            if backup.halt is not None and backup.is_read(books)
            else None
        )
        if isinstance(message, VenueSnapshot):
            self._state.waiting.append(
                PendingSnapshot(
                    position=row.position,
                    recorded_ms=row.recorded_at_ms,
                    origin=self._origin,
                    snapshot=message,
                )
            )
        elif isinstance(message, Fill):
            for one in self._state.disproved(message):
                self._say(events.reversal(one, message))
        elif isinstance(message, KillReleased):
            # What still disagrees will halt again.
            ended = [halt for name, halt in halted.items() if name not in self._halted]
            for event in events.resumed(ended, message, row.event_id):
                self._say(event)

    def state_positions(self, books: Ledger, now_ms: int) -> None:
        """Say what each strategy holds, where that differs from what was said last."""
        for key in sorted(books.holdings):
            held = books.holdings[key]
            said = StatedHolding(
                quantity=held.quantity,
                entry_price=held.entry_price,
                realized_pnl=held.realized_pnl,
                funding=held.funding,
            )
            if self._state.stated.get(key) == said:
                continue
            self._state.stated[key] = said
            # It follows from what moved the holding, not from what was read last.
            self._origin = self._movers.of(key)
            self._say(events.position_stated(books, key, said, now_ms))

    def take_outbox(self) -> list[Group]:
        """Return what is to be appended; what the journal shows meanwhile is not said again."""
        groups = list(self._outbox.values())
        if self._read_anew is not None:
            # Until the journal shows it: a switch that was thrown meanwhile refuses it, and it is looked at again.
            groups.append((self._read_anew,))
        self._on_the_way.update(self._outbox)
        self._outbox.clear()
        return groups

    def put_back(self, groups: Sequence[Group]) -> None:
        """Keep what was not appended, in its order; the same events under the same ids."""
        # That the venue was read anew comes again by itself, at the newest version.
        kept = {one[0].event_id: one for one in groups if one[0].event_id in self._on_the_way}
        self._on_the_way.difference_update(kept)
        self._outbox = kept | self._outbox

    def standing(self) -> list[str]:
        """Name the disagreements that stand now."""
        return sorted("/".join(key) for key, one in self._state.standing.items() if one.told)

    def _compare(self, books: Ledger, waiting: PendingSnapshot) -> None:
        self.judged += 1
        snapshot, self._origin = waiting.snapshot, waiting.origin
        shown, void_shown = shown_orders(books, snapshot, self._state.moved)
        missing, void = missing_orders(books, snapshot, self._state.moved, young_ms=self._young_ms)
        scope = (snapshot.venue, snapshot.account)
        found: dict[Key, Finding] = {(*scope, *one.key): one for one in (*shown, *missing)}
        for key, finding in found.items():
            before = self._state.standing.get(key)
            since = snapshot.evidence_hash if before is None else before.since
            passes = 1 if before is None else before.passes + 1
            self._state.standing[key] = OpenDiscrepancy(since=since, passes=passes, told=True)
            if before is None:
                self._say(events.discrepancy(snapshot, finding, since))
        stale: list[Key] = [k for k in self._state.standing if k[:2] == scope and k not in found]
        for gone in stale:
            if _is_order(gone) and gone[4] not in void | void_shown:
                del self._state.standing[gone]
        for place, observed in _positions(books, snapshot):
            self._position(books, waiting, place, observed)
        for wallet, total in _wallets(books, snapshot):
            about: Key = (*scope, DiscrepancyKind.BALANCE.value, "", "/".join(wallet[2:]))
            self._figure(snapshot, about, self._state.wallets[wallet], total)

    def _figure(
        self, snapshot: VenueSnapshot, key: Key, track: Track, observed: Decimal
    ) -> OpenDiscrepancy | None:
        """Compare one figure of the venue with ours; return what stands against it now."""
        figures = track.since(snapshot.journal_position)
        if figures is None:
            return None
        found = differences(observed, figures)
        before = self._state.standing.pop(key, None)
        if not found:
            return None
        again = before is not None and bool(before.differences & found)
        if before is not None and again:
            now = msgspec.structs.replace(
                before, differences=before.differences & found, passes=before.passes + 1
            )
        else:
            now = OpenDiscrepancy(since=snapshot.evidence_hash, differences=found)
        # While trades of ours come in, one look proves nothing: only what stays the same is told.
        if not now.told and (len(figures) == 1 or again):
            finding = Finding(
                kind=DiscrepancyKind(key[2]),
                symbol=key[3],
                subject=key[4],
                expected=canonical(figures[-1]),
                observed=canonical(observed),
                detail=f"differs by {canonical(min(now.differences, key=abs))}",
            )
            self._say(events.discrepancy(snapshot, finding, now.since))
            now = msgspec.structs.replace(now, told=True)
        self._state.standing[key] = now
        return now

    def _position(
        self, books: Ledger, waiting: PendingSnapshot, place: Key, observed: Decimal
    ) -> None:
        snapshot = waiting.snapshot
        if snapshot.journal_position < self._state.adjusted_at.get(place, 0):
            return  # it may show the very gap that was adjusted since: only a newer look says what is left
        key = position_key(place)
        now = self._figure(snapshot, key, self._state.nets[place], observed)
        if now is None or now.passes < PASSES or is_doubtful(books, place[1], place[2]):
            return
        if place in self._state.adjusting:
            return  # the next look shows the same gap until what was decided is in the books
        gap = min(now.differences, key=abs)
        ledger = EXACT.subtract(observed, gap)
        lot = self._state.lots.get(place[2], ZERO)
        whole = max(abs(observed), abs(ledger), lot)
        share = drift(observed, ledger, lot)
        before = self._state.adjusted(place, snapshot.time_ms)
        summed = EXACT.divide(before + abs(gap), whole)
        if share < self._drift_max and summed < self._drift_max:
            self._state.adjusting.add(place)
            self._say(events.adjustment(books, snapshot, place, gap))
        elif "/".join(place) not in books.controls.halts:
            self._say(events.halted(snapshot, place, gap, max(share, summed)))

    def _say(self, event: NewEvent) -> None:
        if event.event_id not in self._on_the_way:
            self._outbox[event.event_id] = (_told_of(self._origin, event),)


def _told_of(origin: Origin, event: NewEvent) -> NewEvent:
    return msgspec.structs.replace(
        event, causation_id=origin.event_id, correlation_id=origin.begun_by
    )


def _positions(books: Ledger, snapshot: VenueSnapshot) -> Iterator[tuple[Key, Decimal]]:
    """Yield every perpetual that either side knows, with what the venue shows; spot has balances only."""
    shown = {one.symbol: one.quantity for one in snapshot.positions}
    ours = {k[2] for k in books.nets if k[:2] == (snapshot.venue, snapshot.account)}
    covered = {symbol for symbol in ours & set(snapshot.symbols) if ":" in symbol}
    for symbol in sorted(covered | {symbol for symbol in shown if ":" in symbol}):
        yield (snapshot.venue, snapshot.account, symbol), shown.get(symbol, ZERO)


def _wallets(books: Ledger, snapshot: VenueSnapshot) -> Iterator[tuple[Key, Decimal]]:
    """Yield every wallet of ours with what the venue shows: nothing of an asset that it leaves out of a wallet."""
    scope = (snapshot.venue, snapshot.account)
    shown: dict[Key, Decimal] = {
        (*scope, one.wallet, one.asset): one.total for one in snapshot.balances
    }
    told = {key[2] for key in shown}
    for wallet in sorted(key for key in books.wallets if key[:2] == scope and key[2] in told):
        yield wallet, shown.get(wallet, ZERO)


def _is_order(key: Key) -> bool:
    return key[2] not in (DiscrepancyKind.POSITION.value, DiscrepancyKind.BALANCE.value)
