"""What a kill leaves behind: the latch file as one executor knows it, and what the journal is told. It decides nothing.

A file without an identity (written by hand, by an older version, or damaged) gets one when it is seen: nobody can have
released it. So does a file that appears with a kill that is over: whoever put it there wants the desk killed. Only what
another account's executor wrote down for itself is no kill of ours: it may write late, behind our release.
"""

import asyncio

import msgspec

from opensqt.domain import ids
from opensqt.domain.control import CONTROL_STREAM, KillLatched, KillReleased
from opensqt.domain.journal import NewEvent
from opensqt.domain.kills import named
from opensqt.domain.scope import DESK
from opensqt.domain.subjects import subject_of
from opensqt.runtime import latch
from opensqt.runtime.keyed_executor import Spawn
from opensqt.runtime.latch import Latch
from services.executor.account import ExecutorAccount

_Seen = tuple[int, int, int] | None


class KillIdentities:
    """Names for kills that nobody has named."""

    def __init__(self, account: ExecutorAccount) -> None:
        self._account = account
        self._drawn = 0

    def fresh(self, scope: str) -> str:
        """Return an identity that no kill has had."""
        clock, self._drawn = self._account.clock, self._drawn + 1
        when = (clock.market_ms(), str(clock.monotonic_s()), self._drawn)
        return ids.event_id("kill", self._account.lease.holder, scope, *when)


class LatchWatch:
    """The latch file of a folder: read again only when it is another one."""

    def __init__(self, account: ExecutorAccount, identities: KillIdentities) -> None:
        self._account = account
        self._identities = identities
        self._seen: _Seen = None
        self._holds: KillLatched | None = None
        self._is_note = False  # an executor wrote it down for itself

    def has_changed(self) -> bool:
        """Tell whether the file is another one than at the last look, by one `stat`."""
        return latch.look(self._account.folder) != self._seen

    def read(self) -> KillLatched | None:
        """Return the kill that the file holds; the same file is the same kill however often it is read."""
        seen = latch.look(self._account.folder)
        if seen != self._seen:
            found = latch.read(self._account.folder)
            # The look comes first: a file that is replaced in between is looked at once more.
            self._seen, self._holds = seen, self._kill_of(found) if found is not None else None
            self._is_note = found is not None and found.account != ""
        return self._holds

    async def latch(self, message: KillLatched) -> None:
        """Write the file, unless a kill is in it that was not read yet: that one is obeyed at the next look.

        Where it cannot be written, say so and go on.
        """
        kills = self._account.state.kills
        known = kills.released.union(kills.latched, () if self.has_changed() else ("",))
        value = Latch(
            scope=message.scope,
            reason=message.reason,
            actor=message.actor,
            time_ms=message.time_ms,
            kill_id=message.kill_id,
            account=self._account.author.account,
        )
        try:
            await self._account.latches.latch(value, known=known)
        except OSError as error:
            # The orders come off all the same; then only the journal keeps the desk killed.
            self._account.log.error("latch_not_on_disk", detail=str(error), fix="make room")

    def doubt(self) -> None:
        """Let a file count as one that appears now, if its kill was over before this process began.

        Nobody can tell why it is there. A note of an executor tells: it was down when the kill was released.
        """
        holds = self._holds
        if holds is not None and not self._is_note and self._account.state.kills.is_over(holds):
            self._seen = self._holds = None

    async def release_over(self) -> str:
        """Remove the file if the kill that was read in it is over; return why it could not be.

        Another one stays, and so does a file that was not read yet: it is obeyed at the next look.
        """
        message = self._holds
        is_read = message is not None and not self.has_changed()
        if message is None or not is_read or not self._account.state.kills.is_over(message):
            return ""
        try:
            await self._account.latches.release()
        except OSError as error:
            self._account.log.error("latch_not_removed", detail=str(error), fix="remove it by hand")
            return error.strerror or str(error)
        self._account.log.warning("latch_removed")
        self._seen = self._holds = None
        return ""

    def _kill_of(self, found: Latch) -> KillLatched:
        message = KillLatched(
            scope=DESK,
            reason=found.reason,
            actor=found.actor,
            time_ms=found.time_ms,
            kill_id=found.kill_id or self._identities.fresh(DESK),
        )
        is_ours = found.account in ("", self._account.author.account)
        if is_ours and self._account.state.kills.is_over(message):
            message = msgspec.structs.replace(message, kill_id=self._identities.fresh(DESK))
        return named(message)


class KillRecorder:
    """Latches and releases on their way into the journal, in the order in which they happened.

    They are nobody's privilege: a standby records them as well, without the lease.
    """

    def __init__(self, account: ExecutorAccount, spawn: Spawn) -> None:
        self._account = account
        self._spawn = spawn
        self._untold: list[KillLatched | KillReleased] = []
        self._one = asyncio.Lock()

    def begin(self, message: KillLatched) -> None:
        """Record a kill whenever the journal takes it."""
        self._untold.append(message)
        self._spawn(self._tell())

    async def finish(self, message: KillReleased) -> None:
        """Record a release and all before it; whoever no longer waits for it takes it back."""
        self._untold.append(message)
        try:
            await self._tell()
        finally:
            if message in self._untold:
                self._untold.remove(message)

    async def _tell(self) -> None:
        async with self._one:
            while self._untold:
                message = self._untold[0]
                event = _of_control(self._account, message)
                await self._account.record((event,), fenced=False)
                if message in self._untold:
                    self._untold.remove(message)


def _of_control(account: ExecutorAccount, message: KillLatched | KillReleased) -> NewEvent:
    """Return the event of a kill or a release: one for each account that obeys it."""
    kind = type(message).__name__
    if isinstance(message, KillLatched):
        # What a standby recorded must not stand for what its leader did.
        cause: tuple[str | int, ...] = (
            message.kill_id,
            *((message.epoch,) if message.epoch else ()),
        )
    else:
        cause = (message.time_ms, *message.kill_ids)
    return NewEvent(
        event_id=ids.event_id(kind, account.author.account, message.scope, *cause),
        stream=CONTROL_STREAM,
        message=message,
        subject=subject_of(message),
        actor=message.actor,
        occurred_at_ms=message.time_ms,
    )
