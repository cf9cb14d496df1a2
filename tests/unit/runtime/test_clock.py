"""The one clock of a process, and market time, which is monotone over speeds, restarts and a host's time set back."""

import asyncio
import selectors
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.runtime.clock import (
    NS_PER_MS,
    ClockOrigin,
    RunClock,
    VirtualClock,
    continue_origin,
    open_clock,
    read_origin,
)
from opensqt.runtime.slewed_time import PPM, SLEW_PPM_MAX, SlewedTime

SPEEDS = st.sampled_from([Decimal(1), Decimal(2), Decimal("0.5"), Decimal(7)])


@given(
    starts=st.lists(
        st.tuples(SPEEDS, st.integers(min_value=-5_000, max_value=100_000)), min_size=2, max_size=8
    )
)
def test_market_time_never_falls_back_over_restarts(
    starts: list[tuple[Decimal, int]],
) -> None:
    """Whatever the speeds and however the wall clock jumps between starts, market time goes on."""
    wall_ms, last_ms, origin = 1_000_000, 500, None
    for speed, step_ms in starts:
        wall_ms += step_ms
        origin = continue_origin(origin, market_ms_min=last_ms, speed=speed, wall_ms=wall_ms)
        assert origin.market_ms(wall_ms) >= last_ms
        assert origin.speed == speed
        last_ms = origin.market_ms(wall_ms + 250)


def test_the_same_speed_keeps_the_origin() -> None:
    """A restart at the same speed changes nothing, so that the formula of run.json stays true."""
    origin = ClockOrigin(origin_market_ms=10, origin_wall_ms=20, speed=Decimal(2))
    assert continue_origin(origin, market_ms_min=10, speed=Decimal(2), wall_ms=99) is origin
    assert origin.market_ms(120) == 210
    assert origin.wall_ms(210) == 120


STEPS = st.lists(
    st.tuples(st.integers(0, 10**12), st.integers(-(10**15), 10**15)), min_size=1, max_size=30
)


@given(steps=STEPS)
def test_time_follows_its_counter_whatever_the_host_says(steps: list[tuple[int, int]]) -> None:
    """Between any two readings it moves as the counter does, but for 500 ppm at most, and never backwards."""
    time = SlewedTime(10**18, 0)
    before_ns, counted_ns = 10**18, 0
    for passed_ns, ahead_ns in steps:
        counted_ns += passed_ns
        now_ns = time.read(10**18 + counted_ns + ahead_ns, counted_ns)
        assert abs(now_ns - before_ns - passed_ns) <= passed_ns * SLEW_PPM_MAX // PPM + 1
        assert now_ns >= before_ns
        assert time.host_ahead_ns == 10**18 + counted_ns + ahead_ns - now_ns
        before_ns = now_ns


@pytest.mark.parametrize("every_ns", [700, 10**6, 10**9])
@pytest.mark.parametrize("ahead_ms", [-40, 40])
def test_time_is_slewed_to_the_host_at_500_ppm(ahead_ms: int, every_ns: int) -> None:
    """A host that is 40 ms off is caught up with in 80 s, however often the time is read, and not overtaken."""
    time = SlewedTime(0, 0)
    end_ns, ahead_ns = 1000 * every_ns, ahead_ms * NS_PER_MS
    for counted_ns in range(every_ns, end_ns + 1, every_ns):
        time.read(counted_ns + ahead_ns, counted_ns)
    slewed_ns = min(end_ns * SLEW_PPM_MAX // PPM, abs(ahead_ns))
    assert abs(ahead_ns) - abs(time.host_ahead_ns) == slewed_ns


def test_a_host_that_is_set_moves_no_time_and_is_told_of() -> None:
    """Neither scale jumps when somebody sets the time; by how much the host is off now can be seen."""
    host_ms, counted_ms = 1_000_000, 5
    clock = RunClock(host=lambda: host_ms * NS_PER_MS, counter=lambda: counted_ms * NS_PER_MS)
    host_ms, counted_ms = host_ms + 300_000, counted_ms + 1000
    assert (clock.wall_ms(), clock.market_ms()) == (1_001_000, 1_001_000)
    assert clock.host_ahead_ms == 298_999
    host_ms, counted_ms = host_ms - 600_000, counted_ms + 1000
    assert clock.wall_ms() == clock.market_ms() == 1_002_000
    assert clock.monotonic_s() == pytest.approx(1002)
    assert clock.host_ahead_ms == -302_000


def test_without_a_run_market_time_is_wall_time(tmp_path: Path) -> None:
    """A pod has no run.json: both times are UTC."""
    clock = open_clock(tmp_path)
    assert clock.speed == 1
    assert 0 <= clock.wall_ms() - clock.market_ms() < 1000


def test_the_origin_is_read_from_the_run_file(tmp_path: Path) -> None:
    """Speed is a text on disk; further keys are ignored."""
    (tmp_path / "run.json").write_text(
        '{"pid": 1, "clock": {"origin_market_ms": 5, "origin_wall_ms": 7, "speed": "2.5"}}'
    )
    assert read_origin(tmp_path) == ClockOrigin(
        origin_market_ms=5, origin_wall_ms=7, speed=Decimal("2.5")
    )


async def test_sleepers_of_a_virtual_clock_wake_in_order() -> None:
    """By time first, by arrival second, also those who lie down again; and nobody early."""
    clock = VirtualClock()
    woken: list[tuple[str, int]] = []

    async def sleeper(name: str, *spans_s: float) -> None:
        for span_s in spans_s:
            await clock.sleep(span_s)
            woken.append((name, clock.wall_ms()))

    tasks = [
        asyncio.create_task(sleeper("late", 3)),
        asyncio.create_task(sleeper("twice", 1, 1)),
        asyncio.create_task(sleeper("tie", 1)),
    ]
    await clock.run_for(2.5)
    assert woken == [("twice", 1000), ("tie", 1000), ("twice", 2000)]
    assert clock.next_wake_ms() == 3000
    clock.advance(1)
    await asyncio.gather(*tasks)
    assert woken[-1] == ("late", 3500)
    assert clock.monotonic_s() == 3.5


def test_a_virtual_clock_has_its_market_time() -> None:
    """Speed scales market time only."""
    origin = ClockOrigin(origin_market_ms=100, origin_wall_ms=0, speed=Decimal(4))
    clock = VirtualClock(origin)
    clock.advance(0.5)
    assert (clock.wall_ms(), clock.market_ms(), clock.speed) == (500, 2100, Decimal(4))


class CountingSelector(selectors.DefaultSelector):
    """Counts the turns of the event loop: it is asked once in each."""

    turns = 0

    def select(self, *seconds: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        """Count and select."""
        self.turns += 1
        return super().select(*seconds)


def test_settling_ends_when_nobody_can_run() -> None:
    """Whoever needs forty turns gets them all; where all wait, a long day costs no turns but those of its sleepers."""
    selector = CountingSelector()

    async def story() -> int:
        clock, steps = VirtualClock(), 0

        async def work() -> None:
            nonlocal steps
            await clock.sleep(1)
            for _ in range(40):
                await asyncio.sleep(0)
                steps += 1

        working = asyncio.create_task(work())
        await clock.run_for(2)
        assert (working.done(), steps) == (True, 40)
        before = selector.turns
        for _ in range(10):
            await clock.run_for(3600)
        return selector.turns - before

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        assert runner.run(story()) <= 40
