"""Orders that the venue held and knows no more, and orders of markets that nobody trades any more."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opensqt.domain.account import VenueSnapshot
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.recon_events import OrderContradicted
from opensqt.domain.trading_controls import Switch, TradingControls, thrown
from opensqt.domain.venue import (
    CancelOutcome,
    LookOutcome,
    NotFound,
    NotSent,
    OrderView,
    TradeView,
)
from opensqt.execution.events import VANISHED
from opensqt.simulation.engine.orders import Status
from tests.component.rig import PERP, SYMBOL, Rig
from tests.support.venue.faults import Fault
from tests.support.venue.incidents import list_instrument
from tests.support.venue.venue import FaultyVenue

DAYS_S = 4 * 86_400
ETH = "ETH/USDT:USDT"
BOUND_S = 30 + 4 + 10  # out of sight, the fence behind it, a sweep and two looks


class Forgetful(FaultyVenue):
    """A venue that answers as an adapter does for a symbol that is not listed, or that finds nothing by id."""

    gone: frozenset[str] = frozenset()
    blind_by_id = False

    async def open_orders(self, symbol: str) -> list[OrderView]:
        """Return all open orders of a symbol; raise `LookupError` where it is not listed."""
        self._find(symbol)
        return await super().open_orders(symbol)

    async def trades(self, symbol: str, *, after: str, since_ms: int) -> list[TradeView]:
        """Return our trades; raise `LookupError` where the symbol is not listed."""
        self._find(symbol)
        return await super().trades(symbol, after=after, since_ms=since_ms)

    async def look(self, symbol: str, client_order_id: str) -> LookOutcome:
        """Ask for one order by our id; nothing is sent for a symbol that is not listed."""
        if symbol in self.gone:
            return NotSent(cause=f"{symbol} is not listed")
        if self.blind_by_id:
            return NotFound(code="-2013", evidence=b"")
        return await super().look(symbol, client_order_id)

    async def cancel(
        self, symbol: str, client_order_id: str, *, urgent: bool = False
    ) -> CancelOutcome:
        """Cancel an order; nothing is sent for a symbol that is not listed."""
        if symbol in self.gone:
            return NotSent(cause=f"{symbol} is not listed")
        return await super().cancel(symbol, client_order_id, urgent=urgent)

    def _find(self, symbol: str) -> None:
        if symbol in self.gone:
            raise LookupError(f"symbol {symbol!r} is not traded here")


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a desk in memory that trades two perpetuals."""
    rig = Rig(tmp_path)
    list_instrument(rig.exchange, msgspec.structs.replace(PERP, symbol=ETH, venue_symbol="ETHUSDT"))
    rig.exchange.trade(ETH, Decimal(50_000))
    rig.venue = Forgetful(rig.exchange)
    return rig


def _alarms(rig: Rig) -> list[OrderContradicted]:
    return [fact for fact in rig.facts() if isinstance(fact, OrderContradicted)]


def _halted(rig: Rig) -> bool:
    switches = TradingControls()
    for fact in rig.facts():
        if isinstance(fact, Switch):
            switches = thrown(switches, fact)
    return switches.halt("binance", "main", (SYMBOL,)) is not None


async def _placed(rig: Rig, *numbers: int, **changes: Any) -> None:
    """Place orders, let them rest, and let the executor die over them."""
    async with rig.dying(rig.executor()):
        for number in numbers:
            await rig.approve(rig.place(number, **changes))
        await rig.clock.run_for(1)
        assert {rig.order_of(n).phase for n in numbers} == {OrderStatus.LIVE}


@pytest.mark.row("C06")
async def test_an_order_that_the_venue_forgot_ends_as_vanished_and_halts_its_symbol(
    rig: Rig,
) -> None:
    """Several ended out of sight and beyond the venue's memory: each stops counting within a bound, with an alarm."""
    await _placed(rig, 1, 2)
    rig.exchange.orders.clear()
    rig.clock.advance(DAYS_S)
    async with rig.running(rig.executor()) as executor:
        await rig.clock.run_for(20)
        assert rig.order_of(1).phase is OrderStatus.LIVE, "two misses are no proof"
        assert not _halted(rig)
        await rig.clock.run_for(BOUND_S - 20)
        for number in (1, 2):
            ended = rig.order_of(number).expired
            assert ended is not None
            assert ended.reason.startswith(VANISHED)
            assert ended.filled_quantity == 0
        assert executor.status()["orders_open"] == 0
        names = {rig.order_of(number).client_order_id for number in (1, 2)}
        assert {alarm.client_order_id for alarm in _alarms(rig)} == names
        assert _halted(rig)


@pytest.mark.row("C06")
async def test_what_our_trades_show_of_a_vanished_order_stays_booked(rig: Rig) -> None:
    """The end says as much as our trades do and not more; a fill that turns up later is a contradiction of its own."""
    async with rig.dying(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        rig.exchange.trade(SYMBOL, Decimal("49900.0"), Decimal("0.004"))
        await rig.clock.run_for(0.5)
    rig.exchange.orders.clear()
    rig.clock.advance(DAYS_S)
    async with rig.running(rig.executor()):
        await rig.clock.run_for(BOUND_S)
        order = rig.order_of()
        assert order.phase is OrderStatus.EXPIRED
        assert order.filled == Decimal("0.004")
        assert order.remaining == 0
        assert not order.contradicted


@pytest.mark.row("C06")
@pytest.mark.parametrize("blind", ["orders", "reads", "witness"])
async def test_a_venue_that_shows_nothing_for_a_while_proves_nothing(rig: Rig, blind: str) -> None:
    """Stale listings that recover, unanswered reads, a query that misses a known order: the order stays what it was."""
    await _placed(rig, 1, 2)
    kept = list(rig.exchange.orders)
    async with rig.running(rig.executor()):
        if blind == "orders":
            rig.exchange.orders.clear()
            await rig.clock.run_for(25)
            rig.exchange.orders.extend(kept)
        elif blind == "reads":
            del rig.exchange.orders[0]
            rig.venue.faults.set("read", *[Fault.LOST_REQUEST] * 2000)
        else:
            # By id nothing is found, also not the order that the listing of open ones shows.
            assert isinstance(rig.venue, Forgetful)
            rig.venue.blind_by_id = True
            del rig.exchange.orders[0]
        await rig.clock.run_for(2 * BOUND_S)
        assert rig.order_of(1).phase is OrderStatus.LIVE
        assert _alarms(rig) == []


async def test_an_order_that_comes_back_after_it_vanished_is_alarmed_and_taken_off(
    rig: Rig,
) -> None:
    """Nobody counts it any more, so it must not stay open; the symbol is halted again until a person looks."""
    await _placed(rig, 1)
    kept = list(rig.exchange.orders)
    rig.exchange.orders.clear()
    async with rig.running(rig.executor()):
        await rig.clock.run_for(BOUND_S)
        assert rig.order_of().phase is OrderStatus.EXPIRED
        rig.exchange.orders.extend(kept)
        await rig.clock.run_for(6)
        assert kept[0].status is Status.CANCELED
        assert [a.evidence for a in _alarms(rig)][1:] == ["vanished, yet open at the venue"]


@pytest.mark.row("E10")
async def test_living_orders_of_a_market_no_longer_configured_are_swept_and_killed(
    rig: Rig,
) -> None:
    """Their strategy is gone from the configuration: fills are found, snapshots show them, a kill takes them off."""
    await _placed(rig, 1, 2, symbol=ETH)
    rig.exchange.stream.break_off("cut by the test")
    rig.exchange.trade(ETH, Decimal("49900.0"), Decimal("0.010"))
    async with rig.running(rig.executor()) as executor:
        await rig.clock.run_for(1)
        assert sorted(rig.order_of(n).phase for n in (1, 2)) == [
            OrderStatus.FILLED,
            OrderStatus.LIVE,
        ]
        shown = [fact for fact in rig.facts() if isinstance(fact, VenueSnapshot)][-1]
        assert shown.symbols == (SYMBOL, ETH)
        await executor.kill.kill("desk", "drill", "alice")
        await rig.clock.run_for(5)
        assert {o.status for o in rig.exchange.orders} == {Status.FILLED, Status.CANCELED}


@pytest.mark.row("E10")
async def test_a_market_that_the_venue_does_not_list_blinds_nobody(rig: Rig) -> None:
    """A living order of a delisted symbol is reported; everything else is read, traded and killed as ever."""
    await _placed(rig, 1, symbol=ETH)
    assert isinstance(rig.venue, Forgetful)
    rig.venue.gone = frozenset({ETH})
    async with rig.running(rig.executor()) as executor:
        assert executor.ready
        await rig.approve(rig.place(2))
        await rig.clock.run_for(16)
        assert rig.order_of(2).phase is OrderStatus.LIVE
        shown = [fact for fact in rig.facts() if isinstance(fact, VenueSnapshot)][-1]
        assert shown.symbols == (SYMBOL,)
        await executor.kill.kill("desk", "drill", "alice")
        await rig.clock.run_for(5)
        assert rig.order_of(2).phase is OrderStatus.CANCELED
        assert rig.order_of(1).phase is OrderStatus.LIVE, "nobody can say what became of it"


@pytest.mark.row("C06")
async def test_blind_reads_prove_no_absence_while_an_order_is_known_to_live(rig: Rig) -> None:
    """For a while nothing is shown, not even what lives: an order in doubt stays in doubt, and is found afterwards."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1))
        await rig.clock.run_for(1)
        rig.exchange.stream.break_off("cut by the test")
        rig.venue.faults.set("place", Fault.LOST_ACK)
        rig.venue.faults.set("look", Fault.LOST_REQUEST)
        await rig.approve(rig.place(2, price=Decimal("49800.0")))
        await rig.clock.run_for(0.05)
        kept, rig.exchange.orders = rig.exchange.orders, []
        await rig.clock.run_for(20)
        assert rig.order_of(2).phase is OrderStatus.UNRESOLVED
        rig.exchange.orders.extend(kept)
        await rig.clock.run_for(10)
        assert {rig.order_of(n).phase for n in (1, 2)} == {OrderStatus.LIVE}
