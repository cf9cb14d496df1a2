"""Who arms the venue's dead-man timer, and what becomes of orders when nobody renews it. Every ms is the test's own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opensqt.domain.order_state import OrderStatus
from opensqt.domain.venue import VenueDown
from opensqt.runtime.config.all import ConfigError
from opensqt.simulation.engine.scheduler import VenueScheduler
from opensqt.venues.policy import policy_of
from services.executor.dead_man import require_timer
from tests.component.rig import SYMBOL, Rig
from tests.support.venue.venue import FaultyVenue

SPAN_S = 30


class Timed(FaultyVenue):
    """A venue whose clockwork runs the timers that it was given."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig.exchange)
        self._chores = VenueScheduler(rig.exchange, {})
        self.asked: list[int] = []
        self.deaf = False

    async def arm_dead_man(self, symbols: Sequence[str], *, span_s: int) -> None:
        """Set the timer of each symbol."""
        self.asked.append(span_s)
        if self.deaf:
            raise VenueDown("no answer")
        for symbol in symbols:
            self._chores.arm("main", symbol, span_s * 1000)

    async def run(self, rig: Rig) -> None:
        """Be the venue's clockwork."""
        while True:
            await rig.clock.sleep(0.1)
            self._chores.tick()


class TimedRig(Rig):
    """A desk whose venue has a running clockwork."""

    venue: Timed


@pytest.fixture
def desk(tmp_path: Path) -> TimedRig:
    """Return a desk whose executors are given a span."""
    rig = TimedRig(tmp_path)
    rig.venue = Timed(rig)
    rig.dead_man_s = SPAN_S
    return rig


@asynccontextmanager
async def ticking(desk: TimedRig) -> AsyncIterator[None]:
    """Run the venue's clockwork."""
    task = asyncio.create_task(desk.venue.run(desk))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def resting(desk: Rig) -> int:
    """Return how many orders are open at the venue."""
    return len(desk.exchange.open.get(("main", SYMBOL), {}))


async def _placed(desk: Rig) -> None:
    for number in range(2):
        await desk.approve(desk.place(number))
    await desk.clock.run_for(0.5)
    assert resting(desk) == 2


@pytest.mark.row("I09")
async def test_orders_of_a_killed_executor_are_cancelled_by_the_venue(desk: TimedRig) -> None:
    """None goes in three spans of a living one; a span after its death all are gone, and the successor books it."""
    async with ticking(desk):
        beat = asyncio.create_task(desk.beat())  # without risk a leader cancels by himself
        async with desk.dying(desk.executor()) as executor:
            await _placed(desk)
            await desk.clock.run_for(SPAN_S * 3)
            assert resting(desk) == 2
            assert executor.status()["dead_man"] == f"{SPAN_S} s"
        beat.cancel()
        await desk.clock.run_for(SPAN_S * 0.5)
        assert resting(desk) == 2
        await desk.clock.run_for(SPAN_S * 0.6)
        assert resting(desk) == 0
        async with desk.running(desk.executor()):
            await desk.clock.run_for(5)
            phases = {desk.order_of(number).phase for number in range(2)}
            assert phases == {OrderStatus.CANCELED}


@pytest.mark.row("I09")
async def test_a_standby_arms_nothing(desk: TimedRig) -> None:
    """Only who holds the lease asks; the one behind him never does."""
    async with ticking(desk), desk.running(desk.executor()) as leader:
        standby = desk.executor()
        task = asyncio.create_task(standby.run(asyncio.Event()))
        await desk.clock.run_for(SPAN_S)
        assert standby.stands_by
        assert standby.status()["dead_man"] == "not armed"
        assert leader.status()["dead_man"] == f"{SPAN_S} s"
        asked = len(desk.venue.asked)
        assert asked <= 5, "three in a span, of one executor"
        await desk.crash(standby, task)


@pytest.mark.row("I09")
async def test_a_clean_stop_takes_the_timer_away(desk: TimedRig) -> None:
    """Orders that were left on purpose stay, long after the span."""
    async with ticking(desk):
        async with desk.running(desk.executor()):
            await _placed(desk)
        assert desk.venue.asked[-1] == 0
        await desk.clock.run_for(SPAN_S * 2)
        assert resting(desk) == 2


@pytest.mark.row("I09")
async def test_without_journal_nobody_renews(desk: TimedRig) -> None:
    """A leader that is not sure of his lease lets the timer run."""
    async with ticking(desk), desk.running(desk.executor()):
        await desk.clock.run_for(1)
        desk.store.down = True
        await desk.clock.run_for(SPAN_S)
        asked = len(desk.venue.asked)
        await desk.clock.run_for(SPAN_S)
        assert len(desk.venue.asked) == asked
        desk.store.down = False
        await desk.clock.run_for(SPAN_S)
        assert len(desk.venue.asked) > asked


@pytest.mark.row("I09")
async def test_a_timer_that_could_not_be_armed_is_said(desk: TimedRig) -> None:
    """Trading goes on, the status tells why, and the next renewal heals it."""
    desk.venue.deaf = True
    async with ticking(desk), desk.running(desk.executor()) as executor:
        assert executor.status()["dead_man"] == "not armed: no answer"
        desk.venue.deaf = False
        await desk.clock.run_for(SPAN_S / 2)
        assert executor.status()["dead_man"] == f"{SPAN_S} s"


@pytest.mark.row("I09")
@pytest.mark.parametrize(
    "venue,span_s,symbols,why",
    [
        ("bybit", 30, (SYMBOL,), "bybit has no arm_dead_man for perp"),
        ("binance", 30, ("BTC/USDT", SYMBOL), "binance has no arm_dead_man for spot"),
        ("okx", 5, (SYMBOL,), "okx takes 10 to 120 s"),
        ("bitget", 90, (SYMBOL,), "bitget takes 5 to 60 s"),
    ],
)
def test_a_wish_that_cannot_be_kept_refuses_the_start(
    venue: str, span_s: int, symbols: tuple[str, ...], why: str
) -> None:
    """The error names the field, the value and what the venue has; 0 is always taken."""
    with pytest.raises(ConfigError, match=f"accounts.main.dead_man_s: {span_s}: {why}"):
        require_timer(policy_of(venue), "main", span_s, symbols)
    require_timer(policy_of(venue), "main", 0, symbols)


async def test_without_the_setting_no_timer_is_touched(desk: TimedRig) -> None:
    """The default is off."""
    desk.dead_man_s = 0
    async with ticking(desk), desk.running(desk.executor()) as executor:
        await desk.clock.run_for(SPAN_S)
        assert executor.status()["dead_man"] == "off"
    assert desk.venue.asked == []
