"""Trades that are read before anybody knows whose they are: each finds its order, in the executor and at the gate."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose, TimeInForce
from opensqt.domain.order_events import Fill
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.recon_events import OrderContradicted
from opensqt.domain.unattributed import STRAYS_MAX, UnattributedTrades
from opensqt.domain.venue import OrderRequest, TradeView
from opensqt.risk.state import RiskState as Gate
from services.executor.service import Executor
from tests.component.rig import SYMBOL, Rig
from tests.support.venue.faults import Fault
from tests.support.venue.venue import FaultyVenue
from tests.unit.domain.test_order_state import filled

LAG_MS = 400
TAKING = Decimal("50100.0")


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a desk in memory whose venue shows an order by our id later than its trade."""
    rig = Rig(tmp_path)
    rig.exchange.visibility_lag_ms = LAG_MS
    return rig


def gate_of(rig: Rig) -> Gate:
    """Return the gate's books as the journal tells them."""
    gate = Gate()
    for fact in rig.facts():
        gate.fold(fact)
    return gate


def fills(rig: Rig) -> list[Fill]:
    """Return the journal's fills."""
    return [fact for fact in rig.facts() if isinstance(fact, Fill)]


async def traded_before_it_is_known(rig: Rig, executor: Executor) -> None:
    """Fill an order whose answer is lost while the stream is away; let the trade be read before the order is shown."""
    rig.exchange.stream.break_off("cut")
    await rig.clock.run_for(1)
    rig.venue.faults.set("place", Fault.LOST_ACK)
    await rig.approve(rig.place(price=TAKING, time_in_force=TimeInForce.IOC))
    await rig.clock.run_for(0.05)
    rig.exchange.stream.restore()
    await rig.clock.run_for(0.2)
    assert [fill.ref.client_order_id for fill in fills(rig)] == [""]
    assert len(executor._account.state.living()) == 1
    await rig.clock.run_for(10)


@pytest.mark.row("A07")
@pytest.mark.row("C06")
async def test_an_order_whose_trade_came_before_its_name_ends(rig: Rig) -> None:
    """The executor holds it for filled, now and after a restart: nothing of it is queued or swept."""
    executor = rig.executor()
    async with rig.running(executor):
        await traded_before_it_is_known(rig, executor)
        state = executor._account.state
        assert state.living() == []
        assert state.queued(SYMBOL, Side.BUY) == 0
        (order,) = state.orders.values()
        assert order.phase is OrderStatus.FILLED
    successor = rig.executor()
    async with rig.running(successor):
        assert successor.status()["orders_open"] == 0


@pytest.mark.row("A10")
async def test_the_gate_gives_the_trade_to_its_strategy(rig: Rig) -> None:
    """The position is its own, nothing is parked, and no phantom order stands against its exit."""
    executor = rig.executor()
    async with rig.running(executor):
        await traded_before_it_is_known(rig, executor)
        gate = gate_of(rig)
        quantity = rig.place().quantity
        exposure = gate.exposure(rig.place(9, side=Side.SELL, purpose=Purpose.CLOSE))
    assert (exposure.nobodys, exposure.own, exposure.net) == (Decimal(0), quantity, quantity)
    assert (exposure.own_bid, exposure.orders_open) == (None, 0)
    assert exposure.buys_open == 0


async def test_the_gate_forgets_the_venues_id_with_its_order(rig: Rig) -> None:
    """What ended long ago takes no room."""
    executor = rig.executor()
    async with rig.running(executor):
        await traded_before_it_is_known(rig, executor)
        gate = gate_of(rig)
        assert len(gate.index._venue_ids) == len(gate.index.orders) == 1
        gate.forget(rig.clock.market_ms() + 10_000_000)
    assert (gate.index._venue_ids, gate.index.orders) == ({}, {})


@pytest.mark.row("C06")
async def test_an_order_that_was_carried_out_after_all_is_contradicted_by_its_trade(
    rig: Rig,
) -> None:
    """Its absence was proved, it arrived too late and filled while the stream was away: its owner gets the fill."""
    rig.exchange.visibility_lag_ms = 0
    executor = rig.executor()
    async with rig.running(executor):
        rig.venue.faults.set("place", Fault.LATE)
        await rig.approve(rig.place(price=TAKING, time_in_force=TimeInForce.IOC))
        await rig.clock.run_for(15)
        assert rig.order_of().phase is OrderStatus.NEVER_PLACED
        rig.exchange.stream.break_off("cut")
        _carry_out(rig, rig.venue.sent)
        await rig.clock.run_for(5)
        rig.exchange.stream.restore()
        await rig.clock.run_for(20)
    assert [fact.client_order_id for fact in rig.facts() if isinstance(fact, OrderContradicted)]
    (fill,) = fills(rig)
    order = rig.order_of()
    assert order.placed is not None
    assert fill.ref.strategy == order.placed.ref.strategy


def test_strays_of_others_are_bounded_and_claimed_once() -> None:
    """The oldest order of nobody's is forgotten first; a claim takes the trades out."""
    strays = UnattributedTrades()
    fill = filled("1", "0.001")
    nameless = msgspec.structs.replace(fill.ref, client_order_id="")
    fill = msgspec.structs.replace(fill, ref=nameless)
    account, symbol = fill.ref.account, fill.ref.symbol
    for number in range(STRAYS_MAX + 1):
        strays.add(msgspec.structs.replace(fill, venue_order_id=str(number)))
    strays.add(msgspec.structs.replace(fill, venue_order_id=""))
    assert strays.claim(account, symbol, "q", "0") == ()
    assert strays.claim(account, symbol, "q", "") == ()
    assert [one.venue_order_id for one in strays.claim(account, symbol, "q", "7")] == ["7"]
    assert strays.claim(account, symbol, "q", "7") == ()


def _carry_out(rig: Rig, requests: Sequence[OrderRequest]) -> None:
    for request in requests:
        later_ms = rig.clock.market_ms() + 2000
        rig.exchange.take(msgspec.structs.replace(request, deadline_ms=later_ms))


class Behind(FaultyVenue):
    """A venue whose clock is behind ours, as far as it may be."""

    async def trades(self, symbol: str, *, after: str, since_ms: int) -> list[TradeView]:
        """Return our trades, in the venue's time."""
        shown = await super().trades(symbol, after=after, since_ms=since_ms)
        behind_ms = self.policy.clock_skew_ms_max
        return [msgspec.structs.replace(one, time_ms=one.time_ms - behind_ms) for one in shown]


async def test_a_trade_below_a_newer_one_is_read_though_the_venues_clock_is_behind(
    rig: Rig,
) -> None:
    """Of three the second becomes visible last; the third looks settled by its time before that."""
    rig.venue = Behind(rig.exchange)
    executor = rig.executor()
    async with rig.running(executor):
        rig.exchange.stream.break_off("cut")
        for number in (1, 2, 3):
            await rig.approve(rig.place(number, price=TAKING, time_in_force=TimeInForce.IOC))
        await rig.clock.run_for(0.2)
        executor._evidence.poke(SYMBOL)
        await rig.clock.run_for(0.1)
        traded = [trade.trade_id for trade in rig.exchange.trades]
        assert [fill.trade_id for fill in fills(rig)] == [traded[0], traded[2]]
        await rig.clock.run_for(30)
    assert sorted(fill.trade_id for fill in fills(rig)) == traded
