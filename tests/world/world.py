"""One World from one seed: start the desk, let load, market and faults run, wait for quiet, and judge.

The same seed and plan give the same fingerprint. Nothing here takes real time, a file or a socket of a service.
"""

import asyncio
import contextlib
import functools
import gc
import logging
import random
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from opensqt.domain.journal import Recorded
from tests.support.fakes.bus import MemoryBus
from tests.world.bound import CPU_S_MAX, Endless, bounded
from tests.world.checkers import Judge
from tests.world.chronicle import Violation
from tests.world.desk import Desk
from tests.world.faults import Fault, Kind, Scene, later_of, plan_of
from tests.world.inflict import Inflictor
from tests.world.instruments import LOADED
from tests.world.load import Load, script_of
from tests.world.loop import Stuck, WorldClock, WorldLoop
from tests.world.market import MarketMaker
from tests.world.neighbour import Neighbour, mingled
from tests.world.quiet import unsettled
from tests.world.setting import setting_of

START_MS = 1_700_000_000_000
WARM_S = 2.6  # the fence of the executor, and the gate's horizon
LOAD_MS = 6000
BIG_LOAD_MS = 12_000
QUIET_S_MAX = 20.0  # less than it takes a message to come again by itself
SEEN_TWICE_S = 50.0  # more until a reconciler has seen twice what the venue moved
STEP_S = 0.25
DEADLINE_MS = 2000
MS_PER_S = 1000
COMMANDS = 42
COMMANDS_BIG = 205
FAULTS_MIN = 5


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a World."""

    seed: int
    plan: tuple[Fault, ...]
    violations: tuple[Violation, ...]
    fingerprint: str
    coverage: Counter[tuple[str, str]]
    counts: dict[str, int]


def plan_for(seed: int, focus: tuple[Kind, ...] = ()) -> tuple[Fault, ...]:
    """Return the faults of a seed, with those of a focus beside them."""
    draw = random.Random(f"plan {seed}")
    setting = setting_of(seed)
    length_ms = BIG_LOAD_MS if setting.is_big else LOAD_MS
    count = draw.randint(FAULTS_MIN, setting.faults_max)
    scene = Scene(services=setting.services, length_ms=length_ms)
    later = later_of(random.Random(f"later {seed}"), scene)
    plan = (*plan_of(draw, scene, count, focus), *later)
    if setting.has_side:  # a backup goes back for one account here
        plan = tuple(fault for fault in plan if fault.kind is not Kind.RESTORE)
    return tuple(sorted(plan, key=lambda fault: fault.at_ms))


def run(seed: int, plan: tuple[Fault, ...] | None = None) -> Outcome:
    """Play one World to its end."""
    faults = plan_for(seed) if plan is None else plan
    with tempfile.TemporaryDirectory() as folder, quietly():
        return _play(seed, faults, Path(folder))


def _play(seed: int, faults: tuple[Fault, ...], folder: Path) -> Outcome:
    """Play; whatever is left of the processes must be out of reach when this returns."""
    clock = WorldClock(START_MS)
    loop = WorldLoop(clock)
    judge = Judge(clock, DEADLINE_MS)
    world = World(seed, faults, clock, judge, folder, loop)
    try:
        with bounded(CPU_S_MAX):
            loop.run_until_complete(world.play())
    except (Endless, Stuck) as error:
        judge.muted = False
        judge.blame("every World ends", str(error))
    finally:
        loop.close()
    return Outcome(
        seed=seed,
        plan=faults,
        violations=tuple(judge.violations),
        fingerprint=judge.fingerprint,
        coverage=world.inflictor.coverage,
        counts=dict(judge.counts),
    )


class World:
    """Everything of one seed."""

    def __init__(
        self,
        seed: int,
        plan: tuple[Fault, ...],
        clock: WorldClock,
        judge: Judge,
        folder: Path,
        loop: WorldLoop,
    ) -> None:
        self._clock = clock
        self._judge = judge
        draw, setting = random.Random(f"wires {seed}"), setting_of(seed)
        self._desk = Desk(clock, draw, judge, folder, loop, setting)
        bus = MemoryBus(self._desk.broker)
        self._load = Load(clock, bus, judge, LOADED)
        self._desk.resumed = self._load.decide_again
        self._market = MarketMaker(self._desk, bus, random.Random(f"market {seed}"))
        big = setting.is_big
        self._length_ms = BIG_LOAD_MS if big else LOAD_MS
        self._side: Neighbour | None = None
        if setting.has_side:
            self._side = Neighbour(self._desk, bus, seed, self._length_ms)
        self._market.neighbour = self._side
        self.inflictor = Inflictor(self._desk, bus, plan, self._length_ms)
        draw = random.Random(f"load {seed}")
        self._script = script_of(draw, self._length_ms, COMMANDS_BIG if big else COMMANDS)

    @property
    def journal(self) -> list[Recorded]:
        """What the journal holds."""
        return self._desk.store.rows

    async def play(self) -> None:
        """Begin, trade under faults, and come to rest."""
        desk = self._desk
        desk.outside(self._market.run(self._load))
        for name in list(desk.posts):
            desk.start(name)
        await self._until_ready()
        desk.outside(self._load.run(self._script))
        desk.outside(self._load.repeat(desk.setting.again_s))
        if self._side is not None:
            self._side.begin()
        desk.outside(self.inflictor.run())
        await self._pass_time(self._length_ms / 1000)
        if self._judge.violations:
            return
        self._market.still = True
        await self.inflictor.heal()
        await self._come_to_rest()

    async def _until_ready(self) -> None:
        await self._pass_time(WARM_S)
        for _ in range(40):
            if all(post.ready for post in self._desk.posts.values()):
                return
            await self._clock.sleep(STEP_S)
        late = [name for name, post in self._desk.posts.items() if not post.ready]
        self._judge.blame("everybody starts", ", ".join(late))

    async def _pass_time(self, seconds: float) -> None:
        until_s = self._clock.monotonic_s() + seconds
        while self._clock.monotonic_s() < until_s and not self._judge.violations:
            await self._clock.sleep(STEP_S)

    def _left(self) -> list[tuple[str, str]]:
        """Return what does not hold yet, in either account."""
        left = unsettled(self._desk, self._load.unanswered())
        if self._side is None or left:
            return left
        view = self._side.view
        left = unsettled(view, self._side.load.unanswered())
        return left or [broken for one in (self._desk, view) for broken in mingled(one)]

    async def _come_to_rest(self) -> None:
        more_s = SEEN_TWICE_S if self._judge.losses.moved else 0.0
        more_s += self._desk.machine.off_ms_max / MS_PER_S  # for so long time stands still for us
        until_s = self._clock.monotonic_s() + QUIET_S_MAX + more_s
        left: list[tuple[str, str]] = []
        while not self._judge.violations:
            left = self._left()
            if not left:
                return
            if self._clock.monotonic_s() >= until_s:
                for name, detail in left:
                    self._judge.blame(name, detail)
            await self._clock.sleep(STEP_S)


@functools.cache
def _frozen() -> None:
    """Let modules not be looked at after each World; once for all of them."""
    gc.collect()
    gc.freeze()


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Let no service log, and let the dead be swept away without a word."""
    logging.disable(logging.CRITICAL)
    hook = sys.unraisablehook
    _frozen()
    collecting = gc.isenabled()
    gc.disable()
    sys.unraisablehook = lambda _: None
    everybody = vars(asyncio.tasks)["_all_tasks"]
    everybody.add = bool  # asyncio need not list our tasks: nobody asks, and weak references cost
    try:
        yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gc.collect()
        del everybody.add
        sys.unraisablehook = hook
        if collecting:
            gc.enable()
        logging.disable(logging.NOTSET)
