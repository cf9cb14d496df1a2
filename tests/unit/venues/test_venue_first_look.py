"""The share of a rate budget that a process has for its first look, and what the log says of waiting for budget."""

import asyncio

import pytest

from opensqt.domain.instruments import Market
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.config.schema import VenueConfig
from opensqt.venues.binance.policy import RATES
from opensqt.venues.binance.requests import signed
from opensqt.venues.engine.rate_limit import FEED_PART, Bucket, Budget, Limit, Priority, limits_of


@pytest.mark.row("J03")
def test_a_successor_reads_though_the_minute_is_spent() -> None:
    """A first look of the default weights waits for nothing, openings do, and exits keep their share."""
    config = VenueConfig()
    limit = limits_of(config, RATES, 1 - FEED_PART)["perp"]
    bucket = Bucket(limit, 0.0)
    bucket.learn(limit.per_window - 1)
    look = (
        5,
        1,
        30,
        30,
        5,
        5,
        *[1] * 20,
    )  # trades, open orders, income, mode, account, missing orders
    for weight in look:
        assert bucket.wait_s(0.0, weight, Priority.READ) == 0
        bucket.take(weight, Priority.READ)
        bucket.learn(limit.per_window)
    assert bucket.wait_s(0.0, 5, Priority.OPEN) > 0
    assert bucket.wait_s(0.0, limit.reserved, Priority.CANCEL) == 0


@pytest.mark.row("C01")
def test_a_first_look_stops_short_of_the_limit_of_the_venue() -> None:
    """Whoever starts again and again reads no more in one minute than half of what we leave to others."""
    limit = Limit(rate_per_s=1, burst=50, reserved=10, per_window=80, first=20, first_until=90)
    bucket = Bucket(limit, 0.0)
    bucket.learn(85)
    assert bucket.wait_s(0.0, 5, Priority.READ) == 0
    assert bucket.wait_s(0.0, 6, Priority.READ) > 0
    bucket.learn(90)
    assert bucket.wait_s(0.0, 1, Priority.READ) > 0


@pytest.mark.row("C06", "J01")
async def test_looks_for_orders_in_doubt_go_on_when_a_minute_is_spent() -> None:
    """Fourteen orders are looked for, by two readings and their ids, within seconds of a spent minute.

    Meanwhile their cancels are repeated, and each answer says again that the minute is spent: that kept a reader, who
    may not touch the share of the exits, waiting until the minute was over.
    """
    clock = VirtualClock()
    limit = limits_of(VenueConfig(), RATES, 1 - FEED_PART)["perp"]
    budget = Budget(clock, {"perp": limit})
    budget.learn("perp", limit.first_until)

    async def cancel() -> None:
        while True:
            await budget.acquire({"perp": 1.0}, Priority.CANCEL)
            budget.learn("perp", limit.first_until)
            await clock.sleep(1 / 7)  # fourteen orders, each every two seconds

    async def look(lane: Priority) -> None:
        for weight in (*(1, 1, 5, 5, 5, *[1] * 14), *(1, 1, 5, 5, 5, *[1] * 14)):
            await budget.acquire({"perp": float(weight)}, lane)
            budget.learn("perp", limit.first_until)

    cancels = asyncio.create_task(cancel())
    looks, reads = (asyncio.create_task(look(lane)) for lane in (Priority.LOOK, Priority.READ))
    await clock.run_for(5)
    assert looks.done()
    assert not reads.done()
    cancels.cancel()
    reads.cancel()
    await asyncio.gather(cancels, reads, return_exceptions=True)


def test_every_read_has_the_share_of_the_first_look() -> None:
    """What names no lane is a read: no successor waits because somebody forgot to say so."""
    assert signed(Market.PERP, "income", {}, {"perp": 30.0}).lane is Priority.READ


async def test_a_read_behind_openings_still_waits_its_turn() -> None:
    """Once the share of the first look is used, reads and openings are one queue: neither starves the other."""
    clock = VirtualClock()
    budget = Budget(clock, {"perp": Limit(rate_per_s=10, burst=10, reserved=0, first=5)})
    await budget.acquire({"perp": 5.0}, Priority.READ)
    await budget.acquire({"perp": 5.0}, Priority.OPEN)
    opening = asyncio.create_task(budget.acquire({"perp": 1.0}, Priority.OPEN))
    await clock.run_for(0)
    read = asyncio.create_task(budget.acquire({"perp": 1.0}, Priority.READ))
    await clock.run_for(0.15)
    assert (opening.done(), read.done()) == (True, False)
    await clock.run_for(0.1)
    assert read.done()


async def test_a_long_wait_for_the_budget_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Many short waits add up to one line that says who waited for what, and not more than one in ten seconds."""
    clock = VirtualClock()
    budget = Budget(clock, {"perp": Limit(rate_per_s=10, burst=10, reserved=0)})

    async def read(times: int) -> None:
        for _ in range(times):
            await budget.acquire({"perp": 5.0}, Priority.READ)

    task = asyncio.create_task(read(17))
    await clock.run_for(9)
    assert task.done()
    (line,) = [record for record in caplog.records if record.msg == "rate_budget_waited_for"]
    assert vars(line)["fields"] == {"waited_s": {"perp read": 1.0}}
