"""What an executor keeps, counts and forgets: bounded over days, and never in the way of an exit."""

import asyncio
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.account import Deposit
from opensqt.domain.instruments import Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Expired
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.venue import AccountView, OrderRequest
from opensqt.execution import events as facts
from opensqt.execution.caps import Caps
from opensqt.execution.events import EventSource
from opensqt.execution.state import SETTLED_MAX, ExecutionState
from opensqt.runtime.config.schema import PaperRules
from opensqt.runtime.journal.port import JournalDown
from opensqt.venues.policy import policy_of
from tests.component.rig import BIG, SYMBOL, Rig
from tests.support.venue.faults import Fault
from tests.support.venue.incidents import deposit
from tests.support.venue.venue import FaultyVenue

AUTHOR = EventSource(actor="executor", venue="binance", account="main", generation="g1")


def _foreign(rig: Rig, number: int, **changes: Any) -> OrderRequest:
    """Return the order of a person who trades on the same account by hand."""
    now_ms = rig.clock.market_ms()
    place = rig.place(number)
    values: dict[str, Any] = {
        "client_order_id": f"web-{number}",
        "symbol": SYMBOL,
        "side": place.side,
        "type": place.type,
        "time_in_force": place.time_in_force,
        "price": place.price,
        "quantity": place.quantity,
        "reduce_only": False,
        "signed_ms": now_ms,
        "deadline_ms": now_ms + 2000,
    }
    return OrderRequest(**(values | changes))


async def test_orders_of_others_take_no_room(rig: Rig) -> None:
    """Fills of orders that are not ours are booked; they are no living orders of ours and fill no cap."""
    rig.caps = Caps(orders_max=2, order_notional_max=BIG, notional_max=BIG)
    async with rig.running(rig.executor()) as executor:
        for number in range(1, 6):
            rig.exchange.take(_foreign(rig, number))
        rig.exchange.trade(SYMBOL, Decimal("49900.0"))
        rig.exchange.trade(SYMBOL, Decimal("50000.0"))
        await rig.clock.run_for(1)
        assert executor.status()["orders_open"] == 0
        await rig.approve(rig.place(9))
        await rig.clock.run_for(1)
        assert rig.order_of(9).phase is OrderStatus.LIVE


async def test_the_cap_never_refuses_an_exit(rig: Rig) -> None:
    """With the cap on orders full, an order that only takes off what is held is still sent."""
    rig.caps = Caps(orders_max=2, order_notional_max=BIG, notional_max=BIG)
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1))
        await rig.clock.run_for(0.2)
        rig.exchange.trade(SYMBOL, Decimal("49900.0"))
        rig.exchange.trade(SYMBOL, Decimal("50000.0"))
        await rig.clock.run_for(1)
        for number in (2, 3, 4):
            await rig.approve(rig.place(number))
        await rig.clock.run_for(0.2)
        await rig.approve(rig.place(5, side=Side.SELL, price=Decimal("50100.0")), is_exit=True)
        await rig.clock.run_for(0.5)
        assert rig.order_of(4).phase is OrderStatus.EXPIRED
        assert rig.order_of(5).phase is OrderStatus.LIVE


async def test_the_cap_never_refuses_what_the_venue_lets_only_reduce(rig: Rig) -> None:
    """Others of its side wait already for all that is held: with the reduce-only flag it is an exit all the same."""
    rig.caps = Caps(orders_max=2, order_notional_max=BIG, notional_max=BIG)
    async with rig.running(rig.executor()):
        await rig.approve(
            rig.place(1, price=Decimal("50100.0"), time_in_force=TimeInForce.IOC), is_exit=True
        )
        await rig.clock.run_for(0.5)
        for number in (2, 3, 4):
            await rig.approve(rig.place(number, side=Side.SELL, price=Decimal("51000.0")))
        await rig.clock.run_for(0.5)
        taking = {"price": Decimal("49900.0"), "time_in_force": TimeInForce.IOC}
        await rig.approve(rig.place(5, side=Side.SELL, **taking), is_exit=True, reduce_only=True)
        await rig.clock.run_for(0.5)
        assert rig.order_of(4).phase is OrderStatus.EXPIRED
        assert rig.order_of(5).phase is OrderStatus.FILLED


async def test_exits_that_together_take_more_than_is_held_are_openings(rig: Rig) -> None:
    """Each of many sells fits the position; the cap counts what they make together."""
    rig.caps = Caps(orders_max=50, order_notional_max=BIG, notional_max=Decimal(1100))
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1))
        await rig.clock.run_for(0.2)
        rig.exchange.trade(SYMBOL, Decimal("49900.0"))
        rig.exchange.trade(SYMBOL, Decimal("50000.0"))
        await rig.clock.run_for(1)
        for number in range(2, 7):
            await rig.approve(rig.place(number, side=Side.SELL, price=Decimal("50100.0")))
        await rig.clock.run_for(1)
        live = [n for n in range(2, 7) if rig.order_of(n).phase is OrderStatus.LIVE]
        assert len(live) == 3, "one exit, and two that open no more than 1100 USDT"


async def test_a_market_opening_is_capped_as_well(rig: Rig) -> None:
    """A market order has no price of its own; the newest fill's is taken, and without any it is refused."""
    rig.caps = Caps(orders_max=50, order_notional_max=BIG, notional_max=Decimal(1100))
    changes: dict[str, Any] = {"type": OrderType.MARKET, "price": Decimal(0)}
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1, **changes))
        await rig.clock.run_for(0.5)
        assert rig.venue.sent == []
        await rig.approve(rig.place(2))
        await rig.clock.run_for(0.2)
        rig.exchange.trade(SYMBOL, Decimal("49900.0"))
        await rig.clock.run_for(0.5)
        await rig.approve(rig.place(3, quantity=Decimal("0.020"), **changes))
        await rig.clock.run_for(0.5)
        assert len(rig.venue.sent) == 1


async def test_a_doubt_of_a_symbol_no_longer_configured_is_settled(rig: Rig) -> None:
    """An order whose strategy was taken out of the configuration is still looked for, and nobody dies of it."""
    async with rig.dying(rig.executor()):
        rig.venue.faults.set("place", Fault.LOST_ACK)
        rig.venue.faults.set("look", Fault.LOST_REQUEST)
        await rig.approve(rig.place())
        await rig.clock.run_for(0.05)
    rig.exchange.stream.break_off("cut by the test")
    rig.symbols = ()
    async with rig.running(rig.executor()):
        await rig.clock.run_for(5)
        assert rig.order_of().phase is OrderStatus.LIVE
        rig.exchange.trade(SYMBOL, Decimal("49900.0"))
        await rig.clock.run_for(12)
        assert rig.order_of().phase is OrderStatus.FILLED


async def test_an_old_order_that_the_venue_forgot_is_no_witness(rig: Rig) -> None:
    """Absence is proved although the newest known order is days old and gone from the venue's memory."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1))
        await rig.clock.run_for(0.2)
        await rig.approve(rig.cancel(1))
        await rig.clock.run_for(1)
    rig.exchange.orders.clear()
    rig.clock.advance(4 * 86_400)
    async with rig.running(rig.executor()):
        rig.venue.faults.set("place", Fault.LOST_REQUEST)
        await rig.approve(rig.place(2))
        await rig.clock.run_for(12)
        assert rig.order_of(2).phase is OrderStatus.NEVER_PLACED


@pytest.mark.row("C04")
@pytest.mark.parametrize("rules", list(PaperRules))
async def test_an_ended_order_vouches_for_the_reads_too(rig: Rig, rules: PaperRules) -> None:
    """Reads that are answered and show nothing prove no absence, where the only order known before has ended, too."""
    rig.venue = FaultyVenue(rig.exchange, policy_of("binance", rules=rules))
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1))
        await rig.clock.run_for(0.2)
        await rig.approve(rig.cancel(1))
        await rig.clock.run_for(1)
        rig.exchange.stream.break_off("cut by the test")
        blind_ms = rig.clock.wall_ms() + 15_000
        rig.exchange.seen_ms[rig.exchange.orders[0].client_order_id] = blind_ms
        rig.exchange.visibility_lag_ms = 15_000
        rig.venue.faults.set("place", Fault.LOST_ACK)
        await rig.approve(rig.place(2))
        await rig.clock.run_for(12)
        assert rig.order_of(2).phase is OrderStatus.UNRESOLVED
        await rig.clock.run_for(12)
        assert rig.order_of(2).phase is OrderStatus.LIVE


async def test_opening_balances_are_recorded_together(rig: Rig) -> None:
    """A death between two opening balances must not make the first one pass for all of them."""
    deposit(rig.exchange, "BNB", Decimal(3))
    seen: list[Entry] = []

    def second_fails(entry: Entry) -> None:
        if any(isinstance(event.message, Deposit) for event in entry.events):
            seen.append(entry)
            if len(seen) > 1:
                raise JournalDown("between two deposits (fault)")

    executor = rig.executor()
    rig.journals[-1].before_append = second_fails
    task = asyncio.create_task(executor.run(asyncio.Event()))
    await rig.clock.run_for(1)
    await rig.crash(executor, task)
    async with rig.running(rig.executor()):
        assets = {fact.asset for fact in rig.facts() if isinstance(fact, Deposit)}
    assert assets == {"USDT", "BNB"}


class OneMarket:
    """The venue as an account sees it that trades one market only: the wallets of others are not asked for."""

    def __init__(self, venue: Any, wallet: str) -> None:
        self._venue = venue
        self._wallet = wallet

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    async def account(self) -> AccountView:
        """Return what this wallet holds."""
        view: AccountView = await self._venue.account()
        balances = tuple(one for one in view.balances if one.wallet == self._wallet)
        return msgspec.structs.replace(view, balances=balances)


@pytest.mark.row("J09")
async def test_a_wallet_that_is_used_later_opens_with_what_it_holds_then(rig: Rig) -> None:
    """An account that traded spot alone begins with perpetuals: both wallets have opening balances, each once."""
    whole = await rig.venue.account()
    rig.wire = lambda port: OneMarket(port, "spot") if port is rig.venue else port
    async with rig.running(rig.executor()):
        await rig.clock.run_for(1)
    rig.wire = lambda port: port
    for _ in range(2):
        async with rig.running(rig.executor()):
            await rig.clock.run_for(1)
    opened = [
        (one.wallet, one.asset, one.amount) for one in rig.facts() if isinstance(one, Deposit)
    ]
    held = [(one.wallet, one.asset, one.total) for one in whole.balances if one.total]
    assert {wallet for wallet, _, _ in held} == {"spot", "perp"}
    assert sorted(opened) == sorted(held)


def test_the_books_forget_what_ended_long_ago(rig: Rig) -> None:
    """Tens of thousands of ended orders leave bounded books behind; the living one stays, however old."""
    state = ExecutionState("main")
    for event in _events(rig, 0)[:2]:
        state.fold(event)
    for number in range(1, SETTLED_MAX + 500):
        for event in _events(rig, number):
            state.fold(event)
    assert len(state.orders) == SETTLED_MAX + 1
    assert len(state.index._attempts) == SETTLED_MAX + 1
    assert [order.placed.slot for order in state.living() if order.placed] == ["b0"]


def _events(rig: Rig, number: int) -> list[Event]:
    intent = rig.place(number)
    ref = facts.ref_of(AUTHOR, intent, 1)
    now_ms = intent.created_ms
    events: list[NewEvent] = [
        facts.placed(AUTHOR, intent, ref, reduce_only=False, now_ms=now_ms),
        facts.submitting(AUTHOR, ref, epoch=1, deadline_ms=now_ms, now_ms=now_ms),
        facts.expired(AUTHOR, ref, "over", now_ms),
    ]
    messages = [event.message for event in events]
    assert isinstance(messages[-1], Expired)
    return messages
