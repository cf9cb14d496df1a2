"""The kill switch of one account: latch, stop, cancel, and sweep until no order can appear any more.

It cancels first and records after; it needs neither journal nor bus nor history, only the venue and the latch file.
Kills and releases are told apart by identity (`opensqt.domain.kills`); no clock decides which of them holds.
What it cannot know without the history, whether an old kill was released, it leaves until the history is read.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from opensqt.domain.clean_text import cleaned
from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.kills import Kills, ends, identity, named
from opensqt.domain.scope import DESK, can_be_killed
from opensqt.runtime.keyed_executor import Spawn
from services.executor.account import ExecutorAccount
from services.executor.cancel_sweep import CancelSweep, SweepResult
from services.executor.kill_records import KillIdentities, KillRecorder, LatchWatch

LOOK_S = 0.25  # wall, between two looks at the latch file


class KilledAgain(Exception):
    """The scope is killed by what its release did not name: it stays latched, and a person looks again."""


class ReleasedUnheard(Exception):
    """A kill comes after the release that names it: it is over, and whoever says it is told so."""


class LatchStays(Exception):
    """The release is recorded, but the latch file cannot be removed: the next start finds it."""


class KillSwitch:
    """What was killed and released, by whom, and who has been told."""

    def __init__(self, account: ExecutorAccount, sweeps: CancelSweep, spawn: Spawn) -> None:
        self._account = account
        self._sweeps = sweeps
        self._spawn = spawn
        self._identities = KillIdentities(account)
        self._disk = LatchWatch(account, self._identities)
        self._resumed: Counter[str] = Counter()  # how often each scope became free
        self._history_read = False
        # Heard, but said before we began: the history tells which of them are over.
        self._waiting: dict[str, KillLatched] = {}
        self._telling = KillRecorder(account, spawn)

    def restore(self) -> None:
        """Latch again what the latch file holds, before anything is read: this needs nobody's history."""
        message = self._disk.read()
        if message is not None:
            self._account.log.warning(
                "kill_still_latched", reason=message.reason, actor=message.actor
            )
            # The journal learns of it too: the file may have been its only witness.
            self._telling.begin(_held(self._account, message))
            self._sweep(message.scope)

    async def after_history(self) -> None:
        """Latch again what the history could not know, and sweep: the process that was told to may have died over it.

        What others recorded is recorded for this account as well: it is killed until its own release.
        """
        self._history_read = True
        self._disk.doubt()
        await self._disk.release_over()
        await self._look()
        waiting, self._waiting = self._waiting, {}
        for one in waiting.values():
            await self.hear(one)
        kills = self._account.state.kills
        for name in sorted(kills.latched.keys() - kills.obeyed):
            self._telling.begin(_held(self._account, kills.latched[name]))
        for scope in kills.scopes:
            self._sweep(scope)

    def in_force(self) -> dict[str, tuple[str, ...]]:
        """Return the identities of all kills that nobody has released here, by the scope whose release ends them.

        What waits for the history is among them: it may be in force.
        """
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name, kill in {**self._waiting, **self._account.state.kills.latched}.items():
            found[kill.scope if can_be_killed(kill.scope) else DESK].add(name)
        return {scope: tuple(sorted(names)) for scope, names in found.items()}

    async def watch(self) -> None:
        """Obey a latch file that appears beside us, for ever."""
        while True:
            await self._account.clock.sleep(LOOK_S)
            if self._disk.has_changed():
                await self._look()

    async def _look(self) -> None:
        """Obey the latch file, unless it is no news."""
        message = self._disk.read()
        if message is not None and not self._account.state.kills.is_known(message):
            await self._obey(message)

    async def kill(self, scope: str, reason: str, actor: str, kill_id: str = "") -> SweepResult:
        """Latch, cancel every order in scope, record; return what was asked of the venue at once and what it confirmed.

        Who asks now is obeyed now, also by an identity that was obeyed and released before. One that was released
        unheard is late: raises `ReleasedUnheard`.
        """
        kills, kill_id = self._account.state.kills, cleaned(kill_id)
        if kill_id in kills.released - kills.obeyed:
            raise ReleasedUnheard(f"this kill of {scope} came after its release: say a new one")
        if not kill_id or kill_id in kills.released:
            kill_id = self._identities.fresh(scope)
        now_ms = self._account.clock.market_ms()
        message = KillLatched(
            scope=scope, reason=reason, actor=actor, time_ms=now_ms, kill_id=kill_id
        )
        return await self._obey(named(message))

    async def hear(self, message: KillLatched, *, is_old: bool = False) -> None:
        """Obey a kill that the bus holds, once, unless it was released since.

        One that was said before this process began waits for the history: only that knows whether it was released.
        """
        if self._account.state.kills.is_known(message):
            return
        if is_old and not self._history_read:
            self._waiting[identity(message)] = message
        else:
            await self._obey(named(message))

    async def hear_release(self, message: KillReleased, *, is_old: bool = False) -> None:
        """Follow the leader's release as a standby; a leader releases only what a person asks of it.

        Only what the journal holds may be passed on to here: on the bus anybody can say anything.
        """
        if self._history_read:
            return
        # The file as it is now is of the kills that are known now.
        await self._look()
        account, before = self._account, self._account.state.kills.scopes
        account.state.fold(message)
        self._waiting = _undecided(self._account.state.kills, self._waiting)
        for scope in before.keys() - account.state.kills.scopes.keys():
            self._resumed[scope] += 1
            account.log.warning("release_followed", scope=scope, actor=message.actor)
        if is_old:
            self._disk.doubt()
        await self._disk.release_over()
        await self._look()

    async def _obey(self, message: KillLatched) -> SweepResult:
        account, scope = self._account, message.scope
        message = _held(account, message)
        if scope == DESK:
            await self._disk.latch(message)
        swept = await self._sweeps.cancel_known(scope)
        account.log.warning(
            "killed",
            scope=scope,
            reason=message.reason,
            actor=message.actor,
            kill=message.kill_id,
            cancels=swept.asked,
            confirmed=swept.confirmed,
        )
        self._telling.begin(message)
        self._sweep(scope)
        return swept

    def _sweep(self, scope: str) -> None:
        resumed = self._resumed[scope]
        self._spawn(self._sweeps.sweep(scope, over=lambda: self._resumed[scope] != resumed))

    async def resume(
        self, scope: str, reason: str, actor: str, kill_ids: Iterable[str]
    ) -> tuple[str, ...]:
        """Release the kills of a scope that are named, in the journal first; return their identities.

        One that is named and was never heard of is over before it comes. A latch that cannot be recorded stays.
        Raises `KilledAgain` when something that was not named kills the scope by now, and `LatchStays` when the file
        cannot be removed.
        """
        account, scope = self._account, cleaned(scope)
        if scope == DESK:
            await self._look()
        known = {**self._waiting, **account.state.kills.latched}
        names = {cleaned(name) for name in kill_ids} - {""}
        if not names:
            _refuse_nothing_named(scope, known.values())
        message = KillReleased(
            scope=scope,
            reason=cleaned(reason),
            actor=cleaned(actor),
            time_ms=account.clock.market_ms(),
            # Of another scope nobody spoke.
            kill_ids=tuple(sorted(n for n in names if n not in known or ends(scope, known[n]))),
            account=account.author.account,
        )
        await self._telling.finish(message)
        self._waiting = _undecided(account.state.kills, self._waiting)
        if scope == DESK:
            await self._look()
        for kill in {**self._waiting, **account.state.kills.latched}.values():
            if ends(scope, kill):
                raise KilledAgain(_again(kill))
        self._resumed[scope] += 1
        account.log.warning("resumed", scope=scope, reason=message.reason, actor=message.actor)
        if why := await self._disk.release_over():
            raise LatchStays(
                f"the release is recorded, but the latch file cannot be removed ({why}):"
                " remove kill.latch by hand, or the next start is killed"
            )
        return message.kill_ids


def _held(account: ExecutorAccount, message: KillLatched) -> KillLatched:
    """Hold a kill in force as one that this account obeys; return it as it is recorded."""
    epoch = account.lease.epoch
    mine = msgspec.structs.replace(message, account=account.author.account, epoch=epoch)
    account.state.fold(mine)
    return mine


def _refuse_nothing_named(scope: str, kills: Iterable[KillLatched]) -> None:
    """Raise `KilledAgain` where a kill is in force that a release does not name: nothing of it is recorded."""
    for kill in kills:
        if ends(scope, kill):
            raise KilledAgain(
                f"the release names no kill, and {kill.scope} is killed ({kill.actor}: {kill.reason}):"
                " it stays killed; resume again"
            )


def _again(kill: KillLatched) -> str:
    return f"{kill.scope} was killed again meanwhile ({kill.actor}: {kill.reason}): it stays killed"


def _undecided(kills: Kills, waiting: dict[str, KillLatched]) -> dict[str, KillLatched]:
    """Return what waits for the history still: neither released nor in force by now."""
    return {name: kill for name, kill in waiting.items() if not kills.is_known(kill)}
