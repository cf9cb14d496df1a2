"""Brings a plan of faults over a desk, counts which orders each fault met, and heals everything at the end."""

from collections import Counter
from collections.abc import Callable
from functools import partial

from opensqt.domain.recon_events import Halted, Resumed
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.envelope import MESSAGE_ID
from tests.support.fakes.bus import MemoryBus
from tests.support.venue.faults import Fault as Reply
from tests.world.checkers import DESK, HAND
from tests.world.desk import TWIN, Desk
from tests.world.exchange import SKEW_MS_MAX
from tests.world.faults import Fault, Kind
from tests.world.instruments import LOADED
from tests.world.kills import Switch
from tests.world.loop import Life
from tests.world.register import APPROVED
from tests.world.restoring import restore, taken
from tests.world.striking import strike

MS_PER_S = 1000
REQUESTS: dict[Kind, tuple[str, Reply]] = {
    Kind.PLACE_ACK_LOST: ("place", Reply.LOST_ACK),
    Kind.PLACE_ACK_LATE: ("place", Reply.LATE),
    Kind.PLACE_LOST: ("place", Reply.LOST_REQUEST),
    Kind.PLACE_NOT_SENT: ("place", Reply.NOT_SENT),
    Kind.PLACE_THROTTLED: ("place", Reply.THROTTLED),
    Kind.PLACE_REFUSED: ("place", Reply.REFUSED),
    Kind.CANCEL_ACK_LOST: ("cancel", Reply.LOST_ACK),
    Kind.CANCEL_LOST: ("cancel", Reply.LOST_REQUEST),
    Kind.CANCEL_THROTTLED: ("cancel", Reply.THROTTLED),
    Kind.LOOK_LOST: ("look", Reply.LOST_REQUEST),
    Kind.READS_DOWN: ("read", Reply.LOST_REQUEST),
}
LAG_MS = 400
PATIENCE_MS = 3000
LAST_MS = 200  # before the end
TAIL = 7  # messages that FEED loses


class Inflictor:
    """The plan at work."""

    def __init__(self, desk: Desk, bus: MemoryBus, plan: tuple[Fault, ...], length_ms: int) -> None:
        self._desk = desk
        self._switch = Switch(desk, bus)
        self._waiting = list(plan)
        self._length_ms = length_ms
        self._count = 0
        self.coverage: Counter[tuple[str, str]] = Counter()

    async def run(self) -> None:
        """Inflict every fault at its time, or when an order comes into the state that it waits for."""
        clock = self._desk.clock
        began_ms = clock.wall_ms()
        for fault in tuple(self._waiting):
            await clock.sleep((began_ms + fault.at_ms - clock.wall_ms()) / MS_PER_S)
            if fault.when:
                self._desk.judge.register.when(fault.when, partial(self._begin, fault))
                by_ms = min(fault.at_ms + PATIENCE_MS, self._length_ms - LAST_MS)
                self._desk.outside(self._lose_patience(fault, began_ms + by_ms))
            else:
                self._begin(fault)

    async def _lose_patience(self, fault: Fault, at_ms: int) -> None:
        await self._desk.clock.sleep((at_ms - self._desk.clock.wall_ms()) / MS_PER_S)
        self._begin(fault)

    def _begin(self, fault: Fault) -> None:
        if fault not in self._waiting:
            return
        self._waiting.remove(fault)
        judge = self._desk.judge
        judge.note("fault", str(fault))
        judge.counts["faults"] += 1
        for phase in judge.register.met():
            self.coverage[fault.kind.value, phase] += 1
        self._desk.outside(self._inflict(fault))

    async def heal(self) -> None:
        """End every fault that has not ended by itself."""
        desk = self._desk
        self._waiting.clear()
        desk.faults._next.clear()
        frames = desk.exchange.frames
        frames.mute, frames.lose, frames.repeat, frames.swap = False, 0, 0, False
        frames.break_off("healed")
        frames.restore()
        desk.exchange.visibility_lag_ms = 0
        desk.exchange.blind = desk.market_is_silent = False
        self._turn_clock(0)
        desk.machine.set_ahead(0)
        desk.retire(TWIN)
        desk.restart_wrong_clocks()
        for scope in set(desk.judge.halts) - {DESK}:
            self._resume(scope)
        desk.store.down = False
        if desk.broker.is_down:
            await desk.broker.up()
        for journal in desk.journals.values():
            journal.answers_lost = 0
        for bus in desk.buses.values():
            bus.lose = (False, 0)
        for post in desk.posts.values():
            post.life.spare()
            self._thaw(post.name)

    async def _inflict(self, fault: Fault) -> None:
        if fault.kind in REQUESTS:
            call, reply = REQUESTS[fault.kind]
            self._desk.faults.set(call, *[reply] * fault.count)
            if reply is Reply.LATE:
                await self._wait(fault)
                if self._desk.exchange.clock.ahead_ms < -SKEW_MS_MAX:
                    self._desk.faults._late.clear()  # it would live longer than is assumed, as below
                self._desk.faults.deliver_late()
            return
        match fault.kind:
            case Kind.CRASH | Kind.FREEZE | Kind.STANDBY | Kind.ANSWER_LOST:
                await self._process(fault)
            case Kind.STORE_DOWN:
                self._desk.store.down = True
                await self._wait(fault)
                self._desk.store.down = False
                self._blind()
            case Kind.BROKER_DOWN | Kind.FEED_TAIL | Kind.FEED_ANEW | Kind.BUS_LOST:
                await self._broker(fault)
            case Kind.STREAM_LOST | Kind.NOISE | Kind.COMMAND_AGAIN:
                self._messages(fault)
            case Kind.PUBLISH_LOST | Kind.PUBLISH_ACK_LOST:
                lost = (fault.kind is Kind.PUBLISH_LOST, fault.count)
                self._desk.buses[fault.whom].lose = lost
            case Kind.KILL | Kind.RELEASE | Kind.LATCH:
                await self._switch.throw(fault)
            case Kind.HALT:
                await self._halt(fault)
            case Kind.RESTORE:
                await self._restore(fault)
            case Kind.FUNDING | Kind.MOVED:
                strike(self._desk, fault)
            case Kind.MARKET_SILENT:
                self._desk.market_is_silent = True
                await self._wait(fault)
                self._desk.market_is_silent = False
            case Kind.TWIN:
                self._desk.judge.doubled = True
                self._desk.twin()
                await self._wait(fault)
                self._desk.retire(TWIN)
            case Kind.VENUE_SKEWED | Kind.VENUE_STEPS | Kind.OUR_CLOCK:
                ours = fault.kind is Kind.OUR_CLOCK
                turn = self._desk.machine.set_ahead if ours else self._turn_clock
                turn(fault.count)
                await self._wait(fault)
                turn(0)
            case _:
                await self._frames(fault)

    async def _process(self, fault: Fault) -> None:
        desk = self._desk
        name = fault.whom if fault.whom not in ("", "executor") else desk.leader()
        post = desk.posts[name]
        if fault.kind is Kind.CRASH:
            _hit(post.life, fault, lambda: desk.kill(name))
            self._blind(ahead_ms=4000)
        elif fault.kind is Kind.ANSWER_LOST:
            desk.journals[name].answers_lost += fault.count
            self._blind(ahead_ms=1000)
        elif not post.life.frozen:
            if fault.kind is Kind.STANDBY:
                desk.standby()
            life = post.life
            _hit(life, fault, lambda: setattr(life, "frozen", True))
            await self._wait(fault)
            if post.life is life:
                self._thaw(name)

    async def _broker(self, fault: Fault) -> None:
        broker = self._desk.broker
        broker.down()
        await self._wait(fault)
        if fault.kind is Kind.BUS_LOST:
            for stream in Stream:
                self._lose(stream)
        elif fault.kind is Kind.FEED_TAIL and Stream.FEED.value not in broker.missing:
            broker.lose_tail(Stream.FEED, TAIL * fault.count)
        elif fault.kind is Kind.FEED_ANEW:
            broker.make_anew(Stream.FEED)
        await broker.up()

    def _messages(self, fault: Fault) -> None:
        match fault.kind:
            case Kind.STREAM_LOST:
                self._lose(Stream(fault.whom))
            case Kind.NOISE:
                self._desk.noise.write(fault.count)
            case _:
                self._command_again()

    def _lose(self, stream: Stream) -> None:
        desk = self._desk
        if stream.value in desk.broker.missing:
            return
        desk.broker.lose(stream)
        if stream is Stream.COMMANDS:
            # No executor has them any more: their strategies say them again.
            desk.judge.register.drop(APPROVED)

    async def _frames(self, fault: Fault) -> None:
        frames = self._desk.exchange.frames
        match fault.kind:
            case Kind.STREAM_DOWN:
                frames.break_off("fault")
                await self._wait(fault)
                frames.restore()
            case Kind.STREAM_MUTE:
                frames.mute = True
                await self._wait(fault)
                frames.mute = False
            case Kind.STREAM_LOSES:
                frames.lose += fault.count
            case Kind.STREAM_REPEATS:
                frames.repeat += fault.count
            case Kind.STREAM_SWAPS:
                frames.swap = True
            case Kind.READS_BLIND:
                self._desk.exchange.blind = self._desk.judge.misled = True
                await self._wait(fault)
                self._desk.exchange.blind = False
            case Kind.LAG:
                self._desk.exchange.visibility_lag_ms = LAG_MS
                await self._wait(fault)
                self._desk.exchange.visibility_lag_ms = 0
            case _:
                raise ValueError(f"fault {fault.kind} is not known here")

    def _command_again(self) -> None:
        for name in (Stream.COMMANDS, Stream.EXITS):
            if not self._desk.broker.serves(name):
                return
            stored = self._desk.broker.stream(name)
            last = stored.find(stored.last_sequence)
            if last is not None:
                self._count += 1
                headers = last.headers | {MESSAGE_ID: f"again-{self._count}"}
                self._desk.broker.publish(last.subject, headers, last.data)

    async def _halt(self, fault: Fault) -> None:
        scope = f"binance/main/{LOADED}"
        now_ms = self._now_ms
        self._desk.throw(Halted(scope=scope, mode="REDUCING", reason="fault", time_ms=now_ms))
        await self._wait(fault)
        if scope in self._desk.judge.halts:
            self._resume(scope)

    async def _restore(self, fault: Fault) -> None:
        backup = taken(self._desk.store)
        if fault.count > 2 and "grid" in self._desk.posts:
            # Its next run is not in the backup, and will be begun once more.
            self._desk.kill("grid")
        await self._wait(fault)
        await restore(self._desk, backup, by_hand=fault.count == 1)

    def _resume(self, scope: str) -> None:
        self._desk.throw(Resumed(scope=scope, reason="seen", actor=HAND, time_ms=self._now_ms))

    @property
    def _now_ms(self) -> int:
        return self._desk.clock.market_ms()

    def _turn_clock(self, ahead_ms: int) -> None:
        clock = self._desk.exchange.clock
        if ahead_ms < clock.ahead_ms - SKEW_MS_MAX:
            # It is assumed of every venue that its clock does not give a request on its way a longer life.
            self._desk.faults._late.clear()
        clock.ahead_ms = ahead_ms

    def _thaw(self, name: str) -> None:
        life = self._desk.posts[name].life
        if life.frozen:
            self._blind()
            self._desk.loop.thaw(life)

    def _blind(self, ahead_ms: int = 0) -> None:
        until_ms = self._desk.clock.wall_ms() + ahead_ms
        for judge in self._desk.judge.all:
            judge.blind_until_ms = max(judge.blind_until_ms, until_ms)

    async def _wait(self, fault: Fault) -> None:
        await self._desk.clock.sleep(fault.span_ms / MS_PER_S)


def _hit(life: Life, fault: Fault, fate: Callable[[], None]) -> None:
    if fault.aim:
        life.at(fault.aim, fate)
    else:
        life.after(fault.count, fate)
