"""The gate says one thing about an intent, whatever is said under its id, and never stands in the way of a cancel."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import Basis
from opensqt.domain.verdict import IntentConflict
from opensqt.risk.state import SETTLED_KEPT_MS, RiskState
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.journal.reading import decode_row
from tests.component.test_risk_service import House
from tests.unit.risk import risk_books as gate_books


@pytest.mark.row("J10")
async def test_a_conflict_is_recorded_and_takes_nothing_back() -> None:
    """Other content under an approved id is refused, alarmed and recorded once; the first verdict stays as it is."""
    house = House()
    async with house.open() as gate:
        intent = await house.place()
        await house.say(intent)
        other = msgspec.structs.replace(intent, quantity=Decimal("0.011"))
        await house.say(other)
        await house.say(msgspec.structs.replace(other, basis=Basis(generation=0, sequence=1)))
        await house.say(intent)
        assert [approval.place for approval in house.commands()] == [intent]
        assert house.refusals() == [], "version 1 is left to the verdict that was given"
        assert gate.status()["judged"] == {"approved": 1, "refused": 0, "conflicts": 2}
        counted = house.context.metrics.intent_conflicts.labels("grid-perp")
        assert counted._value.get() == 2
    ((stream, conflict),) = [
        (row.stream, fact)
        for row in house.store.rows
        if isinstance(fact := decode_row(row), IntentConflict)
    ]
    assert stream == "conflict/intent-1", "a stream of its own: intent/<id> holds one verdict"
    assert conflict.place == other
    assert "quantity 0.010 -> 0.011" in conflict.detail


@pytest.mark.row("J10")
async def test_a_cancel_needs_no_basis() -> None:
    """A gate that has not seen as much as the strategy still approves its cancel."""
    house = House()
    async with house.open():
        place = await house.place()
        ahead = Basis(generation=0, sequence=10_000)
        times = {"created_ms": place.created_ms, "valid_until_ms": place.valid_until_ms}
        await house.say(gate_books.cancel(basis=ahead, **times), wait_s=0.05)
        (approval,) = house.commands(Stream.EXITS)
        assert approval.cancel is not None


def test_fills_of_strangers_are_forgotten_in_time() -> None:
    """Orders that are not ours leave their position behind and nothing else."""
    state = RiskState()
    fill = gate_books.fill("web-1", Side.BUY, "0.010", strategy="")
    state.fold(fill)
    state.forget(fill.time_ms + SETTLED_KEPT_MS + 1)
    assert state.index.orders == {}
    assert state.index.positions.net(("main", gate_books.SYMBOL)) == Decimal("0.010")


def test_exposure_and_memory_follow_the_life_of_every_order() -> None:
    """Whatever has ended costs the gate nothing: not in the exposure, and after its time not in memory."""
    state = gate_books.state()
    for number in range(20):
        name = f"q{number}"
        state.fold(gate_books.live(name, Side.BUY, "49900"))
        if number >= 5:
            # Whatever is told again changes nothing.
            state.fold(gate_books.fill(name, Side.BUY, "0.010"))
            state.fold(gate_books.live(name, Side.BUY, "49900"))
    exposure = state.exposure(gate_books.intent())
    assert (exposure.orders_open, exposure.buys_open) == (5, Decimal("0.050"))
    state.forget(gate_books.NOW_MS + SETTLED_KEPT_MS)
    assert len(state.index.orders) == 20
    state.forget(gate_books.NOW_MS + SETTLED_KEPT_MS + 1)
    assert sorted(state.index.orders) == [f"q{number}" for number in range(5)]
    assert state.exposure(gate_books.intent()).orders_open == 5
