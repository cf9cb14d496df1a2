"""A grid against chance: whatever market, venue and restarts do, slots hold what was traded; none is forgotten."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opensqt.domain.intent import PlaceIntent, Purpose
from opensqt.strategies.grid import slots
from opensqt.strategies.grid.ladder_settings import GridMode
from opensqt.strategies.grid.state import GridState
from tests.simulation.grid_rig import long_of, rig_of, setup_of, unstarted
from tests.simulation.strategy_facts import SPOT, candle_of, d, rules_of, tick_of
from tests.simulation.strategy_rig import Rig, restarted

KINDS = ("tick", "accept", "part", "fill", "cancel", "reject", "candle", "wait", "restart")
MOVES = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 40)), max_size=60)
ADAPTIVE = {"step_atr_scale": Decimal(1), "candles": 2, "regime_filter": True}


class Market:
    """Moves of a market and answers of a venue, by number."""

    def __init__(self, rig: Rig[GridState]) -> None:
        self.rig = rig
        self.price = d("45000")
        self.minute = 0
        self.run = 1

    def move(self, kind: str, number: int) -> None:
        """Let one thing happen, where it can."""
        steps: dict[str, Callable[[int], None]] = {
            "tick": self._tick,
            "part": self._part,
            "fill": self._fill,
            "cancel": self._cancel,
            "candle": self._candle,
            "restart": self._restart,
        }
        if kind in steps:
            steps[kind](number)
        elif kind == "wait":
            self.rig.wait(100 * (1 + number))
        elif kind == "accept":
            self.rig.accept_all()
        elif places := self.rig.places():
            self.rig.feed(self.rig.rejected(self.rig.submit(places[number % len(places)])))

    def settle(self) -> None:
        """Let everything be answered and enough time pass for each slot to try again."""
        for _ in range(6):
            self.rig.wait(20_000, step_ms=2_000)
            self.rig.tick(self.rig.state.symbol, self.price)
            self.rig.accept_all()

    def _tick(self, number: int) -> None:
        self.price += (number - 20) * d("1.3")
        self.rig.tick(self.rig.state.symbol, self.price)

    def _living(self, number: int) -> str:
        live = self.rig.live()
        return live[number % len(live)].ref.client_order_id if live else ""

    def _part(self, number: int) -> None:
        if cid := self._living(number):
            self.rig.fill(cid, min(d("0.003"), self.rig.orders[cid].remaining))

    def _fill(self, number: int) -> None:
        if cid := self._living(number):
            self.rig.fill(cid)

    def _cancel(self, number: int) -> None:
        if cid := self._living(number):
            self.rig.feed(self.rig.canceled(cid))

    def _candle(self, number: int) -> None:
        self.minute += 1
        high = str(self.price + number * 3)
        at = candle_of(self.minute, close=str(self.price), high=high, symbol=self.rig.state.symbol)
        self.rig.feed(at)

    def _restart(self, number: int) -> None:
        del number
        self.run += 1
        rig, symbol = self.rig, self.rig.state.symbol
        again = unstarted(rig.state.setup)
        now = tick_of(symbol, self.price, rig.now_ms)
        restarted(rig, again, "grid", self.run, (rules_of(symbol), now))
        self.rig = again


def orphans(rig: Rig[GridState]) -> list[Any]:
    """Return the slots that hold something, have no living order and no named reason for that."""
    named = {gap.slot for gap in rig.last.gaps}
    busy = {placed.slot for placed in rig.live()} | {
        intent.slot for intent in rig.waiting.values() if isinstance(intent, PlaceIntent)
    }
    return [
        slot
        for level, slot in rig.state.books.slots.items()
        if slot.position.quantity != 0 and f"g{level}" not in named | busy
    ]


@pytest.mark.row("I24", "B14")
@pytest.mark.parametrize("setup", [setup_of, long_of], ids=("neutral", "spot"))
@given(moves=MOVES)
@settings(max_examples=120, deadline=None)
def test_slots_hold_what_was_traded_and_none_is_forgotten(setup: Any, moves: list[Any]) -> None:
    """Under any interval slots add up to the signed trades, and what is held is for sale, or named."""
    market = Market(rig_of(setup(**ADAPTIVE)))
    for kind, number in moves:
        market.move(kind, number)
        assert slots.quantity(market.rig.state.books) == market.rig.signed_fills()
    market.settle()
    assert slots.quantity(market.rig.state.books) == market.rig.signed_fills()
    assert orphans(market.rig) == []


@pytest.mark.row("B14")
@given(moves=MOVES)
@settings(max_examples=60, deadline=None)
def test_after_all_is_calm_a_grid_has_the_orders_that_it_wants(moves: list[Any]) -> None:
    """Live orders are the target set: each level of the window has its order, or a slot says why it has none."""
    market = Market(rig_of(setup_of(**ADAPTIVE, mode=GridMode.NEUTRAL)))
    for kind, number in moves:
        market.move(kind, number)
    market.settle()
    rig, ladder = market.rig, market.rig.state.ladder
    assert ladder is not None
    assert rig.state.symbol != SPOT
    mid = rig.state.mid_price()
    window = {*ladder.below(mid, 2), *ladder.above(mid, 2)}
    there = {placed.slot for placed in rig.live()} | {gap.slot for gap in rig.last.gaps}
    held = {f"g{at}" for at, one in rig.state.books.slots.items() if one.position.quantity != 0}
    assert {f"g{level}" for level in window} <= there | held
    for placed in rig.live():
        if placed.purpose is Purpose.OPEN:
            assert int(placed.slot[1:]) % ladder.stride == 0
