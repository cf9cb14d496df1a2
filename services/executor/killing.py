"""The kill switch of one account: latch, stop, cancel, and sweep until no order can appear any more.

It cancels first and records after; it needs neither journal nor bus nor history, only the venue and the latch file.
What it cannot know without the history, whether an old kill was released, it leaves until the history is read.
"""

import asyncio
from collections import Counter

import msgspec

from opensqt.domain import ids
from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.messages import Message
from opensqt.runtime import latch
from opensqt.runtime.bus.subjects import subject_of
from opensqt.runtime.journal.port import NewEvent
from opensqt.runtime.lanes import Spawn
from opensqt.runtime.latch import Latch
from services.executor.account import Account
from services.executor.state import DESK
from services.executor.sweeps import Sweeps


class KilledAgain(Exception):
    """The scope was killed while its release waited: it stays latched, and a person looks again."""


class Kill:
    """What was killed and released, by whom, and who has been told."""

    def __init__(self, account: Account, sweeps: Sweeps, spawn: Spawn) -> None:
        self._account = account
        self._sweeps = sweeps
        self._spawn = spawn
        self._resumed: Counter[str] = Counter()  # how often each scope became free
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
            self._sweep(scope)

    async def kill(self, scope: str, reason: str, actor: str) -> int:
        """Latch, cancel every order in scope, record; return the number of cancels sent at once."""
        known = self._account.state.killed.get(scope)
        # A latch is told from its release by time: never in the same millisecond as what was said before it.
        before_ms = max(self._released.get(scope, -1), known.time_ms if known else -1)
        now_ms = max(self._account.clock.market_ms(), before_ms + 1)
        return await self._obey(
            KillLatched(scope=scope, reason=reason, actor=actor, time_ms=now_ms)
        )

    async def hear(self, message: KillLatched) -> None:
        """Obey a kill that the bus holds, once, unless it was released since.

        One that is older than this process waits for the history: only that knows whether it was released.
        """
        known = self._account.state.killed.get(message.scope) or self._heard.get(message.scope)
        if _is_over(self._released, message) or (
            known is not None and known.time_ms >= message.time_ms
        ):
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
        if heard is not None and _is_over(self._released, heard):
            del self._heard[scope]
        latched = account.state.killed.get(scope)
        if latched is not None and _is_over(self._released, latched):
            account.state.fold(message)
            self._resumed[scope] += 1
            found = latch.read(account.folder) if scope == DESK else None
            if found is not None and 0 < found.time_ms <= message.time_ms:
                await account.latches.release()
            account.log.warning("release_followed", scope=scope, actor=message.actor)

    async def _obey(self, message: KillLatched) -> int:
        account, scope = self._account, message.scope
        message = _void_releases(self._untold, message)
        account.state.fold(message)
        self._heard[scope] = message
        if scope == DESK:
            await _latch(account, message)
        sent = await self._sweeps.cancel_known(scope)
        account.log.warning(
            "killed", scope=scope, reason=message.reason, actor=message.actor, cancels=sent
        )
        self._record(message)
        self._sweep(scope)
        return sent

    def _sweep(self, scope: str) -> None:
        resumed = self._resumed[scope]
        self._spawn(self._sweeps.sweep(scope, over=lambda: self._resumed[scope] != resumed))

    def _record(self, message: KillLatched) -> None:
        self._untold.append(_of_control(self._account, message))
        self._spawn(self._tell())

    async def resume(self, scope: str, reason: str, actor: str) -> None:
        """Release the latch of a scope, in the journal first: a latch that cannot be recorded stays.

        Raises `KilledAgain` when the scope was killed before its release was recorded.
        """
        account = self._account
        known = (account.state.killed.get(scope), _on_disk(account, scope))
        # The clock of whoever killed may be ahead of ours: its latch is released all the same.
        times_ms = [account.clock.market_ms(), *(one.time_ms for one in known if one is not None)]
        message = KillReleased(scope=scope, reason=reason, actor=actor, time_ms=max(times_ms))
        release = _of_control(account, message)
        self._untold.append(release)
        try:
            await self._tell()
        finally:
            if release in self._untold:
                self._untold.remove(release)
        latched = _latched_since(account, message)
        if latched is not None:
            if scope not in account.state.killed:
                await self._obey(latched)
            who = f"{latched.actor}: {latched.reason}"
            raise KilledAgain(f"{scope} was killed again meanwhile ({who}): it stays killed")
        self._resumed[scope] += 1
        self._heard.pop(scope, None)
        self.learn(message)
        if scope == DESK:
            await account.latches.release()
        account.log.warning("resumed", scope=scope, reason=reason, actor=actor)

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


def _void_releases(untold: list[NewEvent], kill: KillLatched) -> KillLatched:
    """Take out the releases that a kill overtakes before they are recorded, and return the kill, dated behind them.

    One may be on its way into the journal: what is dated behind it stays latched.
    """
    time_ms = kill.time_ms
    for event in tuple(untold):
        if isinstance(event.message, KillReleased) and event.message.scope == kill.scope:
            untold.remove(event)
            time_ms = max(time_ms, event.message.time_ms + 1)
    return msgspec.structs.replace(kill, time_ms=time_ms)


def _latched_since(account: Account, release: KillReleased) -> KillLatched | None:
    """Return what latches the scope in spite of its release: what we obeyed, or a file that is newer."""
    found = _on_disk(account, release.scope)
    newer = found if found is not None and found.time_ms > release.time_ms else None
    return account.state.killed.get(release.scope) or newer


def _on_disk(account: Account, scope: str) -> KillLatched | None:
    found = latch.read(account.folder) if scope == DESK else None
    return _latched(found) if found is not None else None


def _is_over(released: dict[str, int], message: KillLatched) -> bool:
    return released.get(message.scope, message.time_ms - 1) >= message.time_ms


def _latched(value: Latch) -> KillLatched:
    return KillLatched(
        scope=value.scope, reason=value.reason, actor=value.actor, time_ms=value.time_ms
    )


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
