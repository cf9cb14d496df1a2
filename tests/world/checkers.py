"""The judge of the World: counts what the venue took and what the journal holds, with no fold of the services."""

from decimal import Decimal
from typing import Any

from opensqt.domain import account, control, order_events, recon_events, verdict
from opensqt.domain.instruments import Side
from opensqt.domain.intent import PlaceIntent, Purpose
from opensqt.domain.journal import Fence, Lease, Recorded
from opensqt.domain.venue import OrderRequest
from opensqt.runtime.journal.reading import decode_row
from opensqt.simulation.engine.orders import VenueOrder
from tests.world import register
from tests.world.approvals import Seat, ungrounded
from tests.world.chronicle import Chronicle
from tests.world.concern import concerns, executor_of
from tests.world.exposure import Exposure
from tests.world.halts import RESTORE, Feed, Halts
from tests.world.latched import Latched
from tests.world.loop import Life, WorldClock
from tests.world.losses import Losses
from tests.world.machine import Machine
from tests.world.register import Register, Told
from tests.world.trades import Trades

CANCEL_SEEN_MS = 1000  # an executor that runs has folded a cancel of its own by then
DESK = "desk"
APART_MS = 5  # two clocks that are being corrected, while one request lives
HAND = "hand"  # who throws switches beside the services
FAR_MS = 2**62
FIRST = "main"  # the account that people kill by a file
DEAF_MS = 700  # the pause of an ear that lost FEED, and the way to it
Verdict = verdict.RiskApproved | verdict.RiskRefused
Wish = tuple[str, Side, Decimal, Decimal]  # symbol, side, price, quantity


class Judge(Chronicle):
    """Sees every commit, every request and every order taken, and remembers the first broken invariants."""

    def __init__(self, clock: WorldClock, deadline_ms: int, account: str = FIRST) -> None:
        super().__init__(clock)
        self.deadline_ms = deadline_ms
        self.account = account
        self.executor = executor_of(account)  # its lease
        self.neighbour: Judge | None = None  # who judges the second account
        self.all: tuple[Judge, ...] = (
            self,
        )  # of the desk: of the first account, then of the second
        self.exposure: Exposure | None = None
        self.feed = Feed()
        self.register = Register()
        self.losses, self.kills = Losses(), Latched()
        self.machine = Machine()
        self.lost: set[str] = set()  # orders that a restored journal has forgotten
        self.unheard: list[str] = []  # intents whose verdict it has forgotten
        self._forget()
        self.epochs: dict[str, tuple[int, int]] = {}  # lease -> epoch, since when
        self.idle_since_ms = FAR_MS  # since when an executor has commands to obey; see `quiet`
        self.told_ms = 0  # when a kill was recorded that may lie beside the first account only
        self.doubled = False  # two executors of one name: only the deadline keeps the elder out
        self.kill_lost = False  # FEED lost the newest kill before everybody had heard it
        self.misled = False  # the venue showed nothing for a while, or the journal went back
        self.blind_until_ms = 0  # until then a service may not have heard of a cancel
        self._sent: set[str] = set()
        self._taken: dict[str, int] = {}
        self._taken_of: dict[str, str] = {}  # intent -> cid that the venue took
        self.counts = {"sent": 0, "taken": 0, "rows": 0, "commands": 0, "faults": 0}

    def join(self, first: "Judge") -> None:
        """Judge the second account beside the judge of the first: one desk, one list of what is broken."""
        first.neighbour, self.all = self, (first, self)
        first.all, self.violations, self._log = self.all, first.violations, first._log
        self.machine, self.feed, self.counts = first.machine, first.feed, first.counts

    @property
    def killed(self) -> bool:
        """True while the journal holds a kill that nobody released."""
        return bool(self.kills.in_force)

    def acquired(self, lease: Lease) -> None:
        """A process took a lease."""
        self.note("lease", lease.name, lease.epoch)
        self.epochs[lease.name] = (lease.epoch, self._clock.wall_ms())
        if self.neighbour is not None:
            self.neighbour.epochs[lease.name] = self.epochs[lease.name]

    def committed(self, rows: list[Recorded], fence: Fence | None) -> None:
        """The journal took these rows together, under this fence."""
        if fence is not None and rows and fence.epoch != self.epochs[fence.name][0]:
            newest = self.epochs[fence.name][0]
            self.blame("no row of an old epoch", f"{fence.name} {fence.epoch}, newest {newest}")
        if self.neighbour is not None:
            self.neighbour.heard(rows)
        self.heard(rows)

    def heard(self, rows: list[Recorded]) -> None:
        """Read rows that were committed together, as far as they concern this account."""
        begins = any(row.type == "Submitting" for row in rows)
        for row in rows:
            self.counts["rows"] += 1
            self.note("row", row.event_id, row.type, row.data_hash.hex()[:12])
            if row.type == "KillLatched" and self.account != FIRST:
                self.told_ms = row.recorded_at_ms
            if row.type in register.READ:
                fact = self._read(row)
                if begins and concerns(fact, self.account):
                    self._begun(fact, row.recorded_at_ms)

    def _begun(self, fact: Any, now_ms: int) -> None:
        """Check what a new order rests on."""
        match fact:
            case verdict.RiskApproved() if fact.risk_epoch != self.epochs["risk"][0]:
                name = f"{fact.intent_id} of {fact.risk_epoch}, newest {self.epochs['risk'][0]}"
                self.blame("approved under the newest risk epoch", name)
            case order_events.IntentPlaced() if (
                now_ms > fact.valid_until_ms + self.machine.off_ms_max
            ):
                late_ms = now_ms - fact.valid_until_ms
                self.blame("begun while valid", f"{fact.ref.client_order_id}, {late_ms} ms late")

    def sent(self, request: OrderRequest, life: Life) -> None:
        """A place request leaves a process."""
        name, now_ms = request.client_order_id, self._clock.wall_ms()
        self.note("send", name, life.name)
        self.counts["sent"] += 1
        told = self.told.get(name)
        if name in self._sent:
            self.blame("sent once", f"{name} left a second time")
        self._sent.add(name)
        if told is None or told.epoch == 0:
            self.blame("committed before sent", f"{name} left without a Submitting")
            return
        epoch, since_ms = self.epochs.get(self.executor, (0, 0))
        if told.epoch != epoch:
            if not self.doubled:
                self.blame("sent under the newest epoch", f"{name} of {told.epoch}, newest {epoch}")
        elif now_ms < since_ms + self.deadline_ms + APART_MS:
            self.blame("fence waited out", f"{name} left {now_ms - since_ms} ms after take-over")
        if told.over:
            self.blame("nothing sent after its end", f"{name} had ended: {told.end}")
        # Who was thawed just now has not heard all yet; a kill that FEED lost is heard when the relay tells it again.
        heard_ms = max(life.woken_ms, self.told_ms) + DEAF_MS
        if self.killed and not self.kill_lost and now_ms > heard_ms:
            self.blame("nothing sent behind a kill", name)
        cancelled_ms = self.cancelled_ms.get(told.intent)
        if cancelled_ms is not None and now_ms >= self.blind_until_ms:
            late_ms = now_ms - max(cancelled_ms, self.blind_until_ms)
            if late_ms > CANCEL_SEEN_MS:
                self.blame("nothing sent behind its cancel", f"{name}, {late_ms} ms after")

    def took(self, taken: VenueOrder) -> None:
        """The venue took an order."""
        name = taken.client_order_id
        self.note("take", name)
        self.counts["taken"] += 1
        self._taken[name] = self._taken.get(name, 0) + 1
        if self._taken[name] > 1:
            self.blame("one order per id", f"the venue holds {self._taken[name]} of {name}")
        if (told := self.told.get(name)) is None:
            if name not in self.lost:
                self.blame("no order without an intent", name)
            return
        first = self._taken_of.setdefault(told.intent, name)
        if first != name:
            self.blame("one order per intent", f"{first} and {name} of {told.intent}")
        if told.end:
            self.blame("the journal knew better", f"{name}: {told.end}, and the venue took it")
        if self.verdicts.get(told.intent) != "RiskApproved":
            self.blame("nothing without approval", f"{name}: {self.verdicts.get(told.intent)}")
        asked, wished = taken, self._wished.get(told.intent)
        if wished != (asked.symbol, asked.side, asked.price, asked.quantity):
            self.blame("placed as wished", f"{name}: {wished}, sent {asked}")
        epoch, since_ms = self.epochs.get(self.executor, (0, 0))
        if told.epoch != epoch and self._clock.wall_ms() > since_ms + self.deadline_ms + APART_MS:
            self.blame("old epoch behind the fence", f"{name} of {told.epoch}, newest {epoch}")
        # What a restored journal has lost nobody adopts yet, so nobody can keep its owner within limits.
        if self.exposure is not None and not self.lost:
            for broken in self.exposure.weigh(taken, closes=name in self.closing):
                self.blame(*broken)

    def queued(self, intent_id: str) -> None:
        """An opening was approved and waits for the executor."""
        if intent_id not in self.verdicts:
            self.register.move(intent_id, register.APPROVED)

    def rewind(self, rows: list[Recorded]) -> None:
        """Forget what a restored journal has forgotten; what was sent and taken stays so."""
        before, answered = self.told.keys(), self.verdicts.keys()
        self._forget()
        self.muted = True
        for row in rows:
            if row.type in register.READ:
                self._read(row)
        self.muted = False
        self.lost |= before - self.told.keys()
        self.unheard = [name for name in answered if name not in self.verdicts]
        self._taken_of = {self.told[name].intent: name for name in self._taken if name in self.told}

    def _forget(self) -> None:
        self.halts = Halts()  # by hand
        self.told: dict[str, Told] = {}
        self.register.clear()
        self.trades = Trades()
        self.losses.forget()
        self.verdicts: dict[str, str] = {}
        self.cancelled_ms: dict[str, int] = {}  # place intent -> when its cancel was recorded
        self.closing: set[str] = set()  # cids of orders that only take off
        self.feed.begin(0, 0)
        self.kills.forget()
        self._wished: dict[str, Wish] = {}  # approved place intent -> what was wished

    def _read(self, row: Recorded) -> Any:
        fact: Any = decode_row(row)
        if row.actor in (HAND, RESTORE):
            self.halts.switch(fact, row)
        elif row.type == "VenueSnapshot":
            self.halts.looked(row)
        elif concerns(fact, self.account):
            self._row(fact, row.type)
        return fact

    def _row(self, fact: Any, kind: str) -> None:
        match fact:
            case verdict.RiskApproved() | verdict.RiskRefused():
                self._verdict(fact, kind)
            case order_events.IntentPlaced():
                ref = fact.ref
                self.told[ref.client_order_id] = Told(
                    intent=ref.intent_id, symbol=ref.symbol, quantity=fact.quantity
                )
                if fact.purpose is Purpose.CLOSE:
                    self.closing.add(ref.client_order_id)
            case order_events.Fill():
                self._filled(self.trades.book(fact, self.blame), fact.quantity)
            case recon_events.Discrepancy() if self.misled and fact.kind in register.OF_ORDERS:
                return
            case recon_events.Halted(scope=scope) if scope == DESK and self.halts.look is not None:
                return
            case recon_events.Resumed() if self.kills.over:
                return
            case (
                recon_events.Discrepancy()
                | recon_events.Halted()
                | recon_events.Resumed()
                | recon_events.Adjustment()
                | account.FundingPaid()
            ):
                if not self.losses.explain(fact, self.blame):
                    self.blame("the reconciler invents nothing", f"{kind}: {fact}")
            case control.KillLatched() | control.KillReleased():
                self.kills.take(fact)
                self.halts.seen_by(fact)
            case control.FeedGeneration():
                self.feed.begin(fact.generation, fact.position)
            case _:
                self._order(fact, kind)

    def _verdict(self, fact: Verdict, kind: str) -> None:
        if fact.intent_id in self.verdicts:
            self.blame("one verdict per intent", fact.intent_id)
        self.verdicts[fact.intent_id] = kind
        if fact.place is not None and kind == "RiskApproved":
            self._approved(fact, fact.place)
        self.register.leave(fact.intent_id)
        if fact.cancel is not None and kind == "RiskApproved":
            self.cancelled_ms.setdefault(fact.cancel.target_intent_id, self._clock.wall_ms())

    def _approved(self, fact: Verdict, place: PlaceIntent) -> None:
        self._wished[fact.intent_id] = (place.symbol, place.side, place.price, place.quantity)
        seat = Seat(*self.epochs["risk"], self.machine.off_ms_max)
        for broken in ungrounded(fact, place, seat, self.halts, self.feed):
            self.blame(*broken)

    def _filled(self, name: str, quantity: Decimal) -> None:
        if (told := self.told.get(name)) is not None and quantity:
            told.filled += quantity
            self._enter(told, name, register.PARTIAL)

    def _order(self, fact: Any, kind: str) -> None:
        name = fact.ref.client_order_id
        if (told := self.told.get(name)) is None:
            return
        self._filled(name, self.trades.named(fact))
        if kind in register.ENDS:
            told.end = kind
            if kind in ("Rejected", "NeverPlaced") and name in self._taken:
                self.blame("the venue knew better", f"{name}: {kind}, but the venue has it")
            self.register.leave(name)
        elif kind == "Submitting":
            told.epoch = fact.epoch
            self._enter(told, fact.ref.client_order_id, register.SUBMITTING)
        elif told.phase in register.DOUBTFUL or kind == "CancelRequested":
            self._enter(told, fact.ref.client_order_id, kind.lower())

    def _enter(self, told: Told, name: str, phase: str) -> None:
        told.phase = phase
        if told.over:
            self.register.leave(name)
        else:
            self.register.move(name, phase)
