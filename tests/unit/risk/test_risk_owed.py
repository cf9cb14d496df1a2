"""What ended orders may have filled unseen counts in the gate until it is shown or set right."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.order_events import Canceled
from opensqt.domain.recon_events import Adjustment, reversed_by
from opensqt.domain.verdict import RiskRefused
from opensqt.risk.verdict import Judgement, judge
from tests.unit.risk.risk_books import (
    LIMITS,
    NOW_MS,
    SEAT,
    SYMBOL,
    fill,
    intent,
    live,
    ref,
    state,
)


@pytest.mark.row("E09")
def test_what_an_ended_order_filled_unseen_counts_until_its_trades_are_shown_or_set_right() -> None:
    """The venue ended it with more filled than its trades have shown: that much may be held already."""
    end = Canceled(
        ref=ref("a"),
        venue_order_id="1",
        filled_quantity=Decimal("0.099"),
        reason="canceled",
        evidence_hash="",
        time_ms=NOW_MS,
    )
    books = state(live("a", Side.BUY, "49900", "0.099"), end)
    assert _refusal(judge(books, intent(), LIMITS, SEAT, NOW_MS)) == "position_notional"
    shown = state(live("a", Side.BUY, "49900", "0.099"), end, fill("a", Side.BUY, "0.099"))
    assert shown.exposure(intent()).buys_open == 0
    made = Adjustment(
        venue="binance",
        account="main",
        symbol=SYMBOL,
        strategy="grid-perp",
        quantity=Decimal(0),
        evidence_hash="",
        detail="",
        time_ms=NOW_MS,
    )
    earlier = msgspec.structs.replace(made, time_ms=end.time_ms - 1)
    # One of a window before the end sets nothing right of it; nor does one that only takes another back.
    for message, buys in (
        (earlier, Decimal("0.099")),
        (made, Decimal(0)),
        (reversed_by(made, "an event", "7"), Decimal("0.099")),
    ):
        books.fold(message)
        assert books.exposure(intent()).buys_open == buys
    first = state(made, live("a", Side.BUY, "49900", "0.099"), end)
    assert first.exposure(intent()).buys_open == 0


def _refusal(judgement: Judgement) -> str:
    assert isinstance(judgement.verdict, RiskRefused)
    return judgement.verdict.reason
