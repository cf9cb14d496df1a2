"""What happens while a process dies: place, cancel, a fill, a batch, exits, two symbols, kill switch, take-over.

A scenario begins with what must be there before: the step at which a process dies is counted from then on, so that it
dies while an order is cancelled or a position left, and not while it was made.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

import msgspec

from opensqt.domain.instruments import Side
from opensqt.domain.intent import PlaceIntent
from opensqt.simulation.server.faults import FaultName, FaultRule, FaultScript, Match
from tests.conditions import until
from tests.crash.desk import Desk
from tests.crash.house import POLL_S
from tests.crash.intents import INSIDE, Author, Want, exit_of, fitted
from tests.crash.judge import open_at_venue
from tests.e2e import audit
from tests.simulation.venue.scripted import PERP, SPOT, play, trade

CROSSING = {Side.BUY: Decimal(60001), Side.SELL: Decimal(59999)}  # trades at once
NEAR = Want(price=INSIDE[Side.BUY])
LONG = Want(price=CROSSING[Side.BUY])
SHORT = Want(side=Side.SELL, price=CROSSING[Side.SELL])
COINS = Want(symbol=SPOT, price=CROSSING[Side.BUY])
PART = Decimal("0.001")  # of a resting order, taken by somebody else
BATCH = 5
GONE_S = 20.0
RESUMED_S = 20.0

Placed = Sequence[PlaceIntent]  # what was placed before


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What must be there before, what happens then, and which symbols the desk trades."""

    before: Callable[[Author], Awaitable[Placed]]
    then: Callable[[Desk, Author, Placed], Awaitable[None]]
    symbols: tuple[str, ...] = (PERP,)


async def nothing(_: Author) -> Placed:
    """Nothing but the desk that trades."""
    return ()


async def resting(author: Author) -> Placed:
    """One order that rests, or has ended because somebody died over it."""
    intent = await author.place()
    await author.known(intent)
    return (intent,)


async def held(author: Author) -> Placed:
    """A position in the perpetual."""
    await author.hold(LONG)
    return ()


async def hedged(author: Author) -> Placed:
    """A position in the coin, and its perpetual sold short.

    Nothing else rests: to risk a purchase that may fill first leaves less for a reduce-only one to buy back.
    """
    await author.gone(author.places[-1])
    await asyncio.gather(author.hold(SHORT), author.hold(COINS))
    return ()


async def place(_: Desk, author: Author, __: Placed) -> None:
    """One order that rests."""
    await author.known(await author.place())


async def cancel(_: Desk, author: Author, placed: Placed) -> None:
    """The order that rests is wished away."""
    await author.cancel(placed[0])


async def place_during_fill(desk: Desk, author: Author, _: Placed) -> None:
    """A resting order fills in part while another is placed that fills at once."""
    resting_near = await author.place(NEAR)
    await author.known(resting_near)
    taking = await author.place(LONG)
    play(desk.house.venue, trade(PERP, str(NEAR.price), "0.002", Side.SELL))
    await author.known(taking)


async def batch(_: Desk, author: Author, __: Placed) -> None:
    """Five places at once, which leave in one request, then a cancel of each of them at once."""
    intents = await asyncio.gather(*(author.place() for _ in range(BATCH)))
    await asyncio.gather(*(author.known(intent) for intent in intents))
    await asyncio.gather(*(author.cancel(intent) for intent in intents))


async def exits(desk: Desk, author: Author, _: Placed) -> None:
    """What is held is sold by reduce-only orders: one rests, fills in part and is wished away, others trade at once."""
    await _leave(desk, author, PERP)


async def two_symbols(desk: Desk, author: Author, _: Placed) -> None:
    """The coin is sold and its perpetual bought back, each by its own strategy; then both are bought."""
    await asyncio.gather(_leave(desk, author, SPOT), _leave(desk, author, PERP))
    await asyncio.gather(author.hold(LONG), author.hold(COINS))


async def kill_switch(desk: Desk, author: Author, _: Placed) -> None:
    """A kill while one order rests and another is on its way: nothing is open in the end; then a resume."""
    await author.place()
    await desk.kill()
    folder = desk.house.folder
    await until(lambda: not open_at_venue(audit.rows(folder)), within_s=GONE_S, poll_s=POLL_S)
    await desk.house.reads_until(lambda record: record.kills > 0)
    await until(desk.resume, within_s=RESUMED_S, poll_s=POLL_S)


async def take_over(desk: Desk, author: Author, _: Placed) -> None:
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


async def _leave(desk: Desk, author: Author, symbol: str) -> None:
    """Leave a position by an order that rests and fills in part, and by orders that trade at once."""
    half = fitted(symbol, author.held(symbol) / 2)
    slow = await author.place(exit_of(symbol, half, INSIDE))
    await author.known(slow)
    fast = await author.place(exit_of(symbol, half, CROSSING))
    play(desk.house.venue, trade(symbol, str(slow.price), str(PART), slow.side.opposite))
    await author.known(fast)
    await asyncio.gather(*(author.gone(one) for one in (slow, fast)))
    await author.leave(symbol, CROSSING)


SCENARIOS: dict[str, Scenario] = {
    "place": Scenario(before=nothing, then=place),
    "cancel": Scenario(before=resting, then=cancel),
    "place during fill": Scenario(before=nothing, then=place_during_fill),
    "batch": Scenario(before=nothing, then=batch),
    "exits": Scenario(before=held, then=exits),
    "two symbols": Scenario(before=hedged, then=two_symbols, symbols=(PERP, SPOT)),
    "kill switch": Scenario(before=resting, then=kill_switch),
    "take-over": Scenario(before=nothing, then=take_over),
}
