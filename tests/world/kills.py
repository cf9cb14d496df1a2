"""Kills of a World: the judge's own count of them by identity, and those who say one, release it and say it again."""

from collections.abc import Iterator
from typing import Any

from opensqt.domain import subjects
from opensqt.domain.control import KillLatched
from opensqt.runtime import latch
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.envelope import Envelope
from tests.support.fakes.bus import MemoryBus
from tests.world.checkers import DEAF_MS
from tests.world.desk import Desk
from tests.world.faults import Fault, Kind
from tests.world.setting import SIDE_EXECUTOR

SCOPE = "desk"
PERSON = "a person"
HEARD_S = DEAF_MS / 1000
LATCH_SEEN_S = 1.0  # a running executor looks several times a second
CLOCK_OFF_MS = 60_000  # by how much the clock of who says a kill is wrong
PATIENCE = 12  # looks, a quarter of a second apart
STEP_S = 0.25
MS_PER_S = 1000


class Switch:
    """Who kills and releases by hand."""

    def __init__(self, desk: Desk, bus: MemoryBus) -> None:
        self._desk = desk
        self._bus = bus
        self._count = 0

    async def throw(self, fault: Fault) -> None:
        """Do what a fault of this kind is."""
        match fault.kind:
            case Kind.KILL:
                await self.kill()
            case Kind.RELEASE:
                await self.kill_and_release(fault.count, fault.span_ms)
            case _:
                await self.latch()

    async def kill(self, *, off_ms: int = 0, kill_id: str = "") -> str:
        """Say a kill on the bus, with the time of a clock that is off; return its identity."""
        self._count += 1
        desk, kill_id = self._desk, kill_id or f"kill-{self._count}"
        now_ms = desk.clock.market_ms()
        message = KillLatched(
            scope=SCOPE, reason="fault", actor="world", time_ms=now_ms + off_ms, kill_id=kill_id
        )
        envelope = Envelope(
            event_id=f"said {self._count}", type="KillLatched", source="world", time_ms=now_ms
        )
        broker = desk.broker
        listens = desk.posts[desk.leader()].ready and broker.serves(Stream.FEED)
        await self._bus.publish(subjects.KILL, message, envelope, confirmed=False)
        if not broker.serves(Stream.FEED):
            return kill_id
        feed = broker.stream(Stream.FEED)
        losses = feed.losses
        await desk.clock.sleep(HEARD_S)
        # Who is dead when it is said, or does not hear it before FEED loses it, learns of it from the latch file;
        # here is none.
        kept = broker.serves(Stream.FEED) and broker.stream(Stream.FEED) is feed
        kept = kept and feed.losses == losses
        if listens and kept and kill_id not in desk.judge.kills.over:
            desk.kills_heard.add(kill_id)
        for judge in desk.judge.all:
            judge.kill_lost = not kept
        return kill_id

    async def kill_and_release(self, count: int, span_ms: int) -> None:
        """Kill with a clock that is ahead and release it; then perhaps repeat it, or say another by a clock behind."""
        desk = self._desk
        first = await self.kill(off_ms=CLOCK_OFF_MS)
        if not await self._until_told(first, desk.judge.kills.ever):
            return
        await desk.clock.sleep(span_ms / MS_PER_S)
        if not await self._released(first):
            return
        if count == 2:
            await self.kill(off_ms=CLOCK_OFF_MS, kill_id=first)  # released: no news
        elif count == 3:
            await self.kill(off_ms=-CLOCK_OFF_MS)

    async def latch(self) -> None:
        """Lay a latch file beside the executor that leads, as the command does while nothing else answers."""
        desk = self._desk
        name = desk.leader()
        post = desk.posts[name]
        if not post.ready:
            return
        self._count += 1
        life, kill_id = post.life, f"latch-{self._count}"
        now_ms = desk.clock.market_ms()
        laid = latch.Latch(
            scope=SCOPE, reason="fault", actor=PERSON, time_ms=now_ms, kill_id=kill_id
        )
        latch.latch(desk.host(name), laid)
        await desk.clock.sleep(LATCH_SEEN_S)
        is_same = desk.posts.get(name) is post and post.life is life and not life.dead
        if not is_same or life.frozen or life.woken_ms > desk.clock.wall_ms() - LATCH_SEEN_S * 1000:
            return
        kills = desk.accounts[name].state.kills
        if kill_id not in kills.latched and kill_id not in kills.released:
            desk.judge.blame("a latch beside a running executor is obeyed", name)
        if kill_id not in desk.judge.kills.over:
            desk.kills_heard.add(kill_id)

    async def _released(self, kill_id: str) -> bool:
        """Let a person resume at the executor that leads, until the journal has it; nobody resumes a restored desk."""
        desk = self._desk
        for _ in range(PATIENCE):
            if desk.closed or desk.judge.halts.restored:
                return False
            # A release ends all that is in force; a backup may forget kill and release, and is right to.
            desk.kills_heard -= desk.judge.kills.over
            held = [name for name in self._leaders() if self._is_killed(name, kill_id)]
            if kill_id in desk.judge.kills.over and not held:
                return True
            for name in held:
                post = desk.posts[name]
                service: Any = post.service
                if post.ready:
                    desk.loop.born(
                        post.life,
                        service.kill.resume(
                            SCOPE, "seen", PERSON, service.kill.in_force().get(SCOPE, ())
                        ),
                    )
            await desk.clock.sleep(STEP_S * 2)
        return False

    def _leaders(self) -> list[str]:
        """Return who leads each account: a person resumes all of them."""
        side = (SIDE_EXECUTOR,) if self._desk.setting.has_side else ()
        return [self._desk.leader(), *side]

    def _is_killed(self, name: str, kill_id: str) -> bool:
        account = self._desk.accounts.get(name)
        return account is None or kill_id in account.state.kills.latched

    async def _until_told(self, kill_id: str, told: set[str]) -> bool:
        for _ in range(PATIENCE):
            if kill_id in told:
                return True
            await self._desk.clock.sleep(STEP_S)
        return kill_id in told


def misjudged(desk: Desk) -> Iterator[tuple[str, str]]:
    """Return which kill was not recorded, and who holds another one in force than the journal does."""
    judge = desk.judge
    recorded = desk.kills_heard & judge.kills.ever
    # The latch file holds one kill: of those that a backup forgets it brings back the last, and the desk stays killed.
    # One that was released before is over, whatever of both the backup forgot.
    missing = (
        set() if desk.restored and recorded else desk.kills_heard - recorded - judge.kills.ended
    )
    for kill_id in sorted(missing):
        yield "a kill is recorded", f"{kill_id} was said while a leader listened"
    if judge.lost:
        return
    leader = desk.leader()
    gate = vars(desk.posts["risk"].service)["_sight"].state
    # An executor holds what its own account did not release, who looks at the desk what nobody did.
    ever = set().union(*(one.kills.ever for one in judge.all))
    over = set().union(*(one.kills.over for one in judge.all))
    counted = (
        (leader, desk.accounts[leader].state.kills, judge.kills.in_force),
        ("risk", gate.switches.kills, ever - over),
    )
    for who, kills, in_force in counted:
        if kills.latched.keys() != in_force:
            differing = sorted(kills.latched.keys() ^ in_force)
            yield "kills are told apart by identity", f"{who} and the journal differ in {differing}"
