"""The reconciler's I/O: reads the journal itself, keeps the projections at its head, appends what was judged.

It reads the journal and not FEED, because projections are a function of a journal position. It decides nothing here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from opensqt.domain.journal import Appended, Duplicate, Entry, Fenced, NewEvent, Recorded
from opensqt.domain.ledger import Ledger
from opensqt.domain.recon_events import Adjustment, Discrepancy, Halted
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.reading import decode_row
from opensqt.runtime.lease import LeaseKeeper, LeaseLost, holder_of
from opensqt.runtime.process_context import Context
from opensqt.runtime.projection.port import ProjectionMoved, ProjectionStore
from opensqt.runtime.service_shell import ServiceShell
from opensqt.runtime.telemetry.ledger_traces import LedgerTraces
from opensqt.runtime.telemetry.logs import Log
from services.reconciler.config import LEASE, NAME, ReconcilerSettings
from services.reconciler.decide import Comparator
from services.reconciler.marks import LastPrices

FOLD_ROWS = 50  # between two breaths of the event loop


class Reconciler:
    """One reconciler process: a standby until the lease is its own."""

    def __init__(
        self, context: Context, projections: ProjectionStore, settings: ReconcilerSettings
    ) -> None:
        self._context = context
        self._clock = context.clock
        self._journal = context.journal
        self._log = context.log
        self._projections = projections
        self._settings = settings
        self._lease = LeaseKeeper(
            context.leases,
            context.clock,
            name=LEASE,
            holder=holder_of(context.name),
            ttl_ms=settings.lease_ttl_ms,
        )
        self._shell = ServiceShell(self._lease, context.progress)
        self._marks = LastPrices(
            context.bus,
            context.clock,
            projections,
            every_s=settings.marks_every_s,
            retry_s=settings.retry_s,
            metrics=context.metrics,
        )
        self._books = Ledger()
        self._traces = LedgerTraces(context.tracer)
        self._judge = Comparator(
            grace_ms=settings.grace_ms, drift_max=settings.drift_max, young_ms=_young_ms(context)
        )
        self._projected = 0
        self._kept = 0
        self._head = 0
        self._caught_up = False
        self._stated_s = 0.0
        self._recorded_ms = self._read_ms = (
            0  # of the newest row: by the database's clock, and by ours
        )
        self._loop = context.progress.loop("reading the journal")
        self._why = "waiting for the lease"

    @property
    def ready(self) -> bool:
        """True when the projections follow the journal."""
        return self._caught_up and self._lease.held

    def status(self) -> dict[str, Any]:
        """Return how far the projections are and what does not agree."""
        return {
            "why": "" if self.ready else self._why,
            "journal_position": self._books.position,
            "projected": self._projected,
            "lag": max(0, self._head - self._projected),
            "snapshots_judged": self._judge.judged,
            "discrepancies": self._judge.standing(),
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Fold, project and judge until `stop`; raise `LeaseLost` when another reconciler has taken over."""
        await self._shell.run(stop, partial(self._work, stop), self._shell.finished)

    async def _work(self, stop: asyncio.Event) -> None:
        self._why = "reading the journal"
        self._shell.spawn(self._marks.hear())
        self._shell.spawn(self._marks.write())
        await self._persist(self._catch_up, stop)
        epoch, position = self._lease.lease.epoch, self._books.position
        self._log.info("reconciler_running", epoch=epoch, position=position)
        while not stop.is_set():
            await self._persist(self._step, stop)
        if self._caught_up:
            await self._leave()

    async def _persist(self, call: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
        """Do it again, until `stop`, while Postgres is away."""
        while not stop.is_set():
            self._loop.step()
            try:
                await call()
            except JournalDown as error:
                self._why = f"the journal is away: {error}"
                await self._clock.sleep(self._settings.retry_s)
            else:
                return

    async def _catch_up(self) -> None:
        """Fold the whole journal to its head; what was projected before is not written again."""
        head = self._head = (await self._journal.head()).position
        before = await self._projections.head()
        while self._books.position < head:
            at = self._books.position
            count = before - at if at < before else head - at
            rows = await self._journal.read(at, min(count, self._settings.rows_max))
            await self._fold(rows)
            if self._books.position <= before:
                self._books.take_touched()
        if before > head:
            self._log.warning("projections are ahead of the journal", at=before, head=head)
            await self._projections.replace(self._books)
            self._books.take_touched()
        else:
            await self._project(before)
        self._projected = self._books.position
        self._caught_up = True

    async def _step(self) -> None:
        """Fold and project what is new, then judge, state and append."""
        before = self._books.position
        rows = await self._journal.read(before, self._settings.rows_max)
        if rows:
            self._head = max(self._head, rows[-1].position)
            await self._fold(rows)
        if self._projected < self._books.position:
            await self._project(self._projected)
        if not rows:
            # Nothing will come between: what is due is judged as the next row would judge it. Rows carry the time of
            # the database's machine: to it is added what has passed since, by our clock.
            passed_ms = self._clock.wall_ms() - self._read_ms
            due_ms = self._recorded_ms + passed_ms - self._settings.grace_ms
            self._judge.pass_time(self._books, due_ms)
        await self._speak()
        if self._projected - self._kept >= self._settings.snapshot_rows:
            await self._projections.keep(self._books)
            self._kept = self._projected
        if not rows:
            await self._journal.wait_beyond(before, self._settings.idle_wait_s)

    async def _fold(self, rows: Sequence[Recorded]) -> None:
        for number, row in enumerate(rows, start=1):
            self._recorded_ms, self._read_ms = row.recorded_at_ms, self._clock.wall_ms()
            message = decode_row(row)
            self._judge.pass_time(self._books, row.recorded_at_ms)
            change = self._books.fold(row.position, message)
            self._traces.fold(row, message)
            self._judge.after(self._books, row, message, change)
            if number % FOLD_ROWS == 0:
                self._loop.step()
                await asyncio.sleep(0)

    async def _project(self, before: int) -> None:
        touched = list(self._books.touched)
        if self._books.position > before:
            try:
                await self._projections.write(self._books, touched, before)
            except ProjectionMoved:
                # An answer of ours was lost: the same rows once more, from where they are now.
                at = await self._projections.head()
                if not before < at <= self._books.position:
                    raise
                await self._projections.write(self._books, touched, at)
        for one in touched:
            self._books.touched.pop(one, None)
        self._traces.booked(before)
        self._projected = self._books.position

    async def _speak(self) -> None:
        """Append what was judged and, now and then, what strategies hold."""
        now_s = self._clock.monotonic_s()
        due = now_s >= self._stated_s + self._settings.state_every_s
        if due:
            self._stated_s = now_s
            self._judge.state_positions(self._books, self._clock.market_ms())
        groups = self._judge.take_outbox()
        for number, group in enumerate(groups):
            try:
                await self._append(group)
            except JournalDown:
                self._judge.put_back(groups[number:])
                raise

    async def _append(self, group: tuple[NewEvent, ...]) -> None:
        outcome = await self._journal.append(Entry(events=group, fence=self._lease.fence))
        match outcome:
            case Fenced():
                raise LeaseLost(f"lease {LEASE} was taken over")
            case Appended():
                for event in group:
                    _warn(self._log, event)
            case Duplicate():
                return
            case _:
                self._log.error("judgement_not_recorded", outcome=str(outcome), by=NAME)

    async def _leave(self) -> None:
        """Bring the projections to the journal's end and keep the books, so that the next start is quick."""
        try:
            await self._step()
            await self._marks.flush()
            await self._projections.keep(self._books)
        except JournalDown as error:
            self._log.warning("left without a snapshot", detail=str(error))


def _young_ms(context: Context) -> int:
    """Return for how long (market ms) an order may be taken and not be shown."""
    venues = context.config.venues.values()
    wall_ms = max((v.deadline_ms + v.visibility_lag_ms for v in venues), default=0)
    return int(wall_ms * context.clock.speed)


def _warn(log: Log, event: NewEvent) -> None:
    """Say in the log what needs a person."""
    match event.message:
        case Discrepancy(kind=kind, symbol=symbol, subject=subject, detail=detail):
            log.error("discrepancy", kind=kind.value, symbol=symbol, subject=subject, detail=detail)
        case Halted(scope=scope, reason=reason):
            log.error("halted", scope=scope, reason=reason)
        case Adjustment(symbol=symbol, quantity=quantity, detail=detail):
            log.error("adjusted", symbol=symbol, quantity=str(quantity), detail=detail)
        case _:
            return
