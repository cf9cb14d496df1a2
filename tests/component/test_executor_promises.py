"""Where a venue only acknowledges a place, or reads lists on by cursors of its own: nothing is sent or read twice."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from opensqt.domain.order_events import Accepted, NeverPlaced, Unresolved
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.venue import (
    Acknowledged,
    Held,
    LookOutcome,
    Obstacle,
    OrderRequest,
    PlaceOutcome,
    TradeView,
    no_obstacle,
)
from opensqt.venues.policy import policy_of
from tests.component.rig import SYMBOL, Rig
from tests.support.venue.exchange import RiggedExchange
from tests.support.venue.venue import FaultyVenue

GRACE_S = 2.0


class Promising(FaultyVenue):
    """Answers every place that it takes, or loses, with an acknowledgement; counts the looks for orders."""

    looks = 0
    loses = False

    async def place(
        self, request: OrderRequest, *, obstacle: Obstacle = no_obstacle
    ) -> PlaceOutcome:
        """Acknowledge one order."""
        return (await self.place_batch((request,), obstacle=obstacle))[0]

    async def place_batch(
        self, requests: Sequence[OrderRequest], *, obstacle: Obstacle = no_obstacle
    ) -> tuple[PlaceOutcome, ...]:
        """Acknowledge each order."""
        if self.loses:
            self.sent.extend(requests)
            return (Acknowledged(venue_order_id="lost", evidence=b"{}"),) * len(requests)
        outcomes = await super().place_batch(requests, obstacle=obstacle)
        return tuple(
            Acknowledged(venue_order_id=one.venue_order_id, evidence=b"{}")
            if isinstance(one, Held)
            else one
            for one in outcomes
        )

    async def look(self, symbol: str, client_order_id: str) -> LookOutcome:
        """Ask for one order by our id."""
        self.looks += 1
        return await super().look(symbol, client_order_id)


class Cursors(FaultyVenue):
    """Reads trades on from words that are no numbers."""

    def __init__(self, exchange: RiggedExchange) -> None:
        super().__init__(exchange)
        self.asked: list[str] = []

    async def trades(self, symbol: str, *, after: str, since_ms: int) -> list[TradeView]:
        """Return all our trades beyond a cursor."""
        self.asked.append(after)
        found = await super().trades(symbol, after=after.removeprefix("c-"), since_ms=since_ms)
        return [msgspec.structs.replace(one, cursor=f"c-{one.trade_id}") for one in found]


@pytest.fixture
def promising(tmp_path: Path) -> tuple[Rig, Promising]:
    """Return a desk at such a venue."""
    rig = Rig(tmp_path)
    policy = msgspec.structs.replace(
        policy_of("binance"), ack="promises", ack_grace_ms=int(GRACE_S * 1000)
    )
    rig.venue = venue = Promising(rig.exchange, policy)
    return rig, venue


async def test_the_stream_settles_an_acknowledged_order(promising: tuple[Rig, Promising]) -> None:
    """It is unresolved first, the stream makes it live, and nobody asks for it."""
    rig, venue = promising
    async with rig.running(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(GRACE_S + 0.5)
        assert rig.order_of().phase is OrderStatus.LIVE
    told = [type(fact) for fact in rig.facts() if isinstance(fact, Unresolved | Accepted)]
    assert told == [Unresolved, Accepted]
    assert venue.looks == 0


async def test_a_look_settles_it_where_the_stream_is_silent(
    promising: tuple[Rig, Promising],
) -> None:
    """The stream has its time; then we ask, and the order is live."""
    rig, venue = promising
    async with rig.running(rig.executor()):
        rig.exchange.stream.break_off("cut")
        await rig.approve(rig.place())
        await rig.clock.run_for(GRACE_S - 0.2)
        assert (rig.order_of().phase, venue.looks) == (OrderStatus.UNRESOLVED, 0)
        await rig.clock.run_for(0.4)
        assert rig.order_of().phase is OrderStatus.LIVE
    assert len(venue.sent) == 1


async def test_a_promise_that_nothing_came_of_is_proved_absent(
    promising: tuple[Rig, Promising],
) -> None:
    """Lost in silence: it ends as never placed behind the fence, sent once and halting nothing."""
    rig, venue = promising
    venue.loses = True
    async with rig.running(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(12)
        assert rig.order_of().phase is OrderStatus.NEVER_PLACED
    assert any(isinstance(fact, NeverPlaced) for fact in rig.facts())
    assert len(venue.sent) == 1


async def test_a_successor_settles_what_was_acknowledged(promising: tuple[Rig, Promising]) -> None:
    """The executor dies between acknowledgement and stream; the next one finds the order and sends nothing."""
    rig, venue = promising
    async with rig.dying(rig.executor()):
        rig.exchange.stream.break_off("cut")
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        assert rig.order_of().phase is OrderStatus.UNRESOLVED
    rig.exchange.stream.restore()
    async with rig.running(rig.executor()):
        await rig.clock.run_for(5)
        assert rig.order_of().phase is OrderStatus.LIVE
    assert len(venue.sent) == 1


async def test_trades_are_read_on_from_the_cursor_that_the_venue_gave(tmp_path: Path) -> None:
    """Once a trade is old enough to be settled, lists begin behind its cursor, whatever that is."""
    rig = Rig(tmp_path)
    rig.venue = venue = Cursors(rig.exchange)
    async with rig.running(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        rig.exchange.trade(SYMBOL, Decimal(49_000), Decimal(5))
        await rig.clock.run_for(12)
    assert rig.order_of().phase is OrderStatus.FILLED
    assert venue.asked[0] == ""
    assert venue.asked[-1].startswith("c-")
