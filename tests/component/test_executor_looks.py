"""Looking for many orders at once: what a symbol shows is read once for all, and only where it can prove something."""

from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.domain.intent import TimeInForce
from opensqt.domain.order_events import Fill, NeverPlaced
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.venue import AccountView, LookOutcome, NotFound, OrderView, TradeView
from tests.component.rig import Rig
from tests.support.venue.faults import Fault
from tests.support.venue.venue import FaultyVenue

MANY = 12
SLOW_S = 2.0
FENCE_S = (
    3.5 + 0.5
)  # deadline, skew and lag, then a lag between two looks: as published, not as the product has it
READINGS_MAX = (
    5  # one under way, two for the proof, and each may have to wait for one that began too early
)


class Counting(FaultyVenue):
    """Counts the dearest part of a look."""

    accounts_read = 0
    slow_s = 0.0  # as where the weight is spent and each read waits for its turn

    async def account(self) -> AccountView:
        """Return balances and positions."""
        self.accounts_read += 1
        await self.exchange.clock.sleep(self.slow_s)
        return await super().account()


class Blind(Counting):
    """Reads as from a copy that hangs behind: it shows no order since `since`, none of its trades, an old position."""

    since: int | None = None  # place requests that were sent before
    behind: AccountView | None = None

    def hidden(self) -> set[str]:
        """Return our ids of the orders that are not shown."""
        return set() if self.since is None else {o.client_order_id for o in self.sent[self.since :]}

    async def look(self, symbol: str, client_order_id: str) -> LookOutcome:
        """Ask for one order by our id."""
        if client_order_id in self.hidden():
            return NotFound(code="-2013", evidence=b"")
        return await super().look(symbol, client_order_id)

    async def open_orders(self, symbol: str) -> list[OrderView]:
        """Return the open orders of a symbol."""
        found = await super().open_orders(symbol)
        return [order for order in found if order.client_order_id not in self.hidden()]

    async def trades(self, symbol: str, *, after: str, since_ms: int) -> list[TradeView]:
        """Return our trades beyond a trade id."""
        orders = self.exchange.orders
        hidden = {str(o.order_id) for o in orders if o.client_order_id in self.hidden()}
        found = await super().trades(symbol, after=after, since_ms=since_ms)
        return [trade for trade in found if trade.venue_order_id not in hidden]

    async def account(self) -> AccountView:
        """Return balances and positions."""
        shown = await super().account()
        return self.behind or shown


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a desk in memory whose venue counts."""
    rig = Rig(tmp_path)
    rig.venue = Counting(rig.exchange)
    return rig


def _read(rig: Rig) -> int:
    assert isinstance(rig.venue, Counting)
    return rig.venue.accounts_read


@pytest.mark.row("C06")
async def test_many_orders_in_doubt_share_their_looks(rig: Rig) -> None:
    """Twelve requests are lost over a second: all are proved absent, by fewer readings than one order each."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(MANY))
        await rig.clock.run_for(0.1)
        rig.venue.faults.set("place", *[Fault.LOST_REQUEST] * MANY)
        read = _read(rig)
        for number in range(MANY):
            await rig.approve(rig.place(number))
            await rig.clock.run_for(0.1)
        await rig.clock.run_for(6)
        phases = {rig.order_of(number).phase for number in range(MANY)}
        assert phases == {OrderStatus.NEVER_PLACED}
        assert _read(rig) - read < MANY


@pytest.mark.row("C06")
async def test_an_order_whose_answer_was_lost_is_found_by_its_id_alone(rig: Rig) -> None:
    """Before the fence nothing can be proved: open orders, trades and position are not read for it."""
    async with rig.running(rig.executor()):
        read = _read(rig)
        rig.venue.faults.set("place", Fault.LOST_ACK)
        await rig.approve(rig.place())
        await rig.clock.run_for(1)
        assert rig.order_of().phase is OrderStatus.LIVE
        assert _read(rig) == read


@pytest.mark.row("C06")
async def test_many_orders_in_doubt_end_soon_though_each_reading_is_slow(rig: Rig) -> None:
    """A reading takes longer than the visibility lag: who waits for it shares the next, nobody takes one of his own."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(MANY))
        await rig.clock.run_for(0.1)
        assert isinstance(rig.venue, Counting)
        rig.venue.slow_s = SLOW_S
        rig.venue.faults.set("place", *[Fault.LOST_REQUEST] * MANY)
        for number in range(MANY):
            await rig.approve(rig.place(number))
        await rig.clock.run_for(FENCE_S + READINGS_MAX * SLOW_S)
        phases = {rig.order_of(number).phase for number in range(MANY)}
        assert phases == {OrderStatus.NEVER_PLACED}


async def _until_read(rig: Rig, venue: Counting, times: int) -> None:
    """Let time pass until the position was read so often."""
    while venue.accounts_read < times:
        await rig.clock.run_for(0.02)


@pytest.mark.row("C06")
async def test_a_position_that_moves_between_two_looks_begins_the_proof_anew(rig: Rig) -> None:
    """Both looks miss an order that traded; only the position tells, and the third look finds it."""
    venue = rig.venue = Blind(rig.exchange)
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(MANY))
        await rig.clock.run_for(0.1)
        rig.exchange.stream.break_off("cut")
        venue.since, venue.behind = len(venue.sent), await venue.account()
        venue.faults.set("place", Fault.LOST_ACK)
        taking = rig.place(price=Decimal("50100.0"), time_in_force=TimeInForce.IOC)
        await rig.approve(taking)
        await rig.clock.run_for(0.05)
        # Nothing but looks reads the position within these seconds.
        read = venue.accounts_read
        await _until_read(rig, venue, read + 1)
        venue.behind = None
        await _until_read(rig, venue, read + 2)
        venue.since = None
        await rig.clock.run_for(6)
        assert rig.order_of().phase is OrderStatus.FILLED
        assert [fact for fact in rig.facts() if isinstance(fact, NeverPlaced)] == []
        assert len([fact for fact in rig.facts() if isinstance(fact, Fill)]) == 1
