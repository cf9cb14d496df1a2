"""The rate budget on a virtual clock, and the one retry layer."""

import asyncio
import itertools
import random
from decimal import Decimal

import pytest

from opensqt.domain.decimals import ONE
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.config.schema import VenueConfig
from opensqt.venues.binance.policy import RATES
from opensqt.venues.engine.rate_limit import (
    FEED_PART,
    Bucket,
    Budget,
    Limit,
    Priority,
    limits_of,
    retried,
    retry_delay_s,
)

COST = {"orders": 1.0}


async def spend(budget: Budget, done: list[float], clock: VirtualClock, lane: Priority) -> None:
    """Take one request and note when it was granted."""
    await budget.acquire(COST, lane)
    done.append(clock.monotonic_s())


@pytest.mark.row("C01")
async def test_bucket_grants_its_burst_and_then_its_rate() -> None:
    """25/s with a burst of 30 (6 of them for exits): 24 at once, then 25 in each second."""
    clock = VirtualClock()
    budget = Budget(clock, limits_of(VenueConfig(), RATES, ONE))
    granted: list[float] = []
    tasks = [asyncio.create_task(spend(budget, granted, clock, Priority.OPEN)) for _ in range(100)]
    await clock.run_for(0)
    assert len(granted) == 24
    await clock.run_for(1)
    assert len(granted) == 49
    await clock.run_for(3)
    assert len(granted) == 100
    await asyncio.gather(*tasks)


@pytest.mark.row("C01")
async def test_rate_burst_and_reserve_come_from_the_configuration() -> None:
    """2/s with a burst of 10 and half of it for exits: 5 openings at once, then 2 in each second."""
    clock = VirtualClock()
    config = VenueConfig(
        orders_per_s_max=Decimal(2), orders_burst_max=10, exit_share_min=Decimal("0.5")
    )
    budget = Budget(clock, limits_of(config, RATES, ONE))
    granted: list[float] = []
    tasks = [asyncio.create_task(spend(budget, granted, clock, Priority.OPEN)) for _ in range(9)]
    await clock.run_for(0)
    assert len(granted) == 5
    await clock.run_for(1)
    assert len(granted) == 7
    await clock.run_for(1)
    await asyncio.gather(*tasks)


@pytest.mark.row("C01")
def test_the_processes_of_a_venue_share_its_weights() -> None:
    """The feed and the executors of two accounts together stay within the configured share of each minute."""
    config = VenueConfig(
        rate_limits={"spot": 1200, "perp": 600},
        rate_budget_share_max=Decimal("0.5"),
    )
    own = (1 - FEED_PART) / 2
    parts = [limits_of(config, RATES, part) for part in (FEED_PART, own, own)]
    for market, per_minute in (("spot", 1200), ("perp", 600)):
        used = sum(each[market].burst + 60 * each[market].rate_per_s for each in parts)
        assert used == pytest.approx(per_minute * 0.5)


@pytest.mark.row("C01")
async def test_weights_and_rates_are_per_bucket() -> None:
    """A heavy request uses more of its own bucket and nothing of another."""
    clock = VirtualClock()
    limits = {"spot": Limit(rate_per_s=10, burst=20, reserved=0), "perp": Limit()}
    budget = Budget(clock, limits)
    await budget.acquire({"spot": 20.0}, Priority.OPEN)
    heavy = asyncio.create_task(budget.acquire({"spot": 10.0}, Priority.OPEN))
    await budget.acquire({"perp": 1.0}, Priority.OPEN)
    await clock.run_for(0.9)
    assert not heavy.done()
    await clock.run_for(0.2)
    assert heavy.done()


@pytest.mark.row("C02")
async def test_cancel_is_not_delayed_by_a_thousand_queued_placements() -> None:
    """An exit passes the queue of openings: granted at once while any of the reserve is left."""
    clock = VirtualClock()
    budget = Budget(clock, {"orders": Limit()})
    opened: list[float] = []
    exits: list[float] = []
    tasks = [asyncio.create_task(spend(budget, opened, clock, Priority.OPEN)) for _ in range(1000)]
    await clock.run_for(2)
    asked_s = clock.monotonic_s()
    cancels = [asyncio.create_task(spend(budget, exits, clock, Priority.EXIT)) for _ in range(20)]
    await clock.run_for(1)
    slot_s = 1 / 25
    assert exits[0] - asked_s <= slot_s
    for number, granted_s in enumerate(exits):
        assert granted_s - asked_s <= (number + 1) * slot_s
    for task in [*tasks, *cancels]:
        task.cancel()


@pytest.mark.row("C02")
@pytest.mark.parametrize("weight", [1.0, 5.0])
async def test_cancels_go_before_reducing_orders(weight: float) -> None:
    """Behind a thousand reducing orders, alone or in batches, a cancel waits for nothing, the next for a slot each."""
    clock = VirtualClock()
    budget = Budget(clock, {"orders": Limit()})
    cost = {"orders": weight}
    reducing = [asyncio.create_task(budget.acquire(cost, Priority.EXIT)) for _ in range(1000)]
    await clock.run_for(2)
    asked_s = clock.monotonic_s()
    cancelled: list[float] = []
    cancels = [
        asyncio.create_task(spend(budget, cancelled, clock, Priority.CANCEL)) for _ in range(20)
    ]
    await clock.run_for(1)
    assert cancelled[0] == asked_s
    for number, granted_s in enumerate(cancelled):
        assert granted_s - asked_s <= number / 25 + 0.001
    for task in [*reducing, *cancels]:
        task.cancel()


@pytest.mark.row("C02")
async def test_openings_wait_while_exits_use_the_reserve() -> None:
    """Openings get nothing before the reserve is whole again."""
    clock = VirtualClock()
    budget = Budget(clock, {"orders": Limit()})
    for _ in range(30):
        await budget.acquire(COST, Priority.CANCEL)
    opening = asyncio.create_task(budget.acquire(COST, Priority.OPEN))
    await clock.run_for(0.2)
    assert not opening.done()
    await clock.run_for(0.1)
    assert opening.done()


async def test_a_rate_limit_answer_stops_both_lanes() -> None:
    """After a 429 nothing is sent before its time."""
    clock = VirtualClock()
    budget = Budget(clock, {"orders": Limit()})
    budget.pause(COST, 2.0)
    task = asyncio.create_task(budget.acquire(COST, Priority.EXIT))
    await clock.run_for(1.9)
    assert not task.done()
    await clock.run_for(0.2)
    assert task.done()


def test_what_weighs_nothing_waits_only_while_the_venue_bars_us() -> None:
    """An empty bucket does not hold it up, an answer of "too fast" does."""
    bucket = Bucket(Limit(rate_per_s=1, burst=10, reserved=2), 0.0)
    bucket.take(10, Priority.OPEN)
    assert bucket.wait_s(0.0, 1, Priority.OPEN) > 0
    assert bucket.wait_s(0.0, 0, Priority.OPEN) == 0
    bucket.pause(0.0, 5)
    assert bucket.wait_s(0.0, 0, Priority.OPEN) == 5


@pytest.mark.row("C01")
def test_what_the_venue_counted_before_our_start_is_not_spent_again() -> None:
    """Of 100 a minute 85 are used: 15 of our burst are left, and never less than what exits keep."""
    bucket = Bucket(Limit(rate_per_s=1, burst=50, reserved=10, per_window=100), 0.0)
    bucket.learn(20)
    assert bucket.wait_s(0.0, 40, Priority.OPEN) == 0
    bucket.learn(85)
    assert bucket.wait_s(0.0, 5, Priority.OPEN) == 0
    assert bucket.wait_s(0.0, 6, Priority.OPEN) == 1
    bucket.learn(200)
    assert bucket.wait_s(0.0, 10, Priority.CANCEL) == 0


def test_weight_above_the_burst_is_granted_from_a_full_bucket_and_owed() -> None:
    """A request heavier than the bucket does not wait for ever."""
    bucket = Bucket(Limit(rate_per_s=10, burst=10, reserved=5), 0.0)
    assert bucket.wait_s(0.0, 50, Priority.OPEN) == 0
    bucket.take(50, Priority.OPEN)
    assert bucket.wait_s(0.0, 1, Priority.CANCEL) == pytest.approx(4.1)


def test_no_minute_exceeds_our_share_of_the_venue() -> None:
    """Burst plus a minute's flow stay within the configured share of the documented weights."""
    limits = limits_of(VenueConfig(), RATES, ONE)
    for name, per_minute in (("spot", 6000), ("perp", 2400)):
        limit = limits[name]
        assert limit.burst + 60 * limit.rate_per_s <= per_minute * 0.8 + 1e-6


@pytest.mark.row("C03")
@pytest.mark.parametrize("failures,calls", [(0, 1), (2, 3), (9, 5)])
async def test_reads_are_retried_at_most_five_times(failures: int, calls: int) -> None:
    """Each failure is followed by a longer wait, and the last answer is returned as it is."""
    clock = VirtualClock()
    made: list[float] = []

    async def call() -> bool:
        made.append(clock.monotonic_s())
        return len(made) <= failures

    task = asyncio.create_task(
        retried(call, again=lambda failed: failed, clock=clock, jitter=random.Random(1))
    )
    await clock.run_for(60)
    assert task.done()
    assert len(made) == calls
    waits = [later - earlier for earlier, later in itertools.pairwise(made)]
    for attempt, wait_s in enumerate(waits, start=1):
        plain_s = min(10.0, 0.5 * 2 ** (attempt - 1))
        assert 0.9 * plain_s <= wait_s <= 1.1 * plain_s


@pytest.mark.row("C03")
def test_retry_delays_grow_to_ten_seconds_with_jitter() -> None:
    """0.5, 1, 2, 4, 8, 10, 10 s, each within 10 %, and not all alike."""
    delays = [retry_delay_s(attempt, random.Random(attempt)) for attempt in range(1, 8)]
    for delay_s, plain_s in zip(delays, (0.5, 1, 2, 4, 8, 10, 10), strict=True):
        assert 0.9 * plain_s <= delay_s <= 1.1 * plain_s
    assert len(set(delays)) == len(delays)
