"""What ended orders may have filled unseen, and what adjustments set right of it, in the executor's books."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.order_events import Canceled
from opensqt.domain.recon_events import reversed_by
from opensqt.execution.state import ExecutionState
from tests.component.test_executor_corrections import _adjustment
from tests.unit.domain.test_order_state import ACCEPTED, PLACED, SUBMITTING, canceled, filled


@pytest.mark.row("E09", "E13")
def test_what_an_ended_order_filled_unseen_counts_until_it_was_set_right() -> None:
    """An adjustment set the position right without its trades; one that takes another back sets nothing right."""
    for reverses, queued in ((False, Decimal(0)), (True, PLACED.quantity)):
        state = ExecutionState("main")
        end: Canceled = canceled(str(PLACED.quantity))
        for fact in (PLACED, SUBMITTING, ACCEPTED, end):
            state.fold(fact)
        made = _adjustment("0.010", symbol=PLACED.ref.symbol)
        state.fold(reversed_by(made, "an event", "7") if reverses else made)
        assert state.queued(PLACED.ref.symbol, PLACED.side) == queued


@pytest.mark.row("E09", "E13")
def test_an_adjustment_sets_right_the_same_orders_whenever_it_is_heard() -> None:
    """A running executor hears it after rows of its own that stand behind it; a successor reads the journal's order."""
    end: Canceled = canceled(str(PLACED.quantity))
    story = (PLACED, SUBMITTING, ACCEPTED, end)
    for made_ms, owed in ((end.time_ms - 1, PLACED.quantity), (end.time_ms, Decimal(0))):
        made = _adjustment("0.010", symbol=PLACED.ref.symbol, time_ms=made_ms)
        for facts in ((made, *story), (*story, made)):
            state = ExecutionState("main")
            for fact in facts:
                state.fold(fact)
            assert state.queued(PLACED.ref.symbol, PLACED.side) == owed, facts


@pytest.mark.row("K06", "B22")
def test_what_a_strategy_holds_is_what_its_fills_brought() -> None:
    """A fee that was taken out of what was bought is not held, also in the count by strategy."""
    spot = "BTC/USDT"
    ref = msgspec.structs.replace(PLACED.ref, symbol=spot)
    fee = Decimal("0.001")
    state = ExecutionState("main")
    state.fold(msgspec.structs.replace(PLACED, ref=ref))
    state.fold(msgspec.structs.replace(filled("1", "0.010"), ref=ref, fee=fee, fee_asset="BTC"))
    assert state.net(spot) == Decimal("0.010") - fee
    assert state.own(ref.strategy, spot) == Decimal("0.010") - fee
