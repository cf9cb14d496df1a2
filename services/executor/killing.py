"""The kill switch of one account: latch, stop, cancel, and sweep until no order can appear any more.

It cancels first and records after; it needs neither journal nor bus nor history, only the venue and the latch file.
"""

import asyncio

from opensqt.domain import ids
from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.intent import Purpose
from opensqt.domain.messages import Message
from opensqt.runtime import latch
from opensqt.runtime.bus.subjects import subject_of
from opensqt.runtime.journal.port import NewEvent
from opensqt.runtime.latch import Latch
from opensqt.runtime.venue.port import Held, VenueDown
from services.executor.account import Account, Spawn
from services.executor.doubts import Doubts
from services.executor.evidence import Evidence
from services.executor.state import DESK

CANCELS_AT_ONCE = 16
SWEEP_PAUSE_S = 0.2
SILENCE_S_MAX = 5.0
WATCH_S = 0.5
MS_PER_S = 1000


class Kill:
    """Everything that takes orders away without being asked by a strategy."""

    def __init__(self, account: Account, evidence: Evidence, doubts: Doubts, spawn: Spawn) -> None:
        self._account = account
        self._evidence = evidence
        self._doubts = doubts
        self._spawn = spawn
        self._resumed = 0
        self._began_ms = account.clock.market_ms()
        self._history_read = False
        # What was said to us and not released since: a history that does not hold it yet cannot undo it.
        self._heard: dict[str, KillLatched] = {}
        self._released: dict[str, int] = {}  # scope -> market ms of its newest release
        self._untold: list[NewEvent] = []  # latches and releases that are not in the journal yet
        self._telling = asyncio.Lock()

    def restore(self) -> None:
        """Latch again what the latch file holds, before anything is read: this needs nobody's history.

        The journal learns of it too: the kill may have been its only witness.
        """
        account = self._account
        found = latch.read(account.folder)
        if found is not None:
            message = _latched(found)
            account.state.fold(message)
            account.log.warning("kill_still_latched", reason=found.reason, actor=found.actor)
            self._record(message)

    def learn(self, message: Message) -> None:
        """Take in a release from the history, which tells what is over of that which was said to us."""
        if isinstance(message, KillReleased):
            newest_ms = max(message.time_ms, self._released.get(message.scope, message.time_ms))
            self._released[message.scope] = newest_ms

    async def after_history(self) -> None:
        """Latch again what the history could not know: the latch file, and what the bus said while nobody led."""
        self._history_read = True
        self.restore()
        waiting, self._heard = self._heard, {}
        for message in waiting.values():
            await self.hear(message)

    def go_on(self) -> None:
        """Sweep again under every latch: the process that was told to may have died over it."""
        for scope in self._account.state.killed:
            self._spawn(self._sweep(scope, self._resumed))

    async def kill(self, scope: str, reason: str, actor: str) -> int:
        """Latch, cancel every order in scope, record; return the number of cancels sent at once."""
        now_ms = self._account.clock.market_ms()
        return await self._obey(
            KillLatched(scope=scope, reason=reason, actor=actor, time_ms=now_ms)
        )

    async def hear(self, message: KillLatched) -> None:
        """Obey a kill that the bus holds, once, unless it was released since.

        One that is older than this process waits for the history: only that knows whether it was released.
        """
        known = self._account.state.killed.get(message.scope) or self._heard.get(message.scope)
        if self._is_over(message) or (known is not None and known.time_ms >= message.time_ms):
            return
        if message.time_ms >= self._began_ms or self._history_read:
            await self._obey(message)
        else:
            self._heard[message.scope] = message

    async def hear_release(self, message: KillReleased) -> None:
        """Follow the leader's release as a standby; a leader releases only what a person asks of it."""
        self.learn(message)
        account, scope = self._account, message.scope
        if self._history_read:
            return
        heard = self._heard.get(scope)
        if heard is not None and self._is_over(heard):
            del self._heard[scope]
        latched = account.state.killed.get(scope)
        if latched is not None and self._is_over(latched):
            account.state.fold(message)
            self._resumed += 1
            found = latch.read(account.folder) if scope == DESK else None
            if found is not None and 0 < found.time_ms <= message.time_ms:
                await account.latches.release()
            account.log.warning("release_followed", scope=scope, actor=message.actor)

    async def _obey(self, message: KillLatched) -> int:
        account, scope = self._account, message.scope
        account.state.fold(message)
        self._heard[scope] = message
        if scope == DESK:
            await _latch(account, message)
        sent = await self.cancel_known(scope)
        account.log.warning(
            "killed", scope=scope, reason=message.reason, actor=message.actor, cancels=sent
        )
        self._record(message)
        self._spawn(self._sweep(scope, self._resumed))
        return sent

    def _is_over(self, message: KillLatched) -> bool:
        return self._released.get(message.scope, message.time_ms - 1) >= message.time_ms

    def _record(self, message: KillLatched) -> None:
        self._untold.append(_of_control(self._account, message))
        self._spawn(self._tell())

    async def resume(self, scope: str, reason: str, actor: str) -> None:
        """Release the latch of a scope, in the journal first: a latch that cannot be recorded stays."""
        account = self._account
        now_ms = account.clock.market_ms()
        message = KillReleased(scope=scope, reason=reason, actor=actor, time_ms=now_ms)
        release = _of_control(account, message)
        self._untold.append(release)
        try:
            await self._tell()
        finally:
            if release in self._untold:
                self._untold.remove(release)
        self._resumed += 1
        self._heard.pop(scope, None)
        self.learn(message)
        if scope == DESK:
            await account.latches.release()
        account.log.warning("resumed", scope=scope, reason=reason, actor=actor)

    async def cancel_all(self, seconds_max: float) -> bool:
        """Cancel every order of ours until none is left that could appear; False when wall time ran out before."""
        work = asyncio.ensure_future(self._cancel_and_sweep())
        limit = asyncio.ensure_future(self._account.clock.sleep(seconds_max))
        try:
            await asyncio.wait((work, limit), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
            return work.done()
        finally:
            work.cancel()
            limit.cancel()

    async def _cancel_and_sweep(self) -> None:
        await self.cancel_known(DESK)
        await self._sweep(DESK, self._resumed)

    async def _tell(self) -> None:
        """Record latches and releases in the order in which they happened, whenever the journal takes them.

        They are nobody's privilege: a standby records them as well, without the lease.
        """
        async with self._telling:
            while self._untold:
                event = self._untold[0]
                await self._account.record((event,), fenced=False)
                if event in self._untold:
                    self._untold.remove(event)

    async def cancel_known(self, scope: str, *, openings_only: bool = False) -> int:
        """Ask at once to cancel every living order that we know of in a scope; return how many."""
        names: dict[str, str] = {}
        for order in self._account.state.living():
            placed = order.placed
            if placed is None or not _covers(scope, placed.ref.strategy):
                continue
            if not openings_only or placed.purpose is Purpose.OPEN:
                names[order.client_order_id] = placed.ref.symbol
        await self._cancel_these(names)
        return len(names)

    async def _cancel_these(self, names: dict[str, str]) -> None:
        gate = asyncio.Semaphore(CANCELS_AT_ONCE)

        async def one(name: str, symbol: str) -> None:
            async with gate:
                outcome = await self._account.cancels.cancel(symbol, name, urgent=True)
            if isinstance(outcome, Held) and outcome.order is not None:
                self._spawn(self._evidence.show(outcome.order))
            elif name in self._account.state.orders:
                # What is not there may still arrive; a wish lives until the order is terminal.
                self._doubts.wish_away(name)

        await asyncio.gather(*(one(name, symbol) for name, symbol in names.items()))

    async def _sweep(self, scope: str, resumed: int) -> None:
        """Look at the venue itself until, behind every deadline, nothing of ours is open; a resume ends it too."""
        account = self._account
        policy = account.venue.policy
        wall_ms = policy.deadline_ms + policy.clock_skew_ms_max + policy.visibility_lag_ms
        last_s = account.clock.monotonic_s() + wall_ms / MS_PER_S
        while self._resumed == resumed:
            left = 0
            for symbol in account.watched():
                left += await self._left_of(scope, symbol)
            if left == 0 and account.clock.monotonic_s() >= last_s:
                return
            await account.clock.sleep(SWEEP_PAUSE_S)

    async def _left_of(self, scope: str, symbol: str) -> int:
        """Sweep one symbol, whatever the others answer; an unanswered one counts as if something were left."""
        try:
            return await self._sweep_symbol(scope, symbol)
        except VenueDown as error:
            self._account.log.warning("sweep_not_answered", symbol=symbol, detail=str(error))
            return 1
        except LookupError as error:
            # What the venue does not trade cannot be open there.
            self._account.log.error("symbol_not_traded", symbol=symbol, detail=str(error))
            return 0

    async def _sweep_symbol(self, scope: str, symbol: str) -> int:
        account = self._account
        found: dict[str, str] = {}
        for view in await account.venue.open_orders(symbol):
            order = account.state.orders.get(view.client_order_id)
            strategy = order.placed.ref.strategy if order and order.placed else ""
            # Before the history is read every id of our shape is ours; foreign orders are left alone.
            if ids.is_ours(view.client_order_id) and (scope == DESK or _covers(scope, strategy)):
                found[view.client_order_id] = symbol
        await self._cancel_these(found)
        return len(found)


def _covers(scope: str, strategy: str) -> bool:
    return scope in (DESK, f"strategy/{strategy}")


def _latched(value: Latch) -> KillLatched:
    return KillLatched(
        scope=value.scope, reason=value.reason, actor=value.actor, time_ms=value.time_ms
    )


class Silence:
    """The watch over risk and journal: when either says nothing for too long, openings come off."""

    def __init__(self, account: Account, kill: Kill) -> None:
        self._account = account
        self._kill = kill
        self._risk_heard_s = account.clock.monotonic_s()
        self._silenced = False

    def hear_risk(self) -> None:
        """Note that risk is alive."""
        self._risk_heard_s = self._account.clock.monotonic_s()
        self._silenced = False

    async def watch(self) -> None:
        """Cancel all openings when risk or the journal have been silent too long, for ever."""
        account = self._account
        # Silence counts from here: before this the loop may have been blocked by our own start.
        self.hear_risk()
        while True:
            await account.clock.sleep(WATCH_S)
            risk_s = account.clock.monotonic_s() - self._risk_heard_s
            silent_s = max(risk_s, account.silent_s)
            if silent_s > SILENCE_S_MAX and not self._silenced:
                self._silenced = True
                sent = await self._kill.cancel_known(DESK, openings_only=True)
                account.log.error("openings_cancelled", silent_s=round(silent_s, 1), cancels=sent)


def _of_control(account: Account, message: KillLatched | KillReleased) -> NewEvent:
    kind = type(message).__name__
    return NewEvent(
        event_id=ids.event_id(kind, account.author.account, message.scope, message.time_ms),
        stream="control",
        message=message,
        subject=subject_of(message),
        actor=message.actor,
        occurred_at_ms=message.time_ms,
    )


async def _latch(account: Account, message: KillLatched) -> None:
    value = Latch(
        scope=message.scope, reason=message.reason, actor=message.actor, time_ms=message.time_ms
    )
    try:
        await account.latches.latch(value)
    except OSError as error:
        # The orders come off all the same; then only the journal keeps the desk killed.
        account.log.error("latch_not_on_disk", detail=str(error), fix="make room")
