"""What happens while a process dies: place, cancel, place during fill, batch, kill switch, take-over."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

from opensqt.domain.instruments import Side
from opensqt.simulation.faults import FaultName, FaultRule, FaultScript, Match
from tests.conditions import until
from tests.crash.desk import Desk
from tests.crash.house import POLL_S
from tests.crash.intents import Author
from tests.crash.judge import open_at_venue
from tests.e2e import audit
from tests.simulation.venue.scripted import PERP, play, trade

NEAR, CROSSING = Decimal("59999.5"), Decimal(60001)
BATCH = 5
GONE_S = 20.0
RESUMED_S = 20.0

Scenario = Callable[[Desk, Author], Awaitable[None]]


async def place(_: Desk, author: Author) -> None:
    """One order that rests."""
    await author.known(await author.place())


async def cancel(_: Desk, author: Author) -> None:
    """One order that rests and is wished away."""
    intent = await author.place()
    await author.known(intent)
    await author.cancel(intent)


async def place_during_fill(desk: Desk, author: Author) -> None:
    """A resting order fills in part while another is placed that fills at once."""
    resting = await author.place(NEAR)
    await author.known(resting)
    taking = await author.place(CROSSING)
    play(desk.house.venue, trade(PERP, str(NEAR), "0.002", Side.SELL))
    await author.known(taking)


async def batch(_: Desk, author: Author) -> None:
    """Five places at once, which leave in one request, then a cancel of each of them at once."""
    intents = await asyncio.gather(*(author.place() for _ in range(BATCH)))
    await asyncio.gather(*(author.known(intent) for intent in intents))
    await asyncio.gather(*(author.cancel(intent) for intent in intents))


async def kill_switch(desk: Desk, author: Author) -> None:
    """A kill while one order rests and another is on its way: nothing is open in the end; then a resume."""
    resting = await author.place()
    await author.known(resting)
    await author.place()
    await desk.kill()
    folder = desk.house.folder
    await until(lambda: not open_at_venue(audit.rows(folder)), within_s=GONE_S, poll_s=POLL_S)
    await desk.house.reads_until(lambda record: record.kills > 0)
    await until(desk.resume, within_s=RESUMED_S, poll_s=POLL_S)


async def take_over(desk: Desk, author: Author) -> None:
    """Three places, one request and one answer lost, and a cancel, while a twin on another host stands by.

    The lost request was never at the venue: that it is not there has to be proved by looks behind the fence.
    """
    lost = [
        FaultRule(fault=fault, match=Match(kind="place"), count=1)
        for fault in (FaultName.LOST_REQUEST, FaultName.LOST_ACK)
    ]
    desk.house.venue.faults.load(FaultScript(rules=lost))
    intents = [await author.place() for _ in range(3)]
    await asyncio.gather(*(author.known(intent) for intent in intents))
    accepted = [one for one in intents if desk.house.record.accepted(one.intent_id)]
    for intent in accepted[:1]:
        await author.cancel(intent)


SCENARIOS: dict[str, Scenario] = {
    "place": place,
    "cancel": cancel,
    "place during fill": place_during_fill,
    "batch": batch,
    "kill switch": kill_switch,
    "take-over": take_over,
}
