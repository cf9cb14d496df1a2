"""Orders by hand before a gate on in-memory twins: judged from the journal, once, also by the gate that comes after."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.control import MANUAL_OWNER, OrderedByHand, hand_stream
from opensqt.domain.instruments import Side
from opensqt.domain.intent import Basis, CancelIntent, Purpose
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.subjects import subject_of
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.config.limits import limits_of
from tests.component.rig import SYMBOL
from tests.component.test_breakers import BreakerHouse
from tests.component.test_risk_service import CONFIG
from tests.unit.risk.breaker_board import filled

NOTHING_SEEN = Basis(generation=0, sequence=0)


class HandHouse(BreakerHouse):
    """A house whose journal holds what people wish."""

    async def wish(self, number: int, **changes: Any) -> OrderedByHand:
        """Record an order by hand, and let FEED tell it."""
        place = await self.place(
            number, **({"strategy": MANUAL_OWNER, "basis": NOTHING_SEEN} | changes)
        )
        return await self._recorded(
            OrderedByHand(place=place, request="{}", actor="eve", time_ms=place.created_ms)
        )

    async def cancel(self, number: int) -> OrderedByHand:
        """Record the wish to cancel an order, and let FEED tell it."""
        now_ms = self.clock.market_ms()
        cancel = CancelIntent(
            intent_id=f"cancel-{number}",
            strategy=MANUAL_OWNER,
            venue="binance",
            account="main",
            symbol=SYMBOL,
            target_intent_id=f"intent-{number}",
            created_ms=now_ms,
            valid_until_ms=now_ms + 2000,
            basis=NOTHING_SEEN,
            reason="test",
        )
        return await self._recorded(
            OrderedByHand(cancel=cancel, request="{}", actor="eve", time_ms=now_ms)
        )

    async def _recorded(self, wish: OrderedByHand) -> OrderedByHand:
        name = wish.intent.intent_id
        event = NewEvent(
            event_id=f"hand-{name}",
            stream=hand_stream(name),
            message=wish,
            subject=subject_of(wish),
            actor="gateway",
            occurred_at_ms=wish.time_ms,
        )
        self.store.append(Entry(events=(event,)))
        await self.passes()
        return wish

    def reasons(self) -> list[tuple[str, str]]:
        """Return the recorded refusals: intent and code."""
        return [(one.intent_id, one.reason) for one in self.refusals()]


@pytest.mark.row("G01", "G06")
async def test_an_order_by_hand_becomes_one_command_on_the_gates_own_basis() -> None:
    """It is approved like any other wish, with a proof, and said again no second command comes of it."""
    house = HandHouse()
    async with house.open():
        wish = await house.wish(1)
        await house.clock.run_for(1.5)
        await house.passes()
        (approval,) = house.commands()
        assert approval.place is not None
        assert approval.place.basis.sequence > 0
        assert (approval.intent_id, approval.place.strategy) == (wish.intent.intent_id, "manual")
        assert approval.proof is not None
        await house.cancel(1)
        (exit_,) = house.commands(Stream.EXITS)
        assert exit_.cancel is not None
        assert exit_.cancel.target_intent_id == wish.intent.intent_id
        assert house.reasons() == []


@pytest.mark.row("G06")
async def test_a_breaker_a_limit_and_a_false_close_refuse_it_by_name() -> None:
    """The verdict is recorded with its rule; what orders by hand hold can be closed while a breaker is open."""
    house = HandHouse()
    async with house.open():
        await house.wish(1, quantity=Decimal(10))
        await house.wish(2, side=Side.SELL, price=Decimal(50_010), purpose=Purpose.CLOSE)
        opening = {"action": "open", "scope": "desk", "reason": "news", "actor": "eve"}
        await house.context.actions["/breakers"](opening)
        await house.wish(3)
        assert house.reasons() == [
            ("intent-1", "order_notional"),
            ("intent-2", "not_reducing"),
            ("intent-3", "breaker_open"),
        ]
        assert house.commands() == []
        placed, fill = filled(9, Side.BUY, "50000", "0.010")
        ref = msgspec.structs.replace(placed.ref, strategy=MANUAL_OWNER)
        await house.happen(*(msgspec.structs.replace(one, ref=ref) for one in (placed, fill)))
        await house.market()
        await house.wish(4, side=Side.SELL, price=Decimal(50_010), purpose=Purpose.CLOSE)
        (exit_,) = house.commands(Stream.EXITS)
        assert exit_.intent_id == "intent-4"


@pytest.mark.row("G01")
async def test_a_gate_that_starts_judges_what_its_predecessor_owed() -> None:
    """A wish that was recorded while no gate lived is judged by the next one; what is late by then is refused."""
    house = HandHouse()
    await house.wish(1, valid_until_ms=house.clock.market_ms() + 60_000)
    await house.wish(2)
    await house.clock.run_for(5)
    async with house.open(warm=False):
        assert house.commands() == [], "nothing opens before its predecessor's words are over"
        await house.clock.run_for(2.1)
        await house.market()
        await house.passes()
        (approval,) = house.commands()
        assert approval.intent_id == "intent-1"
        assert house.reasons() == [("intent-2", "expired")]


@pytest.mark.row("G01")
async def test_an_approval_that_nobody_recorded_ends_as_late() -> None:
    """The executor is away for longer than the wish is valid: the journal gets its end all the same."""
    house = HandHouse()
    async with house.open():
        await house.wish(1)
        assert len(house.commands()) == 1
        assert house.reasons() == []
        await house.clock.run_for(4.5)
        await house.passes()
        assert house.reasons() == [("intent-1", "expired")]


@pytest.mark.row("G01")
async def test_nobody_orders_by_hand_for_a_strategy() -> None:
    """What names another owner is no order by hand, whoever recorded it."""
    house = HandHouse()
    async with house.open():
        await house.wish(1, strategy="grid-perp")
        assert house.commands() == []
        assert house.reasons() == []


def test_orders_by_hand_are_levered_no_more_than_their_account() -> None:
    """No configuration names their owner: the account says how often perpetuals may be worth its equity."""
    account = CONFIG.accounts["main"]
    found = limits_of(CONFIG, Decimal(1), MANUAL_OWNER, SYMBOL, "main")
    assert found.leverage_max == min(account.leverage, CONFIG.risk.leverage_max)
    assert found.inventory_notional_quote_max is None
