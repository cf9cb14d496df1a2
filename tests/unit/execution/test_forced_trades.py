"""What each owner gets of a trade that the venue made by itself."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.instruments import Side
from opensqt.domain.order_events import Fill, Liquidity, whole_trade
from opensqt.domain.recon_events import Liquidated
from opensqt.domain.venue import EndReason, TradeView
from opensqt.execution.events import EventSource
from opensqt.execution.forced_trades import after_forced_trade
from opensqt.execution.state import ExecutionState

SYMBOL = "BTC/USDT:USDT"
AUTHOR = EventSource(actor="executor", generation="g1", venue="binance", account="main")
STEPS = st.integers(-10_000, 10_000).map(lambda steps: Decimal(steps).scaleb(-3))
GAINS = st.integers(-(10**9), 10**9).map(lambda units: Decimal(units).scaleb(-8))


@pytest.mark.row("J19")
@given(
    held=st.dictionaries(st.sampled_from(["", "carry", "grid", "other"]), STEPS),
    quantity=st.integers(1, 50_000).map(lambda steps: Decimal(steps).scaleb(-3)),
    fee=GAINS,
    gain=GAINS,
)
def test_the_parts_of_a_trade_make_the_whole_to_the_last_digit(
    held: dict[str, Decimal], quantity: Decimal, fee: Decimal, gain: Decimal
) -> None:
    """Quantity, fee and profit; the first part has the id of the trade, so that it counts as booked."""
    state = ExecutionState("main")
    for owner, amount in held.items():
        state.index.positions.move(owner, ("main", SYMBOL), amount)
    long = sum(held.values()) >= 0
    trade = TradeView(
        symbol=SYMBOL,
        trade_id="77",
        venue_order_id="5",
        client_order_id="autoclose-1",
        side=Side.SELL if long else Side.BUY,
        price=Decimal(50_000),
        quantity=quantity,
        fee=fee,
        fee_asset="USDT",
        liquidity=Liquidity.TAKER,
        realized_pnl=gain,
        time_ms=1,
        evidence=b"",
        forced=EndReason.LIQUIDATED,
    )
    messages = [event.message for event in after_forced_trade(state, AUTHOR, trade, "").events]
    parts = [one for one in messages if isinstance(one, Fill)]
    assert sum(one.side.sign * one.quantity for one in parts) == trade.side.sign * quantity
    assert sum(one.fee for one in parts) == fee
    assert sum(one.realized_pnl for one in parts) == gain
    assert parts[0].trade_id == "77"
    assert {whole_trade(one.trade_id) for one in parts} == {"77"}
    assert len({one.trade_id for one in parts}) == len(parts)
    assert all(one.quantity > 0 for one in parts)
    assert isinstance(messages[-1], Liquidated)
    for part in parts:
        state.fold(part)
        assert state.knows_trade(SYMBOL, part.trade_id)
    assert state.net(SYMBOL) == sum(held.values()) + trade.side.sign * quantity
