"""The two clocks of a run: market time is monotone over speeds, restarts and a clock set back."""

import asyncio
import selectors
from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from opensqt.runtime.clock import (
    ClockOrigin,
    RunClock,
    VirtualClock,
    continue_origin,
    open_clock,
    read_origin,
)

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


def test_market_time_holds_still_while_the_wall_clock_is_set_back() -> None:
    """Within a process a step back of the system clock does not show in market time."""
    wall = iter([1000, 400, 1100])
    clock = RunClock(wall=lambda: next(wall))
    assert [clock.market_ms() for _ in range(3)] == [1000, 1000, 1100]


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
