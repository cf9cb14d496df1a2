"""The executor's one start-up path: latch, lease, history, queues, fence, venue, and only then commands.

A restart is a take-over: whoever held the lease before may still have requests under way, so nothing is sent before
the longest of them has passed.
"""

import asyncio
from functools import partial
from typing import Any

import msgspec

from opensqt.domain import subjects
from opensqt.domain.scope import DESK
from opensqt.domain.standby import STANDBY
from opensqt.domain.venue import VenueDown
from opensqt.domain.venue_trouble import SILENT
from opensqt.execution.to_ask import doubtful
from opensqt.runtime.bus.port import Bus, BusDown, QueueTaken, Stream, epoch_in, executor_queues
from opensqt.runtime.journal.reading import decode_row
from opensqt.runtime.lease import LeaseLost
from opensqt.runtime.progress import Progress
from opensqt.runtime.retrying import until_answered
from opensqt.runtime.service_shell import ServiceShell
from opensqt.runtime.telemetry.logs import Log
from opensqt.runtime.telemetry.metrics import Metrics
from opensqt.venues.engine.presence import Presence
from services.executor.account import ExecutorAccount
from services.executor.account_sync import AccountSync
from services.executor.cancel_sweep import CancelSweep, LivenessWatchdog
from services.executor.command_consumer import CommandConsumer
from services.executor.control_subscriber import ControlSubscriber, RecordedKills
from services.executor.corrections import CORRECTED
from services.executor.dead_man import DeadMan
from services.executor.kill_switch import KillSwitch
from services.executor.resolver import OrderResolver
from services.executor.standby import LeaderElection, PhaseTimer

READ_MAX = 1000
PAUSE_S = 0.5
# While a request lives, its signer's clock and ours may each be corrected by 500 ppm: no fence ends on the millisecond.
CLOCKS_APART_MS = 10
MEASURE_S = 1.0
STARTING = "starting"
RUNNING = "running"
WAITING = "waiting for the lease"
STOP_S_MAX = 4.5  # the process is ended at 7 s, and requests under way want their end
CLOSE_S_MAX = 1.0
MS_PER_S = 1000
FOLDED = ("intent/", "order/", "account/", "control", "stray/", *CORRECTED)


class Executor:
    """One executor process for one account."""

    def __init__(
        self,
        account: ExecutorAccount,
        bus: Bus,
        metrics: Metrics,
        *,
        cancel_on_stop: bool,
        progress: Progress | None = None,
        dead_man_s: int = 0,
    ) -> None:
        self._account = account
        self._bus = bus
        self._metrics = metrics
        self._cancel_on_stop = cancel_on_stop
        self._progress = progress or Progress(account.clock.monotonic_s)
        self._log = Log(f"executor.{account.author.account}")
        self._shell = ServiceShell()
        spawn = self._shell.spawn
        self._evidence = AccountSync(account)
        self._doubts = OrderResolver(account, self._evidence, spawn)
        self._sweeps = CancelSweep(account, self._evidence, self._doubts, spawn)
        self.kill = KillSwitch(account, self._sweeps, spawn)
        self._silence = LivenessWatchdog(account, self._sweeps)
        self._dead_man = DeadMan(account, self._progress, dead_man_s)
        self._presence = Presence(
            account.venue, account.clock, metrics.venue_silent.labels(account.author.venue)
        )
        self._ear = ControlSubscriber(account, bus, metrics, self.kill, self._silence)
        self._succession = LeaderElection(account, bus)
        self._commands = CommandConsumer(account, self._doubts, self._evidence, bus, metrics, spawn)
        self._phase = STARTING

    @property
    def ready(self) -> bool:
        """True when commands are taken, the lease is held and the venue answers."""
        account = self._account
        return self._phase == RUNNING and account.lease.held and not account.venue.contact.why()

    @property
    def stands_by(self) -> bool:
        """True while somebody else leads the account, as the journal says."""
        return self._phase == STARTING and self._succession.stands_by

    def status(self) -> dict[str, Any]:
        """Return what a person wants to know of this executor."""
        state = self._account.state
        silent = self._account.venue.contact.why()
        account = self._account
        trouble = silent or account.approval_keys.trouble() or account.venue.trouble()
        return {
            "phase": WAITING if self.stands_by else self._phase,
            STANDBY: self.stands_by and self._succession.can_follow,
            "health": "degraded" if trouble else "good",
            "why": trouble,
            SILENT: silent,
            "orders_open": len(state.living()),
            "orders_unresolved": len(doubtful(state)),
            "killed": DESK in state.kills.scopes,
            "kills": {
                scope: f"{kill.actor}: {kill.reason}" for scope, kill in state.kills.scopes.items()
            },
            "kill_ids": self.kill.in_force(),
            "dead_man": self._dead_man.told,
            "private_stream": self._evidence.stream_up,
            "journal_position": self._account.position,
            "from_memory": list(self._account.venue.policy.from_memory),
        }

    async def reconcile(self) -> None:
        """Look at the venue now, for the reconciler to judge; raise `VenueDown`, also where we do not lead."""
        if self._phase != RUNNING or not self._account.lease.held:
            raise VenueDown(f"this executor does not lead the account: {self._phase}")
        await self._evidence.snapshot("api")

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`; raise `LeaseLost` when a successor has taken over."""
        for assumption in self._account.venue.policy.from_memory:
            self._log.warning("assumption_from_memory", assumption=assumption)
        try:
            await self._shell.run(stop, self._begin, self._leave)
        finally:
            await self._close()

    async def _begin(self) -> None:
        """Do what needs neither lease nor history, then work."""
        self.kill.restore()
        self._shell.spawn(self.kill.watch())
        self._ear.open(self._shell.spawn)
        self._shell.spawn(RecordedKills(self._account, self.kill).hear())
        self._shell.spawn(self._succession.watch())
        await self._work()

    async def _leave(self) -> None:
        """Leave the account in good order: no order of ours open, the lease free."""
        standby, done = self._phase == STARTING, False
        self._phase, self._account.closing = "stopping", True
        # Cancels need no lease that is held: the journal may be away. A standby's stop is not the account's.
        if self._cancel_on_stop and not standby:
            done = await self._sweeps.cancel_all(STOP_S_MAX)
            self._log.info("orders_cancelled_on_stop", all_gone=done)
        # Orders that were to be cancelled and are not are left to the timer.
        if done or not self._cancel_on_stop:
            await self._dead_man.disarm()
        await self._account.lease.release()

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_S_MAX):
                await self._account.venue.close()
        except TimeoutError:
            self._log.warning("venue_not_closed", limit_s=CLOSE_S_MAX)

    async def _work(self) -> None:
        account = self._account
        lease = await self._succession.take()
        stages = PhaseTimer(account.clock)
        self._log.info("lease_taken", epoch=lease.epoch, head=lease.head_position)
        fence_ms = account.venue.policy.deadline_ms + CLOCKS_APART_MS
        fence_s = account.clock.monotonic_s() + fence_ms / MS_PER_S
        self._shell.spawn(account.lease.keep(self._progress))
        self._phase = "reading the journal"
        self._ear.after_history(self._shell.spawn, await self._bootstrap(lease.head_position))
        await self.kill.after_history()
        stages.end("journal_s")
        head = await until_answered(account.clock, account.journal.head)
        account.author = msgspec.structs.replace(account.author, generation=head.generation)
        self._shell.spawn(self._evidence.listen())
        self._phase = "reading the venue"
        await until_answered(
            account.clock,
            lambda: self._evidence.snapshot("start"),
            down=VenueDown,
            pause_s=PAUSE_S,
            told=lambda error: self._log.warning("venue_not_read", detail=str(error)),
        )
        stages.end("venue_s")
        self._shell.spawn(self._evidence.run())
        self._shell.spawn(self._doubts.run())
        self._shell.spawn(self._dead_man.keep())
        self._shell.spawn(self._silence.watch())
        self._shell.spawn(self._measure())
        self._shell.spawn(self._presence.watch())
        self._phase = "waiting out the fence"
        await account.clock.sleep(max(0.0, fence_s - account.clock.monotonic_s()))
        stages.end("fence_s")
        for stream in (Stream.EXITS, Stream.COMMANDS):
            self._shell.spawn(self._serve(stream))
        self._phase = RUNNING
        self._log.info(
            "executor_running", epoch=lease.epoch, position=account.position, **stages.took
        )

    async def _bootstrap(self, head: int) -> int:
        """Fold everything that is in the journal, at least up to the head of the take-over; return up to where."""
        account = self._account
        position = (
            0  # our own: a kill that is recorded meanwhile moves the account's beyond the history
        )
        while True:
            read = partial(account.journal.read, position, READ_MAX)
            rows = await until_answered(account.clock, read, pause_s=PAUSE_S)
            for row in rows:
                if row.stream.startswith(FOLDED):
                    fact = decode_row(row)
                    account.state.fold(fact)
                    if row.traceparent:
                        account.traces.begin(row.stream, row.traceparent)
                position = row.position
            account.position = max(account.position, position)
            if len(rows) < READ_MAX and position >= head:
                return position
            if not rows:
                # A backup was put back beneath the lease: whether it is still ours is said by who keeps it.
                await account.clock.sleep(PAUSE_S)

    async def _serve(self, stream: Stream) -> None:
        """Take commands under a durable named by our epoch; nobody else's may stand beside it.

        Whoever is not sure of his lease deletes nobody's: what stands there may be his successor's.
        """
        account = self._account
        author = account.author
        prefix = executor_queues(author.account)
        epoch = account.lease.lease.epoch
        durable = f"{prefix}{epoch}"
        kind = "exit" if stream is Stream.EXITS else "open"
        place = f"{subjects.token(author.venue)}.{subjects.token(author.account)}"
        loop = self._progress.loop(f"taking {stream}")
        while not account.closing:
            loop.step()
            try:
                if account.lease.held:
                    await self._bus.drop_queues(stream, prefix=prefix, keep=durable)
                queue = await self._bus.queue(stream, durable, [f"cmd.{kind}.{place}.>"])
                await self._commands.serve(queue, loop)
            except BusDown as error:
                if isinstance(error, QueueTaken) and _newest(error.durables, prefix) > epoch:
                    raise LeaseLost(f"a successor takes the commands: {error}") from error
                self._log.warning("queue_lost", stream=stream, detail=str(error))
                await account.clock.sleep(PAUSE_S)
        loop.rest()

    async def _measure(self) -> None:
        author = self._account.author
        gauge = self._metrics.orders_unresolved.labels(author.venue, author.account)
        while True:
            gauge.set(len(doubtful(self._account.state)))
            await self._account.clock.sleep(MEASURE_S)


def _newest(durables: tuple[str, ...], prefix: str) -> int:
    """Return the newest epoch of the account's durables: a successor's, or one that we take over."""
    return max((epoch_in(name, prefix) or 0 for name in durables), default=0)
