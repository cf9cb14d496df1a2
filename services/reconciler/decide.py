"""The reconciler's judgement: the same journal always gives the same events with the same ids. Pure: no clock, no I/O.

A snapshot is judged at the first instant by which everything that the venue did meanwhile must be in the journal. One
pass raises an alert; two agreeing passes may adjust or halt. It never cancels and never invents.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain import ids
from opensqt.domain.account import PositionStated, VenueSnapshot
from opensqt.domain.control import KillReleased
from opensqt.domain.decimals import EXACT, ZERO, canonical
from opensqt.domain.ledger import Books, Key
from opensqt.domain.messages import Message
from opensqt.domain.order import Fill
from opensqt.domain.recon import Adjustment, Discrepancy, DiscrepancyKind, Halted, Resumed
from opensqt.domain.reconciliation import (
    Finding,
    Track,
    differences,
    drift,
    is_doubtful,
    missing_orders,
    owner,
    shown_orders,
)
from opensqt.runtime.bus.subjects import subject_of
from opensqt.runtime.journal.port import NewEvent, Recorded
from services.reconciler.config import NAME
from services.reconciler.state import REVERSES, Standing, State, Stated, Waiting

REDUCING = "REDUCING"
DESK = "desk"
PASSES = 2

Group = tuple[NewEvent, ...]


class Judge:
    """Judges snapshots in journal order; what it says waits in an outbox until the journal holds it."""

    def __init__(self, *, grace_ms: int, drift_max: Decimal) -> None:
        self._grace_ms = grace_ms
        self._drift_max = drift_max
        self._state = State()
        self._outbox: dict[str, Group] = {}
        self._on_the_way: set[str] = set()
        self.judged = 0

    def before(self, books: Books, recorded_ms: int) -> None:
        """Judge what is due before a row of this instant (wall) is folded."""
        self.pass_time(books, recorded_ms)

    def pass_time(self, books: Books, wall_ms: int) -> None:
        """Judge the snapshots whose grace had passed at an instant up to which the journal is folded."""
        due = [w for w in self._state.waiting if w.recorded_ms + self._grace_ms <= wall_ms]
        for waiting in due:
            self._state.waiting.remove(waiting)
            self._compare(books, waiting)

    def after(self, books: Books, row: Recorded, message: Message) -> None:
        """Take in a row that the books have folded."""
        self._outbox.pop(row.event_id, None)
        self._on_the_way.discard(row.event_id)
        self._state.fold(books, row.position, row.event_id, message)
        if isinstance(message, VenueSnapshot):
            self._state.waiting.append(
                Waiting(position=row.position, recorded_ms=row.recorded_at_ms, snapshot=message)
            )
        elif isinstance(message, Fill):
            self._reverse(message)
        elif isinstance(message, KillReleased) and message.scope == DESK:
            self._resume(books, row.event_id, message)

    def state_positions(self, books: Books, now_ms: int) -> None:
        """Say what each strategy holds, where that differs from what was said last."""
        for key in sorted(books.holdings):
            held = books.holdings[key]
            said = Stated(
                quantity=held.quantity,
                entry_price=held.entry_price,
                realized_pnl=held.realized_pnl,
                funding=held.funding,
            )
            if self._state.stated.get(key) == said:
                continue
            self._state.stated[key] = said
            strategy, venue, account, symbol = key
            message = PositionStated(
                venue=venue,
                account=account,
                symbol=symbol,
                strategy=strategy,
                **msgspec.structs.asdict(said),
                fees=held.fees,
                journal_position=books.position,
                time_ms=now_ms,
            )
            stream = f"position/{venue}/{account}/{symbol}"
            self._say(_event(message, stream, ("position_stated", *key, books.position)))

    def take_outbox(self) -> list[Group]:
        """Return what is to be appended; what the journal shows meanwhile is not said again."""
        groups = list(self._outbox.values())
        self._on_the_way.update(self._outbox)
        self._outbox.clear()
        return groups

    def put_back(self, group: Group) -> None:
        """Keep what could not be appended; the same events under the same ids."""
        self._on_the_way.discard(group[0].event_id)
        self._outbox[group[0].event_id] = group

    def standing(self) -> list[str]:
        """Name the disagreements that stand now."""
        return sorted("/".join(key) for key, one in self._state.standing.items() if one.told)

    def _compare(self, books: Books, waiting: Waiting) -> None:
        self.judged += 1
        snapshot = waiting.snapshot
        shown, void_shown = shown_orders(books, snapshot, self._state.moved)
        missing, void = missing_orders(books, snapshot, self._state.living, self._state.moved)
        scope = (snapshot.venue, snapshot.account)
        found: dict[Key, Finding] = {(*scope, *one.key): one for one in (*shown, *missing)}
        for key, finding in found.items():
            before = self._state.standing.get(key)
            since = snapshot.evidence_hash if before is None else before.since
            passes = 1 if before is None else before.passes + 1
            self._state.standing[key] = Standing(since=since, passes=passes, told=True)
            if before is None:
                self._tell(snapshot, finding, since)
        stale: list[Key] = [k for k in self._state.standing if k[:2] == scope and k not in found]
        for gone in stale:
            if _is_order(gone) and gone[4] not in void | void_shown:
                del self._state.standing[gone]
        for place, observed in _positions(books, snapshot):
            self._position(books, waiting, place, observed)
        for balance in snapshot.balances:
            wallet = (*scope, balance.market.value, balance.asset)
            if wallet in books.wallets:
                about: Key = (*scope, DiscrepancyKind.BALANCE.value, "", "/".join(wallet[2:]))
                self._figure(snapshot, about, self._state.wallets[wallet], balance.total)

    def _figure(
        self, snapshot: VenueSnapshot, key: Key, track: Track, observed: Decimal
    ) -> Standing | None:
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
            now = Standing(since=snapshot.evidence_hash, differences=found)
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
            self._tell(snapshot, finding, now.since)
            now = msgspec.structs.replace(now, told=True)
        self._state.standing[key] = now
        return now

    def _position(self, books: Books, waiting: Waiting, place: Key, observed: Decimal) -> None:
        snapshot = waiting.snapshot
        key = (*place[:2], DiscrepancyKind.POSITION.value, place[2], place[2])
        now = self._figure(snapshot, key, self._state.nets[place], observed)
        if now is None or now.passes < PASSES or is_doubtful(books, place[1], place[2]):
            return
        gap = min(now.differences, key=abs)
        ledger = EXACT.subtract(observed, gap)
        lot = self._state.lots.get(place[2], ZERO)
        whole = max(abs(observed), abs(ledger), lot)
        share = drift(observed, ledger, lot)
        before = self._state.adjusted(place, snapshot.time_ms)
        summed = EXACT.divide(before + abs(gap), whole)
        if share >= self._drift_max or summed >= self._drift_max:
            self._halt(books, snapshot, place, gap, max(share, summed))
        else:
            self._adjust(books, snapshot, place, gap)

    def _halt(
        self, books: Books, snapshot: VenueSnapshot, place: Key, gap: Decimal, share: Decimal
    ) -> None:
        scope = "/".join(place)
        if scope in books.halts:
            return
        percent = EXACT.multiply(share, Decimal(100)).quantize(Decimal("0.01"))
        reason = f"position differs from the venue's by {canonical(gap)} ({percent} %)"
        message = Halted(scope=scope, mode=REDUCING, reason=reason, time_ms=snapshot.time_ms)
        stream = "recon/" + "/".join(place[:2])
        self._say(_event(message, stream, ("halted", scope, snapshot.evidence_hash)))

    def _adjust(self, books: Books, snapshot: VenueSnapshot, place: Key, gap: Decimal) -> None:
        venue, account, symbol = place
        message = Adjustment(
            venue=venue,
            account=account,
            symbol=symbol,
            strategy=owner(books, place),
            quantity=gap,
            evidence_hash=snapshot.evidence_hash,
            detail=f"no trade explains it up to {snapshot.time_ms}; two looks agree",
            time_ms=snapshot.time_ms,
        )
        cause = ("adjustment", *place, snapshot.evidence_hash, canonical(gap))
        self._say(_event(message, f"recon/{venue}/{account}", cause))

    def _reverse(self, fill: Fill) -> None:
        """Take an adjustment back when a trade of its window was found after all."""
        place = (fill.ref.venue, fill.ref.account, fill.ref.symbol)
        for one in list(self._state.corrected):
            made = one.adjustment
            same = (made.venue, made.account, made.symbol) == place
            if not same or fill.time_ms > made.time_ms:
                continue
            self._state.corrected.remove(one)
            back = msgspec.structs.replace(
                made,
                quantity=-made.quantity,
                detail=f"{REVERSES} {one.event_id}: trade {fill.trade_id} was found",
            )
            stream = f"recon/{made.venue}/{made.account}"
            self._say(_event(back, stream, ("reversal", one.event_id)))

    def _resume(self, books: Books, cause: str, released: KillReleased) -> None:
        """Lift every halt when a person releases the desk; what still disagrees will halt again."""
        for scope in sorted(books.halts):
            message = Resumed(
                scope=scope,
                reason=released.reason,
                actor=released.actor,
                time_ms=released.time_ms,
            )
            self._say(_event(message, "control", ("resumed", scope, cause)))

    def _tell(self, snapshot: VenueSnapshot, finding: Finding, since: str) -> None:
        message = Discrepancy(
            **msgspec.structs.asdict(finding),
            venue=snapshot.venue,
            account=snapshot.account,
            evidence_hash=snapshot.evidence_hash,
            time_ms=snapshot.time_ms,
        )
        scope = (snapshot.venue, snapshot.account)
        cause = ("discrepancy", *scope, *finding.key, since)
        self._say(_event(message, "recon/" + "/".join(scope), cause))

    def _say(self, event: NewEvent) -> None:
        if event.event_id not in self._on_the_way:
            self._outbox[event.event_id] = (event,)


def _positions(books: Books, snapshot: VenueSnapshot) -> Iterator[tuple[Key, Decimal]]:
    """Yield every perpetual that either side knows, with what the venue shows; spot has balances only."""
    shown = {one.symbol: one.quantity for one in snapshot.positions}
    ours = {k[2] for k in books.nets if k[:2] == (snapshot.venue, snapshot.account)}
    covered = {symbol for symbol in ours & set(snapshot.symbols) if ":" in symbol}
    for symbol in sorted(covered | {symbol for symbol in shown if ":" in symbol}):
        yield (snapshot.venue, snapshot.account, symbol), shown.get(symbol, ZERO)


def _is_order(key: Key) -> bool:
    return key[2] not in (DiscrepancyKind.POSITION.value, DiscrepancyKind.BALANCE.value)


def _event(message: Any, stream: str, cause: tuple[str | int, ...]) -> NewEvent:
    return NewEvent(
        event_id=ids.event_id(*cause),
        stream=stream,
        message=message,
        subject=subject_of(message),
        actor=NAME,
        occurred_at_ms=message.time_ms,
    )
