"""The cleaner of a running gate: what is too much goes the way of every cancel, with its reason, and only once."""

from typing import Any

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import CancelIntent, Purpose
from opensqt.domain.journal import NewEvent
from opensqt.domain.order_events import Accepted, OrderEvent
from opensqt.domain.subjects import subject_of
from opensqt.runtime.bus.port import Stream
from tests.component.test_risk_service import House
from tests.journals import entry
from tests.support.fakes.journal import MemoryJournal
from tests.unit.risk.risk_books import fill, live, ref

pytestmark = pytest.mark.row("E15")


def _now(house: House, event: OrderEvent) -> OrderEvent:
    return msgspec.structs.replace(event, time_ms=house.clock.market_ms())


async def _record(house: House, *events: OrderEvent) -> None:
    facts = [
        NewEvent(
            event_id=f"{type(event).__name__}-{event.ref.client_order_id}",
            stream=f"order/{event.ref.client_order_id}",
            message=_now(house, event),
            subject=subject_of(event),
            actor="executor",
            occurred_at_ms=house.clock.market_ms(),
        )
        for event in events
    ]
    for fact in facts:
        await MemoryJournal(house.store).append(entry(fact))


async def _resting(house: House, name: str, side: Side, price: int, **changes: Any) -> None:
    """Record an order that the venue holds, before the gate begins."""
    placed = live(name, side, str(price), **changes)
    held = Accepted(ref=ref(name), venue_order_id=name, evidence_hash="", time_ms=0)
    await _record(house, placed, held)


def _cancels(house: House) -> list[CancelIntent]:
    approved = [*house.commands(Stream.COMMANDS), *house.commands(Stream.EXITS)]
    return [one.cancel for one in approved if one.cancel is not None and one.proof is not None]


async def _limit(house: House, field: str, value: str) -> None:
    words = {"field": field, "value": value, "reason": "test", "actor": "alice"}
    assert "why" not in await house.context.actions["/limits"](words)


async def test_what_is_beyond_a_lowered_limit_is_cancelled_with_its_reason() -> None:
    """Five buys and a sell where four are allowed: the two lowest buys, by proved cancels, each wished once."""
    house = House()
    for price in range(49_000, 49_500, 100):
        await _resting(house, f"b{price}", Side.BUY, price)
    await _resting(house, "s", Side.SELL, 50_500)
    async with house.open():
        await house.clock.run_for(3)
        assert _cancels(house) == []
        await _limit(house, "open_orders_max", "4")
        await house.clock.run_for(5)
        cancels = _cancels(house)
        assert [one.target_intent_id for one in cancels] == ["intent-b49000", "intent-b49100"]
        assert {one.reason for one in cancels} == {"cleaned: 6 open, allowed 4"}
        assert {one.strategy for one in cancels} == {"grid-perp"}
        await house.clock.run_for(12)
        again = _cancels(house)
        assert len(again) == 4, "nothing came of them: they are wished again, under other ids"
        assert len({one.intent_id for one in again}) == 4


async def test_old_openings_go_and_what_has_begun_or_closes_stays() -> None:
    """Of three orders of one age only the untouched opening is too old."""
    house = House()
    await _resting(house, "old", Side.BUY, 49_000)
    await _resting(house, "begun", Side.BUY, 49_100)
    await _record(house, fill("begun", Side.BUY, "0.001"))
    await _resting(house, "close", Side.SELL, 50_500, purpose=Purpose.CLOSE)
    async with house.open():
        await _limit(house, "order_age_ms_max", "60000")
        await house.clock.run_for(50)
        assert _cancels(house) == []
        await house.clock.run_for(12)
        assert [one.target_intent_id for one in _cancels(house)][:1] == ["intent-old"]
        assert {one.target_intent_id for one in _cancels(house)} == {"intent-old"}
