"""What the reconciler's statements follow from: the row that moved a holding last, whatever was read since."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.account import FundingPaid, PositionStated
from opensqt.domain.messages import Event
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.strategy_events import PositionAdopted, StrategyStarted
from tests.ledgers import ACCOUNT, PERP, VENUE, fill, opened, ref_of
from tests.reconciling import Desk

STARTED = StrategyStarted(
    strategy="other", run=1, config_hash="", code_version="", state_fingerprint="", time_ms=9
)
PLACE: dict[str, Any] = {"venue": VENUE, "account": ACCOUNT, "symbol": PERP}
FUNDED = FundingPaid(
    **PLACE,
    income_id="i1",
    asset="USDT",
    amount=Decimal(1),
    time_ms=9,
)
ADOPTED = PositionAdopted(
    **PLACE, strategy="grid", quantity=Decimal(1), entry_price=Decimal(100), time_ms=9
)
ADJUSTED = Adjustment(
    **PLACE,
    strategy="grid",
    quantity=Decimal(1),
    evidence_hash="",
    detail="",
    time_ms=9,
    takes_back="",
)


@pytest.mark.row("A03")
@pytest.mark.parametrize("moved", [fill(ref_of(1), "t2", "1"), FUNDED, ADOPTED, ADJUSTED])
def test_what_a_strategy_holds_follows_from_the_row_that_moved_it_last(moved: Event) -> None:
    """Rows of others come between and move nothing of it."""
    desk = Desk()
    desk.write(*opened(ref_of(1), quantity="2"), fill(ref_of(1), "t1", "1"), STARTED)
    _state(desk)
    desk.write(moved, event_id="the mover")
    desk.write(STARTED, event_id="read last")
    assert _state(desk) == {"grid": "the mover"}


@pytest.mark.row("A03")
def test_a_trade_whose_owner_is_found_later_moves_his_holding_then() -> None:
    """What showed whose it was is the cause, not the trade that nobody owned."""
    desk = Desk()
    ref = ref_of(1)
    placed, *rest = opened(ref, quantity="2")
    unnamed = msgspec.structs.replace(ref, strategy="", client_order_id="")
    nobodys = fill(unnamed, "t1", "1", venue_order_id="v" + ref.intent_id)
    desk.write(nobodys, event_id="the trade")
    desk.write(placed, *rest[:-1])
    desk.write(rest[-1], event_id="the acceptance")
    desk.write(STARTED, event_id="read last")
    assert _state(desk) == {"grid": "the acceptance"}


def _state(desk: Desk) -> dict[str, str]:
    """Let the judge say what strategies hold, and return of each event its strategy and cause."""
    desk.judge.state_positions(desk.books, desk.now_ms)
    said = [event for group in desk.judge.take_outbox() for event in group]
    return {
        event.message.strategy: event.causation_id
        for event in said
        if isinstance(event.message, PositionStated)
    }
